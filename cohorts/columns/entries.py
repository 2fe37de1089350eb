"""Index events: primary events under observation, and the limits that keep a person's first or last one.

Order of a person's events where circe-be leaves ties to the database: by date, then source event id, end date,
observation period, criterion, visit (where the definition looks at it): rows that tie on all of them are equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from cohorts.columns.events import NO_ID, Events
from cohorts.columns.keys import LAST_DAY, MISSING, Days, Flags, Whole, broken, key, person_of, starts
from cohorts.columns.observed import Observed
from cohorts.columns.windows import IndexEvents
from cohorts.plan.nodes import Limit
from cohorts.plan.uses import Use


@dataclass(frozen=True)
class Entries:
    """Index events in order of person, sort date and ties; columns that nobody looks at are None.

    nth: the primary criterion that found the event.
    """

    person: Days
    start: Days
    end: Days | None
    sort: Days
    event_id: Whole | None
    op_start: Days
    op_end: Days
    nth: npt.NDArray[np.int16]
    visit: Whole | None

    def __len__(self) -> int:
        return len(self.person)

    def take(self, rows: npt.NDArray[np.generic]) -> Self:
        """These rows."""
        columns = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(self, **{name: column[rows] for name, column in columns.items() if column is not None})

    @cached_property
    def index(self) -> IndexEvents:
        """What groups look at."""
        return IndexEvents(self.person, self.start, self.ends, self.visit, self.op_start, self.op_end)

    @property
    def ends(self) -> Days:
        """`end`, where the definition looks at it."""
        assert self.end is not None
        return self.end

    @property
    def ids(self) -> Whole:
        """`event_id`, where the definition looks at it."""
        assert self.event_id is not None
        return self.event_id


def primary(
    streams: Sequence[Events],
    observed: Observed,
    prior_days: int,
    post_days: int,
    use: Use,
    *,
    ties: bool,
    first: bool,
) -> Entries:
    """The events that lie in an observation period, with so many days of it before and after them.

    use: what the definition looks at. ties: whether it matters which of a person's events of one day comes first.
    first: only a person's events of the first day, as the others do not matter.
    """
    parts = [_observed(events, nth, observed, prior_days, post_days, use) for nth, events in enumerate(streams)]
    if len(parts) == 1:
        return _ordered(parts[0], ties=ties, first=first)
    columns: dict[str, Any] = {}
    for field in fields(Entries):
        values = [getattr(part, field.name) for part in parts]
        columns[field.name] = None if values[0] is None else np.concatenate(values)
    return _ordered(Entries(**columns), ties=ties, first=first)


def _observed(events: Events, nth: int, observed: Observed, prior_days: int, post_days: int, use: Use) -> Entries:
    row, period = observed.periods_at(events.person, events.start)
    start, op_start, op_end = events.start[row], observed.start[period], observed.end[period]
    if prior_days or post_days:
        long_enough = (op_start.astype(np.int64) + prior_days <= start) & (start.astype(np.int64) + post_days <= op_end)
        row, start, op_start, op_end = row[long_enough], start[long_enough], op_start[long_enough], op_end[long_enough]
    return Entries(
        person=events.person[row],
        start=start,
        end=events.ends[row] if use.ends else None,
        sort=start if events.sort is None else events.sort[row],
        event_id=events.ids[row] if use.ids else None,
        op_start=op_start,
        op_end=op_end,
        nth=np.full(len(row), nth, np.int16),
        visit=events.visit[row] if use.visit and events.visit is not None else None,
    )


def _ordered(given: Entries, *, ties: bool, first: bool) -> Entries:
    order = _order(given, given.sort, ties=ties, first=first)
    return given if order is None else given.take(order)


def by_start(given: Entries, *, ties: bool) -> Entries:
    """The rows in order of person, start date and, if they matter, ties."""
    order = None if given.sort is given.start else _order(given, given.start, ties=ties)
    return given if order is None else given.take(order)


def _order(given: Entries, day: Days, *, ties: bool, first: bool = False) -> Whole | None:
    """The order of person, day, and ties if they matter, of all events or of the first day's; None: they stand in it."""
    keys = key(given.person, day)
    order: Whole | None = None
    if bool((keys[1:] < keys[:-1]).any()):
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
    if first:
        begins = starts(person_of(keys))
        leads = keys == np.repeat(keys[begins], np.diff(np.append(begins, len(keys))))
        order, keys = np.flatnonzero(leads) if order is None else order[leads], keys[leads]
    if not ties or not (same := keys[1:] == keys[:-1]).any():
        return order
    return broken(np.arange(len(keys)) if order is None else order, same, lambda rows: _ties(given, rows))


def _ties(given: Entries, rows: Whole) -> list[npt.NDArray[np.generic]]:
    """What decides among rows of one day, the last first; an unknown end or visit comes after the known ones."""
    end, visit = given.ends[rows], None if given.visit is None else given.visit[rows]
    return [
        *([] if visit is None else [np.where(visit == NO_ID, np.iinfo(np.int64).max, visit)]),
        given.nth[rows], given.op_end[rows], given.op_start[rows], np.where(end == MISSING, LAST_DAY + 1, end),
        given.ids[rows], given.sort[rows],
    ]  # fmt: skip


def limited(given: Entries, limit: Limit, day: Days) -> Whole | None:
    """The rows of each person's first or last event by `day`, by which the rows are in order; None: all."""
    if limit == "all":
        return None
    begins = starts(given.person)
    if limit == "first":
        return begins.astype(np.int64)
    keys = key(given.person, day)
    ends = np.append(begins[1:], len(keys)) - 1
    return np.searchsorted(keys, keys[ends]).astype(np.int64) if len(keys) else begins.astype(np.int64)


def kept(given: Entries, flags: Flags) -> Entries:
    """The rows with a flag."""
    return given if flags.all() else given.take(flags)
