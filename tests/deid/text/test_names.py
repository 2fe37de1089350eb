"""Names that the hospital knows, where they are names and where they are words."""

from __future__ import annotations

import pyarrow as pa
import pytest

from cdm.errors import BadInput
from deid.text import TextSettings
from deid.text.scrub import scrub
from deid.text.words import WORDS
from tests.deid.text.clean import NOTES
from tests.deid.text.tools import clean, told

NAMES = ("홍길동", "김민", "이상", "남궁민수", "Hong Gil-dong", "Smith, Anna")


PLACES = (
    "{} 내원",
    "{}은 호전",
    "{}이 말함",
    "{}님은",
    "{}씨",
    "{} 환자",
    "{} 선생님",
    "환자 {}",
    "({})",
    "보호자:{}",
    "{}",
)


@pytest.mark.parametrize(
    "name",
    ["홍길동", "홍 길동", "홍 길 동", "홍길\n동", "홍-길-동", "홍·길·동", "남궁민수", "남궁 민수", "김민", "김 민"],
)
def test_a_korean_name_with_particles_titles_and_gaps(name: str) -> None:
    assert clean(*(note.format(name) for note in PLACES), names=NAMES) == [note.format("[이름]") for note in PLACES]


def test_a_latin_name_in_both_orders_cases_and_with_initials() -> None:
    written = (
        "Hong Gil-dong", "HONG GIL-DONG", "hong gil-dong", "Hong Gildong", "Hong Gil Dong", "Gil-dong Hong", "Hong, Gil-dong",
        "HONG, Gil-dong", "G.D. Hong", "G. D. Hong", "Hong GD", "Anna Smith", "Smith Anna", "A. Smith", "Smith, A.", "anna\nsmith",
    )  # fmt: skip
    notes = [place for name in written for place in (f"Dr. {name} saw him", f"담당의{name}가")]
    assert clean(*notes, names=NAMES) == ["Dr. [이름] saw him", "담당의[이름]가"] * len(written)


def test_a_name_inside_a_longer_word_is_none() -> None:
    notes = ("전이상태 확인", "한국김민국", "김민석 내원", "XHong GD", "Hong Gildongs")
    assert clean(*notes, names=(*NAMES, "이상태")) == list(notes)


def test_a_role_written_onto_a_name_is_no_longer_word() -> None:
    assert clean("환자홍길동", "보호자홍길동은", names=NAMES) == ["환자[이름]", "보호자[이름]은"]


def test_a_name_that_is_a_word_too_needs_a_title_or_a_field() -> None:
    notes = (
        "이상 소견 없음",
        "환자 이상 호소 없음",
        "이상 없이",
        "이상님 내원",
        "이상 씨",
        "성명: 이상",
        "환자명 이상",
    )
    assert clean(*notes, names=NAMES) == [*notes[:3], "[이름]님 내원", "[이름] 씨", "성명: [이름]", "환자명 [이름]"]


def test_a_hospital_adds_words_of_its_own() -> None:
    assert clean("홍길동 약침", names=NAMES, words=["홍길동"]) == ["홍길동 약침"]


def test_names_that_are_all_words_replace_nothing_in_notes_of_nobody() -> None:
    assert told(*NOTES, names=WORDS).counts["name"] == 0


def test_a_rejected_name_keeps_its_spelling() -> None:
    assert clean("xHONG GIL-DONG Hong gil-dongs", names=NAMES) == ["xHONG GIL-DONG Hong gil-dongs"]


def test_names_are_counted_and_the_unusable_told() -> None:
    found = told("홍길동, 홍 길동, Anna Smith", names=(*NAMES, "김", "A", "홍Gil"))
    assert found.counts["name"] == 3
    assert found.unusable_names == 3


def test_the_longest_name_is_taken() -> None:
    assert clean("김민수 내원", names=("김민", "김민수")) == ["[이름] 내원"]


def test_a_table_without_names_is_refused() -> None:
    notes = pa.table({"note": ["a"]})
    for names in (pa.table({"person_id": [1]}), pa.table({"name": [1]})):
        with pytest.raises(BadInput, match="no column 'name' of text"):
            scrub(notes, "note", names, TextSettings())
