"""Intervals that touch or overlap, joined into eras."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cohorts.columns.keys import MISSING, Days, Flags, Whole

_BITS = 33  # an end may lie beyond the calendar by a padding of any size that circe-be knows
_ZERO = np.int64(1) << 32


@dataclass(frozen=True)
class Intervals:
    """Rows in order of person, start, end; an end is MISSING where unknown. Days in int64: padding may be large."""

    person: Days
    start: Whole
    end: Whole

    def __len__(self) -> int:
        return len(self.person)


def ordered(person: Days, start: Whole, end: Whole) -> Intervals:
    """The rows in order of person and start; where a row ends before it starts, in order of end, too.

    Only such rows show in what order rows of one start were joined.
    """
    keys = _key(person, start)
    backward = bool((end < start).any())
    if backward:
        order = np.argsort(end, kind="stable")
        order = order[np.argsort(keys[order], kind="stable")]
    elif bool((keys[1:] >= keys[:-1]).all()):
        return Intervals(person, start, end)
    else:
        order = np.argsort(keys, kind="stable")
    return Intervals(person[order], start[order], end[order])


def joined(given: Intervals) -> Intervals:
    """Eras: a row starts one if it starts after every end before it; the era ends with its latest end."""
    if not len(given):
        return given
    opens = _opens(given)
    if opens is None:
        return given
    begins = np.flatnonzero(opens)
    return Intervals(given.person[begins], given.start[begins], np.maximum.reduceat(given.end, begins))


def _opens(given: Intervals) -> Flags | None:
    """Which rows start an era; None: all.

    A row that starts by the end of any earlier one of its person makes that one's neighbour do so: where no neighbours
    touch, nothing is joined. Only people with such neighbours need the running maximum of ends.
    """
    person, start = given.person, given.start
    touching = (person[1:] == person[:-1]) & (start[1:] <= given.end[:-1])
    if not touching.any():
        return None
    opens = np.ones(len(given), bool)
    some = np.zeros(int(person[-1]) + 1, bool)
    some[person[1:][touching]] = True
    rows = np.flatnonzero(some[person])
    person, end = person[rows], given.end[rows]
    ends = np.where(end == MISSING, person.astype(np.int64) << _BITS, _key(person, end))
    before = np.maximum.accumulate(ends)[:-1]  # of earlier persons all is smaller than any day of this one
    opens[rows[1:]] = before < _key(person, start[rows])[1:]
    return opens


def _key(person: Days, day: Whole) -> Whole:
    return (person.astype(np.int64) << _BITS) + (day + _ZERO)
