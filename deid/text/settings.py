"""What a hospital decides of its notes: which kinds are replaced, its own numbers, dates, and the labels' language."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, field_validator

Kind = Literal[
    "url",
    "email",
    "mac",
    "ip",
    "resident_number",
    "foreigner_number",
    "card",
    "driver_licence",
    "mobile",
    "landline",
    "insurance_number",
    "account",
    "patient_number",
    "passport",
    "vehicle",
    "birth_date",
    "address",
    "date",
    "partial_date",
    "age",
    "long_number",
    "name",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
Language = Literal["ko", "en"]
# Texts on which a pattern that can match nothing at all gives itself away.
_PROBES = ("", "a", "1", "가", "가 1 a-b")


class TextSettings(BaseModel):
    """How notes are scrubbed.

    kinds: what is replaced; what is not listed stays as it was written. patient_number_patterns: regular expressions of
    the hospital's own numbers (linear-time syntax: no look-around, no back-references); each has to stand alone between
    characters that are no ASCII letter, digit or underscore. dates: `label` replaces every date; `shift` moves a full
    date by its row's `offset_days` and writes it as YYYY-MM-DD, and replaces it where it does not parse. words: names
    that are also words of this hospital's notes, besides those known here. language: of the labels.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kinds: tuple[Kind, ...] = KINDS
    patient_number_patterns: tuple[str, ...] = ()
    dates: Literal["label", "shift"] = "label"
    words: tuple[str, ...] = ()
    language: Language = "ko"

    @field_validator("patient_number_patterns")
    @classmethod
    def _usable(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in given:
            _refuse_unusable(pattern)
        return given


def _refuse_unusable(pattern: str) -> None:
    """Refuse a pattern that does not compile, that matches the empty text, or that names groups of its own."""
    import polars as pl  # a fifth of a second, which every reader of a policy would pay

    try:
        found = pl.Series(_PROBES).str.extract_all(pattern).explode()
    except pl.exceptions.ComputeError:
        raise ValueError(
            f"patient_number_patterns: '{pattern}' is no regular expression of linear-time syntax; "
            "mend it, without look-around and back-references"
        ) from None
    if (found == "").any():
        raise ValueError(
            f"patient_number_patterns: '{pattern}' matches an empty text; ask for at least one character, say [0-9]{{8}}"
        )
