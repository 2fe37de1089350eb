"""Which rows leave the hospital."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdm.engine import Limits
from cdm.errors import BadInput
from extract.rows import RowsReport, extract_rows
from extract.spec import ExtractSpec
from tests.extract.hospital import Hospital, draw

DRAW = """
person_id | role    | index_date | set_id
        1 | case    | 2020-06-01 |      1
        2 | control | 2020-06-11 |      1
"""


def run(tmp_path: Path, tables: dict[str, str], spec: dict[str, object], drawn: str = DRAW) -> RowsReport:
    (tmp_path / "raw").mkdir()
    return extract_rows(
        Hospital(tables),
        draw(tmp_path / "draw.parquet", drawn),
        ExtractSpec.model_validate(spec),
        tmp_path / "raw",
    )


def column(tmp_path: Path, table: str, name: str) -> list[object]:
    return pq.read_table(tmp_path / "raw" / f"{table}.parquet")[name].to_pylist()


CONDITIONS = """
condition_occurrence_id | person_id | condition_concept_id | condition_start_date
                     11 |         1 |                  100 | 2020-05-21
                     12 |         1 |                  100 | 2020-05-22
                     13 |         1 |                  100 | 2020-06-01
                     14 |         1 |                  100 | 2020-06-02
                     21 |         2 |                  200 | 2020-06-01
                     22 |         2 |                  100 | 2020-05-31
                     31 |         3 |                  100 | 2020-06-01
