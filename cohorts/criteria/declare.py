"""The words in which a kind of event is declared: its table and dates, and what its attributes mean.

A rule turns one attribute of a criterion (and its like-named concept-set selection) into filters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal, Protocol

from pydantic import BaseModel

from cdm.errors import BadInput
from cohorts.expression.base import Concept, ConceptSetSelection, DateRange, NumericRange, Period, TextFilter, spelling
from cohorts.plan.filters import (
    AGE_AT_END,
    AGE_AT_START,
    END,
    START,
    Abnormal,
    Column,
    Compare,
    Filled,
    Filter,
    InSet,
    Like,
    OneOf,
    Operand,
)

SetOf = Callable[[int], int]


class Rule(Protocol):
    """What one attribute asks for; `set_of` gives the plan's number of a definition's concept set."""

    def __call__(self, event: BaseModel, set_of: SetOf) -> tuple[Filter, ...]: ...


@dataclass(frozen=True)
class Domain:
    """One kind of event.

    end: columns of which the first filled one is the end. supply: a column of days that, added to the start, is the
    next candidate. next_day: without any of them, the day after the start. source_value: the code as the source had it.
    adjust: whether DateAdjustment applies; 'fixed' ignores StartWith and EndWith. visit: has visit_occurrence_id.
    counts: what an occurrence count can be distinct by, beside start, end and visit.
    """

    kind: str
    table: str
    event_id: str
    start: str
    end: tuple[str, ...] = ()
    supply: str | None = None
    next_day: bool = False
    concept: str | None = None
    source: tuple[str, str] | None = None
    source_value: str | None = None
    visit: bool = False
    adjust: Literal["yes", "no", "fixed"] = "yes"
    rules: tuple[Rule, ...] = ()
    counts: Mapping[str, Operand] = field(default_factory=dict)


def column(name: str) -> Column:
    """A column of the event's own table."""
    return Column("event", name)


def concepts(attribute: str, operand: Operand, exclude: str | None = None) -> Rule:
    """A list of concepts, and the selection `<attribute>_cs`; `exclude` turns the list (only) around."""

    def rule(event: BaseModel, set_of: SetOf) -> tuple[Filter, ...]:
        found: list[Filter] = []
        listed: tuple[Concept, ...] | None = getattr(event, attribute, None)
        if listed:
            negate = bool(exclude and getattr(event, exclude))
            found.append(OneOf(operand, tuple(sorted({one.concept_id for one in listed})), negate))
        selection: ConceptSetSelection | None = getattr(event, f"{attribute}_cs", None)
        if selection is not None:
            found.append(selected(operand, selection, set_of))
        return tuple(found)

    return rule


def selected(operand: Operand, selection: ConceptSetSelection, set_of: SetOf) -> Filter:
    """A selection without a set asks whether the column is filled."""
    if selection.codeset_id is None:
        return Filled(operand, selection.is_exclusion)
    return InSet(operand, set_of(selection.codeset_id), selection.is_exclusion)


def concept_set(attribute: str, operand: Operand) -> Rule:
    """An attribute that is the number of a concept set."""

    def rule(event: BaseModel, set_of: SetOf) -> tuple[Filter, ...]:
        number: int | None = getattr(event, attribute)
        return () if number is None else (InSet(operand, set_of(number)),)

    return rule


def whole(number: int | float) -> int:
    """circe-be cuts a whole-number range towards zero, and holds it in 32 bits."""
    if isinstance(number, float):
        return max(-(2**31), min(2**31 - 1, int(number)))
    return (number + 2**31) % 2**32 - 2**31


def four_digits(number: int | float) -> Decimal:
    """circe-be writes a decimal range with four digits, halves rounded up."""
    return Decimal(repr(float(number))).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)


def numbers(attribute: str, operand: Operand, *, decimal: bool = False) -> Rule:
    """A numeric range, in whole numbers or with four digits."""
    convert: Callable[[int | float], int | Decimal] = four_digits if decimal else whole

    def rule(event: BaseModel, set_of: SetOf) -> tuple[Filter, ...]:
        given: NumericRange | None = getattr(event, attribute)
        if given is None:
            return ()
        extent = convert(given.extent) if given.extent is not None and given.op.endswith("bt") else None
        return (Compare(operand, given.op, convert(given.value), extent),)

    return rule


def dates(attribute: str, operand: Operand) -> Rule:
    """A date range."""

    def rule(event: BaseModel, set_of: SetOf) -> tuple[Filter, ...]:
        given: DateRange | None = getattr(event, attribute)
        if given is None:
            return ()
        extent = given.extent if given.op.endswith("bt") else None
        return (Compare(operand, given.op, given.value, extent),)

    return rule


def text(attribute: str, operand: Operand) -> Rule:
    """A text filter; circe-be drops backslashes before an apostrophe."""

    def rule(event: BaseModel, set_of: SetOf) -> tuple[Filter, ...]:
        given: TextFilter | None = getattr(event, attribute)
        if given is None:
            return ()
        before = "%" if given.op.endswith(("endsWith", "contains")) else ""
        after = "%" if given.op.endswith(("startsWith", "contains")) else ""
        body = re.sub(r"\\*'", "'", given.text)
        return (Like(operand, f"{before}{body}{after}", given.op.startswith("!")),)

    return rule


def abnormal(attribute: str) -> Rule:
    """A flag that asks for values outside their range."""

    def rule(event: BaseModel, set_of: SetOf) -> tuple[Filter, ...]:
        return (Abnormal(),) if getattr(event, attribute) else ()

    return rule


def user_period(attribute: str) -> Rule:
    """Each given date of a user-defined period has to lie in the period."""

    def rule(event: BaseModel, set_of: SetOf) -> tuple[Filter, ...]:
        given: Period | None = getattr(event, attribute)
        days: tuple[date | None, ...] = () if given is None else (given.start_date, given.end_date)
        return tuple(
            condition
            for day in days
            if day is not None
            for condition in (Compare(START, "lte", day), Compare(END, "gte", day))
        )

    return rule


def refused(attribute: str, why: str) -> Rule:
    """An attribute that no CDM 5.3 or 5.4 can answer."""

    def rule(event: BaseModel, set_of: SetOf) -> tuple[Filter, ...]:
        if getattr(event, attribute, None) not in (None, ()) or getattr(event, f"{attribute}_cs", None) is not None:
            name = spelling(type(event), attribute)
            raise BadInput(f"{type(event).__name__}.{name} cannot be answered: {why}; remove it")
        return ()

    return rule


_GENDER = concepts("gender", Column("person", "gender_concept_id"))
_SPECIALTY = concepts("provider_specialty", Column("provider", "specialty_concept_id"))
PERSON: tuple[Rule, ...] = (numbers("age", AGE_AT_START), _GENDER)
ERA_PERSON: tuple[Rule, ...] = (
    numbers("age_at_start", AGE_AT_START),
    numbers("age_at_end", AGE_AT_END),
    _GENDER,
)
PROVIDER: tuple[Rule, ...] = (_SPECIALTY,)
VISIT: tuple[Rule, ...] = (concepts("visit_type", Column("visit", "visit_concept_id")),)
PERIOD: tuple[Rule, ...] = (
    user_period("user_defined_period"),
    dates("period_start_date", START),
    dates("period_end_date", END),
)
