"""Who is under observation, and when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cohorts.columns.keys import Days, Whole, expand, key, starts

_DENSE = 8  # a look-up table may be this many times as long as there are people


@dataclass(frozen=True)
class Observed:
    """Everybody with an observation period, numbered from 0 in order of person_id, and their periods.

    ids: person_id of each number, ascending. person, start, end: the periods, in order of all three; keys: of person and
    start. first: where each
    person's periods begin, and the end of the last. overlapping: whether anybody's periods share a day.
    """

    ids: Whole
    person: Days
    start: Days
    end: Days
    keys: Whole
    first: Whole
    overlapping: bool
    lookup: Days | None

    def number(self, person_id: Whole) -> Days:
        """The number of each person_id; -1: never under observation."""
        if not len(self.ids):
            return np.full(len(person_id), -1, np.int32)
        if self.lookup is not None:
            offset = person_id - self.ids[0]
            inside = (offset >= 0) & (offset < len(self.lookup))
            return self.lookup[offset] if inside.all() else np.where(inside, self.lookup[offset * inside], np.int32(-1))
        place = np.minimum(np.searchsorted(self.ids, person_id), len(self.ids) - 1)
        return np.where(self.ids[place] == person_id, place, -1).astype(np.int32)

    def periods_at(self, keys: Whole, person: Days, day: Days) -> tuple[Whole, Whole]:
        """All (row, period) of which the period holds the row's day; rows in order of `keys`."""
        if not len(self.person):
            return np.empty(0, np.int64), np.empty(0, np.int64)
        if self.overlapping:
            row, period = expand(self.first[person], self.first[person + 1])
            held = (self.start[period] <= day[row]) & (day[row] <= self.end[period])
            return row[held], period[held]
        period = np.searchsorted(self.keys, keys, "right") - 1
        held = (period >= 0) & (self.person[period] == person) & (self.end[period] >= day)
        (row,) = np.nonzero(held)
        return row, period[row]


def observed(person_id: Whole, start: Days, end: Days) -> Observed:
    """Number the people of these periods."""
    order = np.argsort(person_id, kind="stable")  # quick where the table is in this order, or nearly
    person_id, start, end = person_id[order], start[order], end[order]
    begins = starts(person_id)
    ids, first = person_id[begins], np.append(begins, len(person_id)).astype(np.int64)
    person = np.repeat(np.arange(len(ids), dtype=np.int32), np.diff(first))
    keys, ends = key(person, start), key(person, end)
    later = np.diff(keys)
    if not bool(((later > 0) | ((later == 0) & (np.diff(end) >= 0))).all()):
        order = np.lexsort((end, keys))
        start, end, keys, ends = start[order], end[order], keys[order], ends[order]
    overlapping = bool((keys[1:] <= np.maximum.accumulate(ends)[:-1]).any())
    return Observed(ids, person, start, end, keys, first, overlapping, _lookup(ids))


def _lookup(ids: Whole) -> Days | None:
    if not len(ids) or int(ids[-1]) - int(ids[0]) > _DENSE * len(ids) + 1_000_000:
        return None
    table = np.full(int(ids[-1] - ids[0]) + 1, -1, np.int32)
    table[ids - ids[0]] = np.arange(len(ids), dtype=np.int32)
    return table