"""


def test_a_row_leaves_when_its_start_date_lies_in_the_window_both_ends_included(tmp_path: Path) -> None:
    window = {"from_days": -10, "to_days": 0}
    report = run(tmp_path, {"condition_occurrence": CONDITIONS}, {"tables": ["condition_occurrence"], "window": window})
    assert column(tmp_path, "condition_occurrence", "condition_occurrence_id") == [12, 13, 21]
    assert (report.tables["condition_occurrence"].rows, report.tables["condition_occurrence"].people) == (
        3,
        2,
    )


def test_nobody_but_drawn_people_leaves_even_without_a_window(tmp_path: Path) -> None:
    run(tmp_path, {"condition_occurrence": CONDITIONS}, {"tables": ["condition_occurrence"], "window": {}})
    assert column(tmp_path, "condition_occurrence", "condition_occurrence_id") == [11, 12, 13, 14, 21, 22]


def test_a_table_has_its_own_window(tmp_path: Path) -> None:
    spec = {"tables": {"condition_occurrence": {"window": {"from_days": 1}}}, "window": {"to_days": 0}}
    run(tmp_path, {"condition_occurrence": CONDITIONS}, spec)
    assert column(tmp_path, "condition_occurrence", "condition_occurrence_id") == [14]


def test_somebody_drawn_twice_gets_both_windows_and_each_row_once(tmp_path: Path) -> None:
    drawn = DRAW + "\n 1 | control | 2020-05-22 | 2"
    spec = {"tables": ["condition_occurrence"], "window": {"from_days": -10, "to_days": 0}}
    report = run(tmp_path, {"condition_occurrence": CONDITIONS}, spec, drawn)
    assert column(tmp_path, "condition_occurrence", "condition_occurrence_id") == [11, 12, 13, 21]
    assert report.people == 2


def test_concepts_limit_the_main_concept(tmp_path: Path) -> None:
    run(
        tmp_path,
        {"condition_occurrence": CONDITIONS},
        {"tables": {"condition_occurrence": {"concepts": [200], "window": {}}}},
    )
    assert column(tmp_path, "condition_occurrence", "condition_occurrence_id") == [21]


def test_concepts_can_mean_their_descendants_too(tmp_path: Path) -> None:
    ancestor = """
    ancestor_concept_id | descendant_concept_id
                    900 |                   200
    """
    part = {"concepts": [900], "include_descendants": True, "window": {}}
    tables = {"condition_occurrence": CONDITIONS, "concept_ancestor": ancestor}
    run(tmp_path, tables, {"tables": {"condition_occurrence": part}})
    assert column(tmp_path, "condition_occurrence", "condition_occurrence_id") == [21]


def test_person_has_no_date_and_so_no_window(tmp_path: Path) -> None:
    people = """
    person_id | gender_concept_id | year_of_birth
            3 |              8507 |          1950
            2 |              8532 |          1960
            1 |              8507 |          1970
    """
    run(tmp_path, {"person": people}, {"tables": ["person"]})
    assert column(tmp_path, "person", "person_id") == [1, 2]


def test_a_death_after_the_window_does_not_leave(tmp_path: Path) -> None:
    death = """
    person_id | death_date
            1 | 2020-06-02
            2 | 2020-06-11
    """
    run(tmp_path, {"death": death}, {"tables": ["death"]})
    assert column(tmp_path, "death", "person_id") == [2]


def test_an_observation_period_leaves_when_it_overlaps_the_window(tmp_path: Path) -> None:
    periods = """
    observation_period_id | person_id | observation_period_start_date | observation_period_end_date
                        1 |         1 |                    2010-01-01 | 2015-01-01
                        2 |         1 |                    2016-01-01 | 2022-01-01
                        3 |         2 |                    2020-06-12 | 2022-01-01
    """
    run(tmp_path, {"observation_period": periods}, {"tables": ["observation_period"]})
    assert column(tmp_path, "observation_period", "observation_period_id") == [2]


def test_a_period_tells_only_its_part_inside_the_window(tmp_path: Path) -> None:
    periods = """
    observation_period_id | person_id | observation_period_start_date | observation_period_end_date
                        1 |         1 |                    2016-01-01 | 2022-01-01
                        2 |         2 |                    2020-01-15 | 2020-02-01
    """
    run(tmp_path, {"observation_period": periods}, {"tables": ["observation_period"]})
    assert column(tmp_path, "observation_period", "observation_period_start_date") == [
        dt.date(2019, 6, 2), dt.date(2020, 1, 15)
    ]  # fmt: skip
    assert column(tmp_path, "observation_period", "observation_period_end_date") == [
        dt.date(2020, 6, 1), dt.date(2020, 2, 1)
    ]  # fmt: skip


def test_a_stay_that_goes_on_after_the_window_does_not_tell_its_end_nor_how_it_ended(tmp_path: Path) -> None:
    visits = """
    visit_occurrence_id | person_id | visit_start_date | visit_end_date | visit_end_datetime  | discharged_to_concept_id
                      1 |         1 |       2020-05-30 |     2020-05-31 | 2020-05-31 10:00:00 |                     8536
                      2 |         1 |       2020-05-31 |     2020-07-31 | 2020-07-31 10:00:00 |                  4216643
    """
    run(tmp_path, {"visit_occurrence": visits}, {"tables": ["visit_occurrence"]})
    assert column(tmp_path, "visit_occurrence", "visit_end_date") == [dt.date(2020, 5, 31), dt.date(2020, 6, 1)]
    assert column(tmp_path, "visit_occurrence", "discharged_to_concept_id") == [8536, None]
    assert [end is None for end in column(tmp_path, "visit_occurrence", "visit_end_datetime")] == [False, True]


def test_an_optional_end_after_the_window_is_not_yet(tmp_path: Path) -> None:
    conditions = """
    condition_occurrence_id | person_id | condition_start_date | condition_end_date | stop_reason
                          1 |         1 |           2020-05-01 |         2020-05-09 | cured
                          2 |         1 |           2020-05-02 |         2020-06-30 | died
    """
    run(tmp_path, {"condition_occurrence": conditions}, {"tables": ["condition_occurrence"]})
    assert column(tmp_path, "condition_occurrence", "condition_end_date") == [dt.date(2020, 5, 9), None]
    assert column(tmp_path, "condition_occurrence", "stop_reason") == ["cured", None]


def test_a_care_site_leaves_when_a_row_that_leaves_points_at_it_and_so_its_location(tmp_path: Path) -> None:
    visits = """
    visit_occurrence_id | person_id | visit_start_date | visit_end_date | care_site_id
                      1 |         1 |       2020-05-30 |     2020-05-31 |            7
                      2 |         1 |       2021-05-30 |     2021-05-31 |            8
    """
    sites = """
    care_site_id | location_id
               7 |          70
               8 |          80
    """
    places = """
    location_id | state
             70 | Seoul
             80 | Busan
    """
    tables = {"visit_occurrence": visits, "care_site": sites, "location": places}
    report = run(tmp_path, tables, {"tables": ["location", "care_site", "visit_occurrence"]})
    assert column(tmp_path, "care_site", "care_site_id") == [7]
    assert column(tmp_path, "location", "location_id") == [70]
    assert report.tables["care_site"].people is None
    assert list(report.tables) == ["location", "care_site", "visit_occurrence"]


def test_a_note_nlp_row_leaves_with_its_note(tmp_path: Path) -> None:
    notes = """
    note_id | person_id | note_date
          1 |         1 | 2020-05-30
          2 |         1 | 2020-06-30
    """
    nlp = """
    note_nlp_id | note_id
             10 |       1
             20 |       2
    """
    run(tmp_path, {"note": notes, "note_nlp": nlp}, {"tables": ["note_nlp", "note"]})
    assert column(tmp_path, "note_nlp", "note_nlp_id") == [10]


def test_a_reference_to_a_row_that_stays_is_kept_and_counted(tmp_path: Path) -> None:
    visits = """
    visit_occurrence_id | person_id | visit_start_date
                      5 |         1 |       2020-05-25
    """
    conditions = """
    condition_occurrence_id | person_id | condition_start_date | visit_occurrence_id | provider_id
                         11 |         1 |           2020-05-26 |                   5 |           -
                         12 |         1 |           2020-05-27 |                   6 |           1
    """
    tables = {"visit_occurrence": visits, "condition_occurrence": conditions}
    report = run(tmp_path, tables, {"tables": ["condition_occurrence", "visit_occurrence"]})
    assert column(tmp_path, "condition_occurrence", "visit_occurrence_id") == [5, 6]
    assert dict(report.tables["condition_occurrence"].unresolved) == {
        "visit_occurrence_id": 1,
        "provider_id": 1,
    }


def test_every_table_of_the_study_is_written_also_without_rows(tmp_path: Path) -> None:
    report = run(tmp_path, {}, {"tables": ["measurement", "note", "note_nlp", "care_site", "person"]})
    assert sorted(path.name for path in (tmp_path / "raw").iterdir()) == [
        "care_site.parquet", "measurement.parquet", "note.parquet", "note_nlp.parquet", "person.parquet",
    ]  # fmt: skip
    assert {table.rows for table in report.tables.values()} == {0}
    assert duckdb.read_parquet(str(tmp_path / "raw" / "measurement.parquet")).columns[:2] == [
        "measurement_id",
        "person_id",
    ]


def test_columns_come_in_cdm_order_with_the_keys_and_the_deciding_date(tmp_path: Path) -> None:
    part = {"columns": ["visit_occurrence_id", "condition_concept_id"]}
    run(tmp_path, {"condition_occurrence": CONDITIONS}, {"tables": {"condition_occurrence": part}})
    assert pq.read_schema(tmp_path / "raw" / "condition_occurrence.parquet").names == [
        "condition_occurrence_id",
        "person_id",
        "condition_concept_id",
        "condition_start_date",
        "visit_occurrence_id",
    ]


def test_a_row_without_a_start_date_lies_in_no_window(tmp_path: Path) -> None:
    undated = """
    condition_occurrence_id | person_id | condition_start_date
                         11 |         1 | -
    """
    run(tmp_path, {"condition_occurrence": undated}, {"tables": ["condition_occurrence"]})
    assert column(tmp_path, "condition_occurrence", "person_id") == []


def test_the_same_bytes_come_on_one_and_two_threads_even_when_the_key_repeats(tmp_path: Path) -> None:
    repeats = duckdb.sql(
        "SELECT (range % 50)::BIGINT AS condition_occurrence_id, (1 + range % 2)::BIGINT AS person_id, "
        "(range % 1013)::BIGINT AS condition_concept_id, DATE '2020-05-25' AS condition_start_date "
        "FROM range(300000)"
    ).to_arrow_table()
    spec = ExtractSpec(tables={"condition_occurrence": {}})
    drawn = draw(tmp_path / "draw.parquet", DRAW)
    digests = set()
    for threads in (1, 2):
        out = tmp_path / str(threads)
        out.mkdir()
        extract_rows(Hospital({"condition_occurrence": repeats}), drawn, spec, out, Limits(threads=threads))
        digests.add(hashlib.sha256((out / "condition_occurrence.parquet").read_bytes()).hexdigest())
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("drawn", "says"),
    [
        ("person_id | role | index_date\n 1 | case | 2020-01-01", "lacks set_id"),
        ("person_id | role | index_date | set_id\n 1 | case | - | 1", "no index_date"),
    ],
)
def test_a_draw_that_is_none_is_refused(tmp_path: Path, drawn: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        run(tmp_path, {}, {"tables": ["person"]}, drawn)


def test_a_missing_or_broken_draw_is_refused_without_quoting_it(tmp_path: Path) -> None:
    spec = ExtractSpec(tables={"person": {}})
    with pytest.raises(BadInput, match="no such file"):
        extract_rows(Hospital({}), tmp_path / "draw.parquet", spec, tmp_path)
    (tmp_path / "draw.parquet").write_bytes(b"PAR1 secret PAR1")
    with pytest.raises(BadInput, match=r"reading draw\.parquet failed in the engine") as caught:
        extract_rows(Hospital({}), tmp_path / "draw.parquet", spec, tmp_path)
    assert "secret" not in str(caught.value)


DAYS = st.integers(-40, 40)
EVENTS = st.lists(st.tuples(st.integers(1, 4), DAYS), max_size=25)
DRAWN = st.lists(st.tuples(st.integers(1, 4), DAYS), min_size=1, max_size=5)


@settings(max_examples=30, derandomize=True, deadline=None)
@given(EVENTS, DRAWN, st.none() | st.integers(-30, 0), st.none() | st.integers(0, 30))
def test_the_rows_are_those_that_a_loop_over_people_finds(
    tmp_path_factory: pytest.TempPathFactory,
    events: list[tuple[int, int]],
    drawn: list[tuple[int, int]],
    low: int | None,
    high: int | None,
) -> None:
    day0 = dt.date(2020, 1, 1)
    kept = [
        number
        for number, (person, day) in enumerate(events)
        if any(
            who == person and (low is None or day >= at + low) and (high is None or day <= at + high)
            for who, at in drawn
        )
    ]
    folder = tmp_path_factory.mktemp("rows")
    table = pa.table(
        {
            "measurement_id": pa.array(range(len(events)), pa.int64()),
            "person_id": pa.array([person for person, _ in events], pa.int64()),
            "measurement_date": pa.array([day0 + dt.timedelta(day) for _, day in events], pa.date32()),
        }
    )
    rows = "\n".join(f"{who} | case | {day0 + dt.timedelta(at)} | {number}" for number, (who, at) in enumerate(drawn))
    spec = ExtractSpec.model_validate({"tables": {"measurement": {"window": {"from_days": low, "to_days": high}}}})
    extract_rows(
        Hospital({"measurement": table}),
        draw(folder / "draw.parquet", "person_id | role | index_date | set_id\n" + rows),
        spec,
        folder,
    )
    found = pq.read_table(folder / "measurement.parquet")["measurement_id"].to_pylist()
    assert found == sorted(kept, key=lambda number: (events[number][0], number))
