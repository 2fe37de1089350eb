"""Filters as SQL conditions.

Whole numbers, decimals and dates are written by us from typed values; texts are bound.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from cohorts.plan.filters import (
    Abnormal,
    Column,
    Compare,
    Filled,
    Filter,
    InSet,
    Like,
    OneOf,
    Operand,
    places,
)

_ALIASES = {"event": "c", "person": "p", "visit": "v", "provider": "r", "care_site": "s"}
_OPERATORS = {"lt": "<", "lte": "<=", "eq": "=", "!eq": "<>", "gt": ">", "gte": ">="}
_ABNORMAL_CONCEPTS = (4155142, 4155143)  # 'Abnormally high', 'Abnormally low'


@dataclass
class Bound:
    """Texts bound to a statement, by parameter name."""

    values: dict[str, str] = field(default_factory=dict)

    def add(self, value: str) -> str:
        """The placeholder of a text."""
        name = f"text_{len(self.values)}"
        self.values[name] = value
        return f"${name}"


@dataclass(frozen=True)
class Dates:
    """How the statement calls an event's dates: after adjustment, and as shown."""

    start: str = "c.start_date"
    end: str = "c.end_date"
    shown_start: str = "c.start_date"
    shown_end: str = "c.end_date"


def literal(value: int | Decimal | date) -> str:
    """A value of ours as SQL."""
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def operand(given: Operand, dates: Dates) -> str:
    """What a filter looks at, as SQL."""
    if isinstance(given, Column):
        return f"{_ALIASES[given.place]}.{given.name}"
    return {
        "start": dates.start,
        "end": dates.end,
        "duration": f"({dates.end} - {dates.start})",
        "shown_duration": f"({dates.shown_end} - {dates.shown_start})",
        "age_at_start": f"(year({dates.start}) - p.year_of_birth)",
        "age_at_end": f"(year({dates.end}) - p.year_of_birth)",
        "ratio_to_low": "(c.value_as_number / nullif(c.range_low, 0))",
        "ratio_to_high": "(c.value_as_number / nullif(c.range_high, 0))",
        "cause_or_zero": "coalesce(c.cause_concept_id, 0)",
        "one": "1",
    }[given.name]


def condition(given: Filter, dates: Dates, bound: Bound) -> str:
    """One filter as SQL."""
    if isinstance(given, Abnormal):
        low, high = _ABNORMAL_CONCEPTS
        return (
            "(c.value_as_number < c.range_low OR c.value_as_number > c.range_high "
            f"OR c.value_as_concept_id IN ({low}, {high}))"
        )
    text = operand(given.operand, dates)
    if isinstance(given, Compare):
        return _compare(text, given)
    negation = "NOT " if given.negate else ""
    if isinstance(given, OneOf):
        return f"{text} {negation}IN ({', '.join(map(str, given.concepts))})"
    if isinstance(given, InSet):
        return f"{text} {negation}IN (SELECT concept_id FROM member WHERE set_id = {given.concept_set})"
    if isinstance(given, Filled):
        return f"{text} IS {'' if given.negate else 'NOT '}NULL"
    assert isinstance(given, Like)
    return f"{text} {negation}LIKE {bound.add(given.pattern)}"


def _compare(text: str, given: Compare) -> str:
    if given.op.endswith("bt"):
        assert given.extent is not None
        negation = "NOT " if given.op.startswith("!") else ""
        return f"{negation}({text} >= {literal(given.value)} AND {text} <= {literal(given.extent)})"
    return f"{text} {_OPERATORS[given.op]} {literal(given.value)}"


def conjunction(filters: tuple[Filter, ...], dates: Dates, bound: Bound) -> str:
    """All filters; circe-be joins person, visit and care site strictly, the provider loosely."""
    present = [
        f"{_ALIASES[place]}.{column} IS NOT NULL"
        for place, column in (
            ("person", "person_id"),
            ("visit", "visit_occurrence_id"),
            ("care_site", "care_site_id"),
        )
        if place in places(filters)
    ]
    return " AND ".join([*present, *(condition(one, dates, bound) for one in filters)])


def among(numbers: list[int]) -> str:
    """The comparison with one of these numbers."""
    return f"= {numbers[0]}" if len(numbers) == 1 else f"IN ({', '.join(map(str, numbers))})"
