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
from cohorts.columns.keys import LAST_DAY, MISSING, Days, Flags, Whole, broken, key, starts
from cohorts.columns.observed import Observed
from cohorts.columns.windows import IndexEvents
from cohorts.plan.nodes import Limit


@dataclass(frozen=True)
class Entries:
    """Index events in order of person, sort date and ties. nth: the primary criterion that found the event."""

    person: Days
    start: Days
    end: Days
    sort: Days
    event_id: Whole
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
        return IndexEvents(self.person, self.start, self.end, self.visit, self.op_start, self.op_end)


def primary(streams: Sequence[Events], observed: Observed, prior_days: int, post_days: int, *, visit: bool) -> Entries:
    """The events that lie in an observation period, with so many days of it before and after them.

    visit: whether the definition looks at the visits of index events.
    """
    parts = [_observed(events, nth, observed, prior_days, post_days, visit=visit) for nth, events in enumerate(streams)]
    if len(parts) == 1:
        return _ordered(parts[0])
    columns: dict[str, Any] = {}
    for field in fields(Entries):
        values = [getattr(part, field.name) for part in parts]
        columns[field.name] = None if values[0] is None else np.concatenate(values)
    return _ordered(Entries(**columns))


def _observed(events: Events, nth: int, observed: Observed, prior_days: int, post_days: int, *, visit: bool) -> Entries:
    row, period = observed.periods_at(events.key, events.person, events.start)
    start, op_start, op_end = events.start[row], observed.start[period], observed.end[period]
    if prior_days or post_days:
        long_enough = (op_start.astype(np.int64) + prior_days <= start) & (start.astype(np.int64) + post_days <= op_end)
        row, start, op_start, op_end = row[long_enough], start[long_enough], op_start[long_enough], op_end[long_enough]
    return Entries(
        person=events.person[row],
        start=start,
        end=events.ends[row],
        sort=start if events.sort is None else events.sort[row],
        event_id=events.ids[row],
        op_start=op_start,
        op_end=op_end,
        nth=np.full(len(row), nth, np.int16),
        visit=events.visit[row] if visit and events.visit is not None else None,
    )


def _ordered(given: Entries) -> Entries:
    order = _order(given, given.sort)
    return given if order is None else given.take(order)


def by_start(given: Entries) -> Entries:
    """The rows in order of person, start date and ties."""
    order = None if given.sort is given.start else _order(given, given.start)
    return given if order is None else given.take(order)


def _order(given: Entries, day: Days) -> Whole | None:
    """The order of person, day, and ties; None: they stand in it."""
    keys = key(given.person, day)
    order: Whole | None = None
    if bool((keys[1:] < keys[:-1]).any()):
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
    same = keys[1:] == keys[:-1]
    if not same.any():
        return order
    return broken(np.arange(len(keys)) if order is None else order, same, lambda rows: _ties(given, rows))


def _ties(given: Entries, rows: Whole) -> list[npt.NDArray[np.generic]]:
    """What decides among rows of one day, the last first; an unknown end or visit comes after the known ones."""
    end, visit = given.end[rows], None if given.visit is None else given.visit[rows]
    return [
        *([] if visit is None else [np.where(visit == NO_ID, np.iinfo(np.int64).max, visit)]),
        given.nth[rows], given.op_end[rows], given.op_start[rows], np.where(end == MISSING, LAST_DAY + 1, end),
        given.event_id[rows], given.sort[rows],
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
