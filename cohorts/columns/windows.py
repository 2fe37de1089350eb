"""Windows of correlated criteria: the days they leave for each index event, and the events in them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from cohorts.columns.events import NO_ID, Events
from cohorts.columns.keys import FIRST_DAY, LAST_DAY, MISSING, Days, Flags, Whole, base, expand, inside
from cohorts.plan.nodes import Check, Side

_PAIRS = 8_000_000  # looked at together


@dataclass(frozen=True)
class Shared:
    """Index rows that share keys. of: the key of each row, from 0. copies: how many rows each key has."""

    of: Whole
    copies: Whole


@dataclass(frozen=True)
class IndexEvents:
    """Events whose surroundings are asked for, in order of person: dates, and the observation period that holds them."""

    person: Days
    start: Days
    end: Days
    visit: Whole | None
    op_start: Days
    op_end: Days

    def __len__(self) -> int:
        return len(self.person)

    @cached_property
    def base(self) -> Whole:
        """What gives a key when a day is added."""
        return base(self.person)

    def part(self, low: int, high: int) -> IndexEvents:
        """Rows low to high."""
        visit = None if self.visit is None else self.visit[low:high]
        return IndexEvents(
            self.person[low:high], self.start[low:high], self.end[low:high], visit, self.op_start[low:high],
            self.op_end[low:high],
        )  # fmt: skip


def bound(side: Side, index: IndexEvents, *, latest: bool) -> Whole | None:
    """The first (`latest`: of several the latest) or last day that a side of a window leaves; None: it is open.

    From the end of an index event that has none, nothing is inside.
    """
    parts: list[Whole] = []
    if side.from_start is not None:
        parts.append(index.start.astype(np.int64) + side.from_start)
    if side.from_end is not None:
        never = LAST_DAY + 1 if latest else FIRST_DAY - 1
        parts.append(np.where(index.end == MISSING, never, index.end.astype(np.int64) + side.from_end))
    if side.period_start:
        parts.append(index.op_start.astype(np.int64))
    if side.period_end:
        parts.append(index.op_end.astype(np.int64))
    if not parts:
        return None
    found = parts[0]
    for part in parts[1:]:
        found = np.maximum(found, part) if latest else np.minimum(found, part)
    return found


def matches(check: Check, index: IndexEvents, events: Events, shared: Shared | None = None) -> Whole:
    """How many events (or distinct values) of the stream lie in the check's window, for each index row, or key."""
    if shared is not None:
        return _of_keys(check, index, events, shared)
    window = check.window
    low, high = bound(window.start_from, index, latest=True), bound(window.start_to, index, latest=False)
    first = np.searchsorted(events.key, index.base + (FIRST_DAY if low is None else inside(low)))
    only_starts = window.end_from.is_open and window.end_to.is_open and not check.same_visit and not check.distinct
    never = _beyond(low, high)
    if only_starts and _asks_for_any(check):
        found = _any(events, first, index, high)
        return np.where(never, 0, found) if never is not None else found
    last = np.searchsorted(events.key, index.base + (LAST_DAY if high is None else inside(high)), "right")
    counts = np.maximum(last - first, 0)
    if never is not None:
        counts[never] = 0
    return counts if only_starts else _looked_at(check, index, events, first, first + counts)


def _of_keys(check: Check, index: IndexEvents, events: Events, shared: Shared) -> Whole:
    """Events are counted once for each row of a key, values once for the key."""
    keys = len(shared.copies)
    if check.distinct is None:
        return np.bincount(shared.of, matches(check, index, events), minlength=keys).astype(np.int64)
    every = replace(check, distinct=None, op=2, count=2)
    counted = matches(every, index, events) > 0
    row, at = _pairs(every, index, events, np.flatnonzero(counted))
    return _count(check, events, shared.of[row], at, keys)


