"""The contract of scrubbing a column: what goes in, what comes out, what is never told."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest

from cdm.errors import BadInput
from deid.text import TextSettings
from deid.text.scrub import scrub
from tests.deid.text.tools import told

SHIFT = TextSettings(dates="shift")


def shifted(*rows: tuple[str, int | None]) -> list[str]:
    notes, days = zip(*rows, strict=True)
    table = pa.table({"note": pa.array(notes), "offset_days": pa.array(days, pa.int32())})
    return scrub(table, "note", None, SHIFT).text.to_pylist()


def test_nothing_stays_nothing_and_the_rows_stay_in_order() -> None:
    found = told("010-1234-5678", None, "", "양호")
    assert found.text.to_pylist() == ["[휴대전화]", None, "", "양호"]
    assert found.text.type == pa.large_string()
    assert {kind: count for kind, count in found.counts.items() if count} == {"mobile": 1}


def test_an_empty_table_gives_an_empty_column() -> None:
    found = scrub(pa.table({"note": pa.array([], pa.string())}), "note", None, TextSettings())
    assert len(found.text) == 0
    assert found.text.type == pa.large_string()


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()])
def test_every_arrow_type_of_text_is_read(kind: pa.DataType) -> None:
    table = pa.table({"note": pa.array(["a@example.com"], kind)})
    assert scrub(table, "note", None, TextSettings()).text.to_pylist() == ["[전자우편]"]


def test_chunks_change_nothing() -> None:
    notes = [f"{n} 010-1234-{n:04}, 홍길동 2020-01-{n % 28 + 1:02}" if n % 3 else None for n in range(6)]
    table = pa.table({"note": notes, "offset_days": list(range(6))})
    names = pa.table({"person_id": [1], "name": ["홍길동"]})
    whole = scrub(table, "note", names, SHIFT)
    for size in (1, 70):
        part = scrub(table, "note", names, SHIFT, chunk=size)
        assert part.text.num_chunks > whole.text.num_chunks
        assert part.text.to_pylist() == whole.text.to_pylist()
        assert part.counts == whole.counts


def test_dates_move_by_the_days_of_their_row_whatever_their_form() -> None:
    forms = ("2020-10-11", "2020.10.11", "2020. 10. 11", "2020년 10월 11일", "20201011", "11 Oct 2020", "October 11, 2020",
             "20.10.11", "2020/10/11", "２０２０－１０－１１", "2 0 2 0 - 1 0 - 1 1", "2020-10-\n11")  # fmt: skip
    assert shifted(*((f"내원 {form} 재진", -10) for form in forms)) == ["내원 2020-10-01 재진"] * len(forms)


def test_intervals_within_a_person_stay_exact_across_leap_days_and_years() -> None:
    days = [dt.date(2019, 12, 31), dt.date(2020, 2, 28), dt.date(2020, 3, 1), dt.date(2021, 3, 1)]
    (note,) = shifted((" ".join(day.isoformat() for day in days), 77))
    moved = [dt.date.fromisoformat(word) for word in note.split()]
    assert [after - before for before, after in zip(days, moved, strict=True)] == [dt.timedelta(77)] * 4


def test_a_time_written_onto_a_day_stays() -> None:
    assert shifted(("2020-10-11T09:30 20201011_0930 2020-10-11 09:30", 1)) == [
        "2020-10-12T09:30 2020-10-12_0930 2020-10-12 09:30"
    ]


def test_a_date_beside_a_letter_written_onto_a_number_moves_once() -> None:
    assert shifted(("010-1234-5678a 2020-10-11, 12345678901https://example.org/a", 5)) == [
        "[휴대전화]a 2020-10-16, [긴 번호][URL]"
    ]


def test_what_means_no_day_or_two_or_has_no_days_is_replaced() -> None:
    assert shifted(("2020-02-30", 5), ("01/02/2020", 5), ("2020-10-11", None)) == ["[날짜]"] * 3
    assert shifted(("13/02/2020 02/13/2020 03/03/2020", 1)) == ["2020-02-14 2020-02-14 2020-03-04"]


def test_a_day_without_a_year_and_a_birth_date_are_replaced_even_where_dates_move() -> None:
    assert shifted(("10월 11일, 2020년 10월, 생년월일 1960-10-11", 5)) == ["[날짜], [날짜], [생년월일]"]


@pytest.mark.parametrize(
    ("table", "column", "settings", "said"),
    [
        (pa.table({"a": ["x"]}), "note", TextSettings(), "no column 'note'"),
        (pa.table({"note": [1]}), "note", TextSettings(), "is int64, not text"),
        (pa.table({"note": ["010-1234-5678"]}), "note", SHIFT, "no integer column 'offset_days'"),
        (pa.table({"note": ["x"], "offset_days": ["5"]}), "note", SHIFT, "no integer column 'offset_days'"),
    ],
)
def test_a_table_that_cannot_be_scrubbed_is_refused_in_one_sentence(
    table: pa.Table, column: str, settings: TextSettings, said: str
) -> None:
    with pytest.raises(BadInput, match=said) as refusal:
        scrub(table, column, None, settings)
    assert "010" not in str(refusal.value)
