"""The table of kinds: each example is one hit of its kind, no label is a hit."""

from __future__ import annotations

from typing import get_args

import pytest

from deid.text.patterns import NAME, TABLE
from deid.text.settings import KINDS, Language
from tests.deid.text.tools import clean, told

LANGUAGES: tuple[Language, ...] = get_args(Language)
EXAMPLES = [(rule, example) for rule in TABLE for example in rule.examples]


def test_every_kind_has_one_rule_with_examples_and_a_source() -> None:
    assert [rule.kind for rule in TABLE] == [kind for kind in KINDS if kind != "name"]
    assert all(rule.examples and rule.source and rule.ko and rule.en for rule in TABLE)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_an_example_is_one_hit_of_its_kind(language: Language) -> None:
    found = told(*(f"앞 {example} 뒤, <{example}>" for _, example in EXAMPLES), language=language)
    labels = [rule.label(language) for rule, _ in EXAMPLES]
    assert found.text.to_pylist() == [f"앞 {label} 뒤, <{label}>" for label in labels]
    assert found.counts == {**dict.fromkeys(KINDS, 0), **{rule.kind: 2 * len(rule.examples) for rule in TABLE}}


def test_a_label_is_no_hit_wherever_it_stands() -> None:
    labels = [rule.label(language) for rule in (*TABLE, NAME) for language in LANGUAGES]
    notes = [note for it in labels for note in (it, f"환자 {it} {it} 12", f"{it}{it}", f"등록번호: {it} 3")]
    assert clean(*notes, names=("이름", "주소")) == notes


def test_the_checksum_clears_no_resident_number() -> None:
    """901010-1234560 .. 1234569: at most one of the ten has a right last digit."""
    assert clean(*(f"901010-123456{last}" for last in range(10))) == ["[주민등록번호]"] * 10


def test_a_month_that_is_none_makes_no_resident_number() -> None:
    assert clean("901310-1234567") == ["[긴 번호]"]


@pytest.mark.parametrize(
    ("note", "left"),
    [
        ("번호는010-1234-5678입니다", "번호는[휴대전화]입니다"),
        ("tel010-1234-5678a", "tel[휴대전화]a"),
        ("010-1234-5678 010-8765-4321,02-123-4567", "[휴대전화] [휴대전화],[전화번호]"),
        ("hong@example.com. Patient is well", "[전자우편]. Patient is well"),
        ("생년월일 901010-1234567, 생년월일: 19901010 1234567", "[생년월일], [생년월일]"),
        ("연락처 010-1234-5678, tel. 02-123-4567, ☎ 123-4567", "[전화번호], [전화번호], [전화번호]"),
        ("ID 901010 - 1234567, ID 12345678(45/M)", "[환자번호], [환자번호](45/M)"),
        ("등록번호 12345678 45/M", "[환자번호] 45/M"),
        ("등록번호 12345678 901010-1234567", "[환자번호]"),
        ("91/M 89/F 65/M", "[89세 초과] 89/F 65/M"),
    ],
)
def test_edges_of_a_hit(note: str, left: str) -> None:
    assert clean(note) == [left]


def test_of_two_that_begin_together_the_first_of_the_table_is_taken() -> None:
    assert clean("생년월일 1960-10-11, 1960-10-11") == ["[생년월일], [날짜]"]
    assert clean("4123456789012345") == ["[카드번호]"]
