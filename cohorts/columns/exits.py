"""When entries end: the earliest candidate on or after the start."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cohorts.columns.entries import Entries
from cohorts.columns.eras import Intervals, joined, ordered
from cohorts.columns.events import Events
from cohorts.columns.keys import LAST_DAY, MISSING, Whole, expand, inside, key
from cohorts.plan.nodes import DrugExit, OffsetExit

NEVER = np.int64(LAST_DAY) + 1


def drug_eras(given: DrugExit, exposures: Sequence[Events]) -> Intervals:
    """Eras of exposure to the drugs of an exit.

    Padded by gap and offset while they are joined; the gap is taken off again, the offset stays.
    """
    person = np.concatenate([events.person for events in exposures])
    start = np.concatenate([events.start for events in exposures]).astype(np.int64)
    supplied = given.days_supply
    ends = [
        events.ends.astype(np.int64) if supplied is None else events.start + np.int64(supplied) for events in exposures
    ]
    end = np.concatenate(ends)
    eras = joined(ordered(person, start, np.where(end == MISSING, MISSING, end + given.gap + given.offset)))
    return Intervals(eras.person, eras.start, np.where(eras.end == MISSING, MISSING, eras.end - given.gap))


def offset(given: OffsetExit, entries: Entries) -> Whole:
    """Days after the start or end of the event, at the latest the end of observation; NEVER if it has no end."""
    day = (entries.ends if given.field == "end" else entries.start).astype(np.int64)
    return np.where(day == MISSING, NEVER, np.minimum(day + given.days, entries.op_end))


def drug(entries: Entries, eras: Intervals, *, disjoint: bool) -> Whole:
    """The end of the drug era that holds the start; NEVER if none does. disjoint: no day lies in two eras."""
    if not len(eras):
        return np.full(len(entries), NEVER)
    keys, day = key(eras.person, inside(eras.start)), entries.start.astype(np.int64)
    last = np.searchsorted(keys, key(entries.person, entries.start), "right")
    if disjoint:
        at = np.maximum(last - 1, 0)
        held = (last > 0) & (eras.person[at] == entries.person) & (eras.end[at] >= day)
        return np.where(held, eras.end[at], NEVER)
    first = np.searchsorted(eras.person, entries.person)
    row, at = expand(first, last)
    ends = np.where(eras.end[at] >= day[row], eras.end[at], NEVER)
    found = np.full(len(entries), NEVER)
    np.minimum.at(found, row, ends)
    return found


def censored(entries: Entries, streams: Sequence[Events]) -> Whole:
    """The first censoring event from the start to the end of observation; NEVER if there is none."""
    found = np.full(len(entries), NEVER)
    low, high = key(entries.person, entries.start), key(entries.person, entries.op_end)
    for events in streams:
        if not len(events):
            continue
        first = np.searchsorted(events.key, low)
        at = np.minimum(first, len(events) - 1)
        held = (first < len(events)) & (events.key[at] <= high)
        found = np.minimum(found, np.where(held, events.start[at], NEVER))
    return found


def earliest(entries: Entries, candidates: Sequence[Whole]) -> Whole:
    """The earliest candidate that is not before the start; NEVER if there is none."""
    later = [np.where(candidate >= entries.start, candidate, NEVER) for candidate in candidates]
    return later[0] if len(later) == 1 else np.minimum.reduce(later)
