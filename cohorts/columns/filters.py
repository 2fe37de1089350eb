"""Conditions on days and on persons, for events that no table holds: index events, and eras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from cohorts.columns.events import NO_ID
from cohorts.columns.keys import MISSING, Days, Flags, Whole
from cohorts.plan.filters import Column, Compare, Filled, Filter, InSet, OneOf, Operand, Value, places

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class People:
    """Columns of the table person by person number; NO_ID where NULL. present: who has a row there."""

    present: Flags
    columns: Mapping[str, Whole]


@dataclass(frozen=True)
class Subjects:
    """What the conditions look at: persons and days, row by row."""

    person: Days
    start: Days
    end: Days


def holds(filters: Sequence[Filter], given: Subjects, people: People | None, sets: Sequence[Whole]) -> Flags:
    """Where all conditions hold; NULL never does, nor does a person who has no row where one is looked at."""
    found = np.ones(len(given.person), bool)
    if "person" in places(tuple(filters)):
        assert people is not None
        found &= people.present[given.person]
    for condition in filters:
        found &= _holds(condition, given, people, sets)
    return found


def _holds(condition: Filter, given: Subjects, people: People | None, sets: Sequence[Whole]) -> Flags:
    assert isinstance(condition, OneOf | InSet | Filled | Compare)
    value, known = _operand(condition.operand, given, people)
    if isinstance(condition, Filled):
        return ~known if condition.negate else known
    if isinstance(condition, Compare):
        return known & _compare(value, condition)
    if isinstance(condition, InSet):
        members = sets[condition.concept_set]
        if not len(members) and condition.negate:  # NULL, too, is outside an empty set
            return np.ones(len(value), bool)
    else:
        members = np.array(condition.concepts, np.int64)
    among = np.isin(value, members)
    return known & (~among if condition.negate else among)


def _operand(operand: Operand, given: Subjects, people: People | None) -> tuple[Whole, Flags]:
    if isinstance(operand, Column):
        assert people is not None
        value = people.columns[operand.name][given.person]
        return value, value != NO_ID
    start, end = given.start.astype(np.int64), given.end.astype(np.int64)
    started, ended = given.start != MISSING, given.end != MISSING
    if operand == Value("start"):
        return start, started
    if operand == Value("end"):
        return end, ended
    if operand == Value("duration"):
        return end - start, started & ended
    assert operand.name in {"age_at_start", "age_at_end"}
    assert people is not None
    born = people.columns["year_of_birth"][given.person]
    day, dated = (start, started) if operand.name == "age_at_start" else (end, ended)
    return year(np.where(dated, day, 0)) - born, dated & (born != NO_ID)


def year(day: npt.NDArray[np.integer]) -> Whole:
    """The calendar year of each day."""
    return day.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970


def _compare(value: Whole, given: Compare) -> Flags:
    low = _number(given.value)
    if given.op.endswith("bt"):
        assert given.extent is not None
        inside: Flags = (value >= low) & (value <= _number(given.extent))
        return ~inside if given.op.startswith("!") else inside
    found: Flags = {
        "lt": np.less, "lte": np.less_equal, "eq": np.equal, "!eq": np.not_equal, "gt": np.greater,
        "gte": np.greater_equal,
    }[given.op](value, low)  # fmt: skip
    return found


def _number(value: int | Decimal | date) -> int | float:
    if isinstance(value, date):
        return (value - _EPOCH).days
    return float(value) if isinstance(value, Decimal) else value
