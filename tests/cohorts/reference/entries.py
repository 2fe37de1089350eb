"""Who may enter, and when: primary events, and the three limits that keep a person's first or last one.

    primary limit       of all primary events
    qualified limit     of those that meet the additional criteria; only where a definition has AdditionalCriteria, be it
                        an empty group
    expression limit    of those that keep every inclusion rule

circe-be orders a person's events by date only, and leaves the rest to the database. Here they have one order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from tests.cohorts.reference import groups
from tests.cohorts.reference.comparisons import day
from tests.cohorts.reference.criteria import events_of
from tests.cohorts.reference.eras import days, in_order
from tests.cohorts.reference.setting import Event, Json, Setting
from tests.cohorts.reference.windows import Index


@dataclass(frozen=True)
class Primary:
    """A primary event in an observation period. nth: the place of its criterion."""

    event: Event
    period: tuple[date, date]
    nth: int


def primary_events(definition: Json, setting: Setting) -> list[Index]:
    """What the primary limit leaves. A person's events are numbered from 1, in their order."""
    asked = definition["PrimaryCriteria"]
    window = asked.get("ObservationWindow") or {}
    found: dict[int, list[Primary]] = {}
    for nth, criterion in enumerate(asked["CriteriaList"]):
        for person, events in events_of(criterion, setting).items():
            for event in events:
                for period in setting.hospital.periods_with(person, event.start):
                    if _observed_long_enough(event, period, window):
                        found.setdefault(person, []).append(Primary(event, period, nth))
    limit = _kind(asked.get("PrimaryCriteriaLimit"), "First")
    return [index for person in sorted(found) for index in _numbered(found[person], limit)]


def _observed_long_enough(event: Event, period: tuple[date, date], window: Json) -> bool:
    before, after = days(window.get("PriorDays") or 0), days(window.get("PostDays") or 0)
    return period[0] + before <= event.start and event.start + after <= period[1]


def _numbered(theirs: Sequence[Primary], limit: str) -> list[Index]:
    """By date (the last one first, if the limit asks for it), then source id, then whatever tells them apart."""

    def order(one: Primary) -> tuple[object, ...]:
        event = one.event
        turn = -1 if limit == "LAST" else 1  # turns the date around, but not the rest
        ties = (event.id, in_order(event.end), one.period, one.nth, (event.visit is None, event.visit))
        return turn * event.sort_date.toordinal(), ties

    ordered = sorted(theirs, key=order)
    return [
        Index(one.event.person, number, one.event.start, one.event.end, one.event.visit, *one.period)
        for number, one in enumerate(ordered if limit == "ALL" else ordered[:1], 1)
    ]


def qualified_events(definition: Json, primary: Sequence[Index], setting: Setting) -> list[Index]:
    """What the additional criteria and the qualified limit leave."""
    group = definition.get("AdditionalCriteria")
    if group is None:
        return list(primary)
    meeting = [index for index in primary if groups.holds([index], group, setting)]
    return limited(meeting, _kind(definition.get("QualifiedLimit"), "First"))


def included_events(definition: Json, judged: Sequence[tuple[Index, frozenset[int]]]) -> list[Index]:
    """What the inclusion rules and the expression limit leave."""
    rules = len(definition.get("InclusionRules") or ())
    keeping_all = [index for index, held in judged if len(held) == rules]
    return limited(keeping_all, _kind(definition.get("ExpressionLimit"), "First"))


def limited(events: Sequence[Index], limit: str) -> list[Index]:
    """Each person's first or last event; of several on that day, the one with the smaller number."""
    if limit == "ALL":
        return list(events)
    best: dict[int, Index] = {}
    order: Callable[[Index], tuple[int, int]] = lambda one: (  # noqa: E731
        one.start.toordinal() * (-1 if limit == "LAST" else 1),
        one.id,
    )
    for event in sorted(events, key=order):
        best.setdefault(event.person, event)
    return list(best.values())


def _kind(limit: Json | None, default: str) -> str:
    """A limit that is not there is First (as circe-be reads it); one whose type is null is none."""
    if limit is None:
        return default
    return (limit.get("Type", default) or "All").upper()


def censor_window(definition: Json) -> tuple[date | None, date | None]:
    window = definition.get("CensorWindow") or {}
    return day(window.get("StartDate")), day(window.get("EndDate"))
