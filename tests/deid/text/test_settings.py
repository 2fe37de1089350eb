"""What a hospital may decide of its notes, and how a mistake in it is told."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from deid.text import KINDS, TextSettings
from tests.deid.text.tools import clean, told


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("(", "is no regular expression"),
        ("a)(b", "is no regular expression"),
        (r"(?<!a)[0-9]{8}", "is no regular expression"),
        ("[0-9]*", "matches an empty text"),
        (r"\b", "matches an empty text"),
        ("", "matches an empty text"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_refused_in_one_sentence(pattern: str, said: str) -> None:
    with pytest.raises(ValidationError) as told_why:
        TextSettings(patient_number_patterns=(pattern,))
    (error,) = told_why.value.errors()
    assert said in error["msg"]
    assert error["msg"].count("\n") == 0


def test_the_hospitals_own_numbers_stand_alone() -> None:
    notes = ("A-123-45 재진", "XA-123-45", "A-123-456")
    assert clean(*notes, patient_number_patterns=["[A-C]-[0-9]{3}-[0-9]{2}"]) == ["[환자번호] 재진", *notes[1:]]


def test_a_kind_that_is_switched_off_stays_as_it_was_written() -> None:
    kinds = [kind for kind in KINDS if kind not in ("date", "name", "birth_date", "partial_date")]
    found = told("2020-10-11 홍길동 010-1234-5678", names=("홍길동",), kinds=kinds)
    assert found.text.to_pylist() == ["2020-10-11 홍길동 [휴대전화]"]
    assert sorted(found.counts) == sorted(kinds)


def test_without_any_kind_only_the_writing_changes() -> None:
    assert clean("０１０-1234-5678", kinds=[]) == ["010-1234-5678"]


def test_an_unknown_kind_or_key_is_refused() -> None:
    with pytest.raises(ValidationError, match="kinds"):
        TextSettings.model_validate({"kinds": ["telephone"]})
    with pytest.raises(ValidationError, match="mask"):
        TextSettings.model_validate({"mask": True})
