"""Streams made of other streams: events for which a group holds, and eras of several streams' events."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cohorts.columns.eras import joined, ordered
from cohorts.columns.events import Counted, Events
from cohorts.columns.filters import Subjects, holds
from cohorts.columns.groups import Surroundings, group_holds
from cohorts.columns.keys import FIRST_DAY, LAST_DAY, MISSING, Days, Flags, Whole, key, starts
from cohorts.columns.observed import Observed
from cohorts.columns.windows import IndexEvents, Shared
from cohorts.plan.nodes import Adjust, Eras, Group


def keep(events: Events, group: Group, observed: Observed, around: Surroundings) -> Events:
    """The events in an observation period for which the group holds.

    circe-be joins each event to the observation periods that hold its start, and knows an event by person and event
    id: so an event outside observation is lost (but for one that shares its id with another, as death records do), and
    overlapping periods or several death records count more than once.
    """
    row, period = observed.periods_at(events.person, events.start)
    index = IndexEvents(
        events.person[row], events.start[row], events.ends[row], None if events.visit is None else events.visit[row],
        observed.start[period], observed.end[period],
    )  # fmt: skip
    known_as = _known_as(events)
    if known_as is None and not (row[1:] == row[:-1]).any():
        held = group_holds(group, index, around)
        return events.take(row[held])
    of_event = np.arange(len(events)) if known_as is None else known_as
    there, of = np.unique(of_event[row], return_inverse=True)
    held = group_holds(group, index, around, Shared(of, np.bincount(of, minlength=len(there))))
    return events.take(np.isin(of_event, there[held]))


def _known_as(events: Events) -> Whole | None:
    """A number for each (person, event id); None: no two events share theirs."""
    order = np.lexsort((events.ids, events.person))
    same = (np.diff(events.person[order]) == 0) & (np.diff(events.ids[order]) == 0)
    if not same.any():
        return None
    found = np.empty(len(events), np.int64)
    found[order] = np.cumsum(np.insert(~same, 0, True)) - 1
    return found


def eras(given: Eras, streams: Sequence[Events], around: Surroundings) -> Events:
    """Events of several streams that touch or overlap, joined; the id of an era is its rank among all."""
    person = np.concatenate([events.person for events in streams])
    start = np.concatenate([events.start for events in streams]).astype(np.int64)
    end = np.concatenate([events.ends for events in streams]).astype(np.int64)
    found = joined(ordered(person, start, end))
    days = Subjects(found.person, _days(found.start), _days(found.end))
    rank = np.arange(1, len(found) + 1)
    if given.first:
        first = starts(days.person)
        days, rank = _take(days, first), rank[first]
    if given.adjust:
        days, sound = _adjusted(days, given.adjust)
        days, rank = _take(days, sound), rank[sound]
    if given.filters:
        held = holds(given.filters, days, around.people, around.sets)
        days, rank = _take(days, held), rank[held]
    order = np.argsort(key(days.person, days.start), kind="stable")
    days, rank = _take(days, order), rank[order]
    counted = None
    if given.counted is not None:  # a duration is all that eras have to count
        known = days.end != MISSING
        counted = Counted(np.where(known, days.end - days.start.astype(np.int64), 0), known)
    return Events(
        key(days.person, days.start), days.person, days.start, days.end, rank,
        np.full(len(rank), np.iinfo(np.int64).min), None, counted,
    )  # fmt: skip


def _take(given: Subjects, rows: Flags | Whole) -> Subjects:
    return Subjects(given.person[rows], given.start[rows], given.end[rows])


def _days(value: Whole) -> Days:
    """As days of the calendar; MISSING stays."""
    inside = np.clip(value, FIRST_DAY, LAST_DAY)
    return np.where(value == MISSING, MISSING, inside).astype(np.int32)


def _adjusted(given: Subjects, adjust: Adjust) -> tuple[Subjects, Flags]:
    """Moved dates, and where they still end after they start."""

    def moved(side: str, days: int) -> Whole:
        day = (given.start if side == "start" else given.end).astype(np.int64)
        return np.where(day == MISSING, MISSING, day + days)

    start, end = moved(adjust.start_from, adjust.start_days), moved(adjust.end_from, adjust.end_days)
    sound = (start != MISSING) & (end != MISSING) & (end >= start)
    return Subjects(given.person, _days(start), _days(end)), sound
