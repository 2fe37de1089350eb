"""What every part of a Circe expression is made of: ranges, concepts, selections, dates.

Names in JSON are those of circe-be (PascalCase; UPPER_CASE inside concepts; camelCase inside concept sets).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_pascal

MAX_DAYS = 1_000_000
MAX_CRITERIA = 5_000

Days = Annotated[int, Field(ge=-MAX_DAYS, le=MAX_DAYS)]
Count = Annotated[int, Field(ge=-(2**31), lt=2**31)]
ConceptId = Annotated[int, Field(ge=-(2**63), lt=2**63)]
Number = Annotated[int | float, Field(gt=-1e15, lt=1e15)]
CodesetRef = Annotated[int, Field(ge=-(2**31), lt=2**31)]
Item = TypeVar("Item")
# The first wrong entry ends the reading of a list: a broken file of millions must not become millions of errors.
Entries = Annotated[tuple[Item, ...], Field(fail_fast=True)]
Criteria = Annotated[tuple[Item, ...], Field(fail_fast=True, max_length=MAX_CRITERIA)]


def _null_is_false(value: object) -> object:
    return False if value is None else value


Flag = Annotated[bool, BeforeValidator(_null_is_false)]


def cs_alias(name: str) -> str:
    """PascalCase as circe-be has it: `gender_cs` is `GenderCS`."""
    pascal = to_pascal(name)
    return pascal[:-2] + "CS" if name.endswith("_cs") else pascal


def spelling(model: type[BaseModel], name: str) -> str:
    """How JSON names an attribute: a part that was not used yet knows no alias but what was told by hand."""
    return model.model_fields[name].alias or (cs_alias(name) if issubclass(model, Model) else name)


class Model(BaseModel):
    """A frozen part of an expression; a key that the language does not have is an error.

    What checks a part is built when it is first used: parts hold one another, and each would be built with all the others in
    it, a second of CPU in every command that only might read an expression.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=cs_alias, populate_by_name=True, defer_build=True
    )


class Concept(BaseModel):
    """One concept as ATLAS writes it. Only `concept_id` bears on the result; the rest is for readers."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=lambda name: name.upper(), populate_by_name=True
    )

    concept_id: ConceptId
    concept_name: str | None = None
    standard_concept: str | None = None
    standard_concept_caption: str | None = None
    invalid_reason: str | None = None
    invalid_reason_caption: str | None = None
    concept_code: str | None = None
    domain_id: str | None = None
    vocabulary_id: str | None = None
    concept_class_id: str | None = None
    valid_start_date: str | int | None = None
    valid_end_date: str | int | None = None


Concepts = Entries[Concept]


class ConceptSetSelection(Model):
    """Membership of a column in a concept set; without a set: that the column is filled (excluded: empty)."""

    codeset_id: CodesetRef | None = None
    is_exclusion: Flag = False


def _iso_date(value: object) -> object:
    """`2010-1-5` as circe-be reads it: three integers between hyphens."""
    if not isinstance(value, str):
        return value
    parts = [part for part in value[:40].split("-") if part][:3]
    try:
        year, month, day = (int(part) for part in parts if re.fullmatch(r"\+?[0-9]+", part))
        return date(year, month, day)
    except ValueError:
        raise ValueError("is no date of the form YYYY-MM-DD") from None


IsoDate = Annotated[date, BeforeValidator(_iso_date)]
Comparison = Literal["lt", "lte", "eq", "!eq", "gt", "gte", "bt", "!bt"]


def _needs_extent(op: str, extent: object) -> None:
    if op.endswith("bt") and extent is None:
        raise ValueError("'between' needs both a Value and an Extent")


class DateRange(Model):
    """A comparison of a date with one or, between, two dates (both inclusive)."""

    value: IsoDate
    op: Comparison
    extent: IsoDate | None = None

    @model_validator(mode="before")
    @classmethod
    def _no_empty_extent(cls, given: Any) -> Any:
        """ATLAS leaves an empty Extent behind when an author goes back from 'between'."""
        if isinstance(given, dict) and given.get("Extent") == "":
            return {**given, "Extent": None}
        return given

    @model_validator(mode="after")
    def _complete(self) -> Self:
        _needs_extent(self.op, self.extent)
        return self


class NumericRange(Model):
    """A comparison of a number with one or, between, two numbers (both inclusive)."""

    value: Number
    op: Comparison
    extent: Number | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        _needs_extent(self.op, self.extent)
        return self


class TextFilter(Model):
    """A comparison of a text; `%` and `_` in Text keep their meaning in LIKE, as in circe-be."""

    text: Annotated[str, Field(max_length=4000)]
    op: Literal["contains", "!contains", "startsWith", "!startsWith", "endsWith", "!endsWith", "eq", "!eq"]


class Period(Model):
    """A stretch of calendar time; either side may be open."""

    start_date: IsoDate | None = None
    end_date: IsoDate | None = None

    @model_validator(mode="before")
    @classmethod
    def _empty_is_open(cls, given: Any) -> Any:
        if isinstance(given, dict):
            return {key: (None if value == "" else value) for key, value in given.items()}
        return given


class DateAdjustment(Model):
    """New start and end dates of an event: which of its two dates, and days added to it."""

    start_with: Literal["START_DATE", "END_DATE"] = "START_DATE"
    start_offset: Days = 0
    end_with: Literal["START_DATE", "END_DATE"] = "END_DATE"
    end_offset: Days = 0


def exactly_one(what: str) -> Callable[[Any], Any]:
    """A check that a wrapper object such as {"Death": {...}} has exactly one key, and a body."""

    def check(given: Any) -> Any:
        if isinstance(given, dict) and (len(given) != 1 or next(iter(given.values())) is None):
            raise ValueError(f"must hold exactly one {what}")
        return given

    return check