def _pairs(check: Check, index: IndexEvents, events: Events, rows: Whole) -> tuple[Whole, Whole]:
    """All (row, position of an event in its window) of these rows."""
    low, high = bound(check.window.start_from, index, latest=True), bound(check.window.start_to, index, latest=False)
    first = np.searchsorted(events.key, index.base + (FIRST_DAY if low is None else inside(low)))
    last = np.searchsorted(events.key, index.base + (LAST_DAY if high is None else inside(high)), "right")
    row, at = expand(first[rows], last[rows])
    held = _inside(check, index, events, rows[row], at)
    return (rows[row], at) if held is None else (rows[row][held], at[held])


def _beyond(low: Whole | None, high: Whole | None) -> Flags | None:
    """Where a bound lies beyond the calendar, so that keys would cut it to its last day."""
    after = None if low is None or not len(low) or low.max() <= LAST_DAY else low > LAST_DAY
    before = None if high is None or not len(high) or high.min() >= FIRST_DAY else high < FIRST_DAY
    if after is None or before is None:
        return after if before is None else before
    return after | before


def _asks_for_any(check: Check) -> bool:
    return check.distinct is None and (check.op, check.count) in {(2, 1), (0, 0), (1, 0)}


def _any(events: Events, first: Whole, index: IndexEvents, high: Whole | None) -> Whole:
    """1 where the first event at or after the window's first day is inside, else 0: one search instead of two."""
    if not len(events):
        return np.zeros(len(index), np.int64)
    last = index.base + (LAST_DAY if high is None else inside(high))
    held = events.key[np.minimum(first, len(events) - 1)] <= last
    return (held & (first < len(events))).astype(np.int64)


def _looked_at(check: Check, index: IndexEvents, events: Events, first: Whole, last: Whole) -> Whole:
    """The counts where each pair of index event and event has to be looked at, a bounded number at a time."""
    found = np.zeros(len(index), np.int64)
    upto = np.cumsum(last - first)
    low = 0
    while low < len(index):
        done = upto[low - 1] if low else 0
        high = max(int(np.searchsorted(upto, done + _PAIRS, "right")), low + 1)
        row, at = expand(first[low:high], last[low:high])
        part = index.part(low, high)
        held = _inside(check, part, events, row, at)
        if held is not None:
            row, at = row[held], at[held]
        found[low:high] = _count(check, events, row, at, high - low)
        low = high
    return found


def _inside(check: Check, index: IndexEvents, events: Events, row: Whole, at: Whole) -> Flags | None:
    conditions: list[Flags] = []
    window = check.window
    if not (window.end_from.is_open and window.end_to.is_open):
        end = events.ends[at]
        low, high = bound(window.end_from, index, latest=True), bound(window.end_to, index, latest=False)
        conditions.append(end != MISSING)
        conditions += [] if low is None else [end >= low[row]]
        conditions += [] if high is None else [end <= high[row]]
    if check.same_visit:
        assert events.visit is not None
        assert index.visit is not None
        visit = events.visit[at]
        conditions += [visit == index.visit[row], visit != NO_ID]
    return np.logical_and.reduce(conditions) if conditions else None


def _count(check: Check, events: Events, row: Whole, at: Whole, rows: int) -> Whole:
    if check.distinct is None:
        return np.bincount(row, minlength=rows)
    value, known = _value(check, events, at)
    row, value = row[known], value[known]
    if not len(row):
        return np.zeros(rows, np.int64)
    _, code = np.unique(value, return_inverse=True)
    pairs = np.unique(row * (int(code.max()) + 1) + code)
    return np.bincount(pairs // (int(code.max()) + 1), minlength=rows)


def _value(check: Check, events: Events, at: Whole) -> tuple[npt.NDArray[np.generic], Flags]:
    """The value that is counted by distinct, and where it is known."""
    if check.distinct == "start":
        return events.start[at], np.ones(len(at), bool)
    if check.distinct == "end":
        return events.ends[at], events.ends[at] != MISSING
    if check.distinct == "visit":
        assert events.visit is not None
        return events.visit[at], events.visit[at] != NO_ID
    assert events.counted is not None
    return events.counted.value[at], events.counted.known[at]
