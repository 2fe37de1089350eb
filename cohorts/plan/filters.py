"""Conditions on one event, after circe-be's oddities are resolved: what is compared with what.

A filter holds or does not; NULL on its left side means that it does not hold, except where a note says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

Place = Literal["event", "person", "visit", "provider", "care_site"]
Computed = Literal[
    "start",
    "end",
    "duration",
    "shown_duration",
    "age_at_start",
    "age_at_end",
    "ratio_to_low",
    "ratio_to_high",
    "cause_or_zero",
    "one",
]


@dataclass(frozen=True)
class Column:
    """A column of the event's own table, or of the person, visit, provider or care site it points to."""

    place: Place
    name: str


@dataclass(frozen=True)
class Value:
    """A value computed from the event: its dates (after adjustment), days between them, age in years, a ratio.

    cause_or_zero: a death's cause, 0 if unknown. one: the number 1.
    """

    name: Computed


Operand = Column | Value
START, END, DURATION = Value("start"), Value("end"), Value("duration")
AGE_AT_START, AGE_AT_END = Value("age_at_start"), Value("age_at_end")


@dataclass(frozen=True)
class OneOf:
    """The operand is (not) one of these concepts."""

    operand: Operand
    concepts: tuple[int, ...]
    negate: bool = False


@dataclass(frozen=True)
class InSet:
    """The operand is (not) in a concept set of the plan; everything, NULL too, is outside an empty set."""

    operand: Operand
    concept_set: int
    negate: bool = False


@dataclass(frozen=True)
class Filled:
    """The operand is not NULL; negated: it is NULL."""

    operand: Operand
    negate: bool = False


@dataclass(frozen=True)
class Compare:
    """The operand stands in this relation to one value, or (bt, !bt) to two."""

    operand: Operand
    op: Literal["lt", "lte", "eq", "!eq", "gt", "gte", "bt", "!bt"]
    value: int | Decimal | date
    extent: int | Decimal | date | None = None


@dataclass(frozen=True)
class Like:
    """The operand (does not) match a LIKE pattern."""

    operand: Operand
    pattern: str
    negate: bool = False


@dataclass(frozen=True)
class Abnormal:
    """A measurement outside its range, or whose value is the concept 'abnormally high' or 'abnormally low'."""


Filter = OneOf | InSet | Filled | Compare | Like | Abnormal


def operands(condition: Filter) -> tuple[Operand, ...]:
    """What the filter looks at."""
    if isinstance(condition, Abnormal):
        return tuple(
            Column("event", name) for name in ("value_as_number", "range_low", "range_high", "value_as_concept_id")
        )
    return (condition.operand,)


def places(conditions: tuple[Filter, ...]) -> frozenset[Place]:
    """Which other rows of the event the filters need."""
    found: set[Place] = set()
    for condition in conditions:
        for operand in operands(condition):
            if isinstance(operand, Column):
                found.add(operand.place)
            elif operand in (AGE_AT_START, AGE_AT_END):
                found.add("person")
    return frozenset(found)
