"""Who is under observation, and when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cohorts.columns.keys import Days, Whole, expand, starts

_DENSE = 8  # a look-up table may be this many times as long as there are people


@dataclass(frozen=True)
class Observed:
    """Everybody with an observation period, numbered from 0 in order of person_id, and their periods.

    ids: person_id of each number, ascending. person, start, end: the periods, in order of all three. first: where each
    person's periods begin, and the end of the last. overlapping: whether anybody's periods share a day.
    """

    ids: Whole
    person: Days
    start: Days
    end: Days
    first: Days
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

    def periods_at(self, person: Days, day: Days) -> tuple[Whole, Whole]:
        """All (row, period) of which the period holds the row's day, in order of row."""
        if not len(self.person):
            return np.empty(0, np.int64), np.empty(0, np.int64)
        if self.overlapping:
            row, every = expand(self.first[person], self.first[person + 1])
            held = (self.start[every] <= day[row]) & (day[row] <= self.end[every])
            return row[held], every[held]
        period = self._latest(person, day)
        (row,) = np.nonzero((self.start[period] <= day) & (day <= self.end[period]))
        return row, period[row].astype(np.int64)

    def _latest(self, person: Days, day: Days) -> Days:
        """The last period of each row's person that starts by its day, or the person's first one.

        Most people have one or two periods: stepping from one to the next is several times quicker than a search among
        everybody's.
        """
        period, last = self.first[person], self.first[person + 1] - 1
        rows = np.flatnonzero(period < last)
        while len(rows):
            following = period[rows] + 1
            begun = self.start[following] <= day[rows]
            rows = rows[begun]
            period[rows] = following[begun]
            rows = rows[period[rows] < last[rows]]
        return period


def observed(person_id: Whole, start: Days, end: Days) -> Observed:
    """Number the people of these periods."""
    if bool((person_id[1:] < person_id[:-1]).any()):
        order = np.argsort(person_id, kind="stable")
        person_id, start, end = person_id[order], start[order], end[order]
    begins = starts(person_id)
    ids, first = person_id[begins], np.append(begins, len(person_id)).astype(np.int32)
    person = np.repeat(np.arange(len(ids), dtype=np.int32), np.diff(first))
    same = person[1:] == person[:-1]
    later = (start[1:] > start[:-1]) | ((start[1:] == start[:-1]) & (end[1:] >= end[:-1]))
    if not bool((later | ~same).all()):
        order = np.lexsort((end, start, person))
        start, end = start[order], end[order]
    # in this order, two periods of a person that share a day have neighbours that do, unless one ends before it starts
    overlapping = bool((same & ((start[1:] <= end[:-1]) | (end[:-1] < start[:-1]))).any())
    return Observed(ids, person, start, end, first, overlapping, _lookup(ids))


def _lookup(ids: Whole) -> Days | None:
    if not len(ids) or int(ids[-1]) - int(ids[0]) > _DENSE * len(ids) + 1_000_000:
        return None
    table = np.full(int(ids[-1] - ids[0]) + 1, -1, np.int32)
    table[ids - ids[0]] = np.arange(len(ids), dtype=np.int32)
    return table
