"""Intervals that touch or overlap, joined into eras."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cohorts.columns.keys import MISSING, Days, Whole

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
    ends = np.where(given.end == MISSING, given.person.astype(np.int64) << _BITS, _key(given.person, given.end))
    before = np.maximum.accumulate(ends)[:-1]  # of earlier persons all is smaller than any day of this one
    opens = np.concatenate(([True], before < _key(given.person, given.start)[1:]))
    begins = np.flatnonzero(opens)
    person = given.person[begins]
    latest = np.maximum.reduceat(ends, begins) - (person.astype(np.int64) << _BITS)
    return Intervals(person, given.start[begins], np.where(latest == 0, MISSING, latest - _ZERO))


def _key(person: Days, day: Whole) -> Whole:
    return (person.astype(np.int64) << _BITS) + (day + _ZERO)
