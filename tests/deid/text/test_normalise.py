"""One way of writing for every text."""

from __future__ import annotations

import unicodedata

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deid.text.normalise import HIT, NAMED, OPEN, normalise


def one(text: str) -> str:
    return str(normalise(pl.Series([text]))[0])


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("０１０－１２３４", "010-1234"),
        ("010\u00a01234\u3000ａ", "010 1234 a"),
        ("010–1234—5678−9‐0", "010-1234-5678-9-0"),
        ("a•b‧c・d", "a·b·c·d"),
        ("0\u200b1\u200d0\ufeff\u00ad", "010"),
        ("a\r\nb\rc\u2028d\x0be", "a\nb\nc\nd\ne"),
        (unicodedata.normalize("NFD", "홍길동"), "홍길동"),
        ("010ㅡ1234ㅡ5678", "010-1234-5678"),
        ("1ㅡ2ㅡ3", "1-2-3"),
        ("٠١٠ ۱۲", "010 12"),
        ("㎎ ㎖", "mg ml"),
    ],
)
def test_what_looks_alike_is_written_alike(written: str, plain: str) -> None:
    assert one(written) == plain


@pytest.mark.parametrize(
    ("written", "plain"), [("10³/µL", "10^3/μL"), ("①20 mg", "(1)20 mg"), ("1½정", "1 1/2정"), ("m²", "m^2")]
)
def test_a_number_stays_the_number_that_it_was(written: str, plain: str) -> None:
    assert one(written) == plain


def test_our_own_marks_cannot_be_brought_along() -> None:
    assert one(f"a{HIT}b{NAMED}c{OPEN}d") == "abcd"


def test_plain_text_and_nothing_at_all_stay() -> None:
    given_texts = pl.Series(["BP 120/80, 상태 양호\n\t끝", None, ""])
    assert normalise(given_texts).to_list() == given_texts.to_list()


def test_the_given_texts_are_left_as_they_are() -> None:
    given_texts = pl.Series(["０１０", "plain"])
    assert normalise(given_texts).to_list() == ["010", "plain"]
    assert given_texts.to_list() == ["０１０", "plain"]


@settings(derandomize=True, max_examples=30, deadline=None)
@given(st.lists(st.text(alphabet=st.characters(codec="utf-8"), max_size=12), min_size=20, max_size=60))
def test_twice_is_once(texts: list[str]) -> None:
    once = normalise(pl.Series(texts, dtype=pl.String))
    assert normalise(once).to_list() == once.to_list()
