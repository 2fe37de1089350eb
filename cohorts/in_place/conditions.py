"""Filters on one event as conditions.

An event is called c, its person p, its visit v, its provider r, its care site s. Texts never stand in SQL: a pattern is
a row of the table `phrase`, referred to by its number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from cohorts.in_place import trees
from cohorts.in_place.trees import (
    Join,
    Select,
    Tree,
    cast,
    column,
    compare,
    days_between,
    every,
    first_filled,
    minus,
    ratio,
    whole,
    year,
)
from cohorts.plan.filters import Abnormal, Compare, Filled, Filter, InSet, Like, OneOf, Operand, Place, Value, places
from cohorts.plan.filters import Column as PlaceColumn

ALIASES: Mapping[Place, str] = {"event": "c", "person": "p", "visit": "v", "provider": "r", "care_site": "s"}
_OPERATORS = {"lt": "<", "lte": "<=", "eq": "=", "!eq": "<>", "gt": ">", "gte": ">="}
# 'Abnormally high' and 'abnormally low', as circe-be has them.
_ABNORMAL_CONCEPTS = (4155142, 4155143)


@dataclass
class Phrases:
    """The LIKE patterns of a run, each with its number in the table `phrase` (number, pattern)."""

    patterns: list[str] = field(default_factory=list)

    def of(self, pattern: str) -> Tree:
        """The pattern, looked up."""
        self.patterns.append(pattern)
        number = compare(column("h.number"), "=", whole(len(self.patterns) - 1))
        found = trees.select({"pattern": column("h.pattern")}, trees.table("phrase", "h"), where=[number])
        return trees.single(found)


@dataclass(frozen=True)
class Dates:
    """What an event's dates are called: after adjustment, and as shown."""

    start: Tree = field(default_factory=lambda: column("c.start_date"))
    end: Tree = field(default_factory=lambda: column("c.end_date"))
    shown_start: Tree = field(default_factory=lambda: column("c.start_date"))
    shown_end: Tree = field(default_factory=lambda: column("c.end_date"))


def member(number: int) -> Select:
    """The concepts of a concept set of the plan."""
    chosen = compare(column("m.set_id"), "=", whole(number))
    return trees.select({"concept_id": column("m.concept_id")}, trees.table("member", "m"), where=[chosen])


def operand(given: Operand, dates: Dates) -> Tree:
    """What a filter looks at."""
    if isinstance(given, PlaceColumn):
        return column(f"{ALIASES[given.place]}.{given.name}")
    return _computed(given, dates)


def _computed(given: Value, dates: Dates) -> Tree:
    born = column("p.year_of_birth")
    value = column("c.value_as_number")
    return {
        "start": dates.start,
        "end": dates.end,
        "duration": days_between(dates.start, dates.end),
        "shown_duration": days_between(dates.shown_start, dates.shown_end),
        "age_at_start": minus(year(dates.start), born),
        "age_at_end": minus(year(dates.end), born),
        "ratio_to_low": ratio(value, column("c.range_low")),
        "ratio_to_high": ratio(value, column("c.range_high")),
        "cause_or_zero": first_filled(column("c.cause_concept_id"), whole(0)),
        "one": whole(1),
    }[given.name]


def condition(given: Filter, dates: Dates, phrases: Phrases) -> Tree:
    """One filter."""
    if isinstance(given, Abnormal):
        return _abnormal()
    looked_at = operand(given.operand, dates)
    if isinstance(given, Compare):
        return _compared(looked_at, given)
    if isinstance(given, Filled):
        return trees.is_null(looked_at) if given.negate else trees.negated(trees.is_null(looked_at))
    if isinstance(given, OneOf):
        holds = trees.one_of(looked_at, given.concepts)
    elif isinstance(given, InSet):
        holds = trees.found_in(looked_at, member(given.concept_set))
    else:
        assert isinstance(given, Like)
        holds = trees.matches(looked_at, phrases.of(given.pattern))
    return trees.negated(holds) if given.negate else holds


def _abnormal() -> Tree:
    value = column("c.value_as_number")
    return trees.some(
        [
            compare(value, "<", column("c.range_low")),
            compare(value, ">", column("c.range_high")),
            trees.one_of(column("c.value_as_concept_id"), _ABNORMAL_CONCEPTS),
        ]
    )


def _compared(looked_at: Tree, given: Compare) -> Tree:
    if isinstance(given.value, Decimal):
        looked_at = cast(looked_at, "number")
    if not given.op.endswith("bt"):
        return compare(looked_at, _OPERATORS[given.op], _literal(given.value))
    assert given.extent is not None
    within = every([compare(looked_at, ">=", _literal(given.value)), compare(looked_at, "<=", _literal(given.extent))])
    return trees.negated(within) if given.op.startswith("!") else within


def _literal(value: int | Decimal | date) -> Tree:
    if isinstance(value, date):
        return trees.day(value)
    return trees.decimal(value) if isinstance(value, Decimal) else whole(value)


def conditions(filters: Sequence[Filter], dates: Dates, phrases: Phrases) -> list[Tree]:
    """All filters; circe-be joins person, visit and care site strictly, the provider loosely (see `further_rows`)."""
    return [condition(one, dates, phrases) for one in filters]


def further_rows(filters: Sequence[Filter]) -> list[Join]:
    """The joins of the rows that these filters of an event c look at beside the event."""
    needed = places(tuple(filters))
    joins = []
    if "person" in needed:
        joins.append(trees.inner(trees.table("cdm_person", "p"), _same("p.person_id", "c.person_id")))
    if "visit" in needed:
        same = [_same("v.visit_occurrence_id", "c.visit_id"), _same("v.person_id", "c.person_id")]
        joins.append(trees.inner(trees.table("cdm_visit_occurrence", "v"), *same))
    if "care_site" in needed:
        joins.append(trees.inner(trees.table("cdm_care_site", "s"), _same("s.care_site_id", "c.care_site_id")))
    if "provider" in needed:
        joins.append(trees.left(trees.table("cdm_provider", "r"), _same("r.provider_id", "c.provider_id")))
    return joins


def _same(left: str, right: str) -> Tree:
    return compare(column(left), "=", column(right))
