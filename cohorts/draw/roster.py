"""People at their index dates, and where each stands: what a pass over a table of events is joined with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cohorts.draw.candidates import Bools, Ints, Small

Places = npt.NDArray[np.int32]

DENSE = 16


@dataclass(frozen=True)
class Roster:
    """person, day: n different pairs of person_id and index date (days since 1970), ascending."""

    person: Ints
    day: Small

    def __len__(self) -> int:
        return len(self.person)

    @classmethod
    def of(cls, person: Ints, day: Small) -> tuple[Roster, Places]:
        """Make a roster of pairs in any order; also the roster's row of every pair."""
        by = np.lexsort((day, person)) if len(person) and not _ascending(person) else np.arange(len(person))
        person, day = person[by], day[by]
        new = np.ones(len(by), bool)
        new[1:] = (person[1:] != person[:-1]) | (day[1:] != day[:-1])
        row = np.empty(len(by), np.int32)
        row[by] = np.cumsum(new) - 1
        return cls(person[new], day[new]), row


def _ascending(person: Ints) -> bool:
    return bool((person[1:] > person[:-1]).all())


class Finder:
    """Finds the rows of a roster by person_id: by a table where ids lie dense, else by bisection."""

    def __init__(self, roster: Roster) -> None:
        new = np.ones(len(roster), bool)
        new[1:] = roster.person[1:] != roster.person[:-1]
        first = np.flatnonzero(new).astype(np.int32)
        self._once = len(first) == len(roster)
        self._first = first
        self._size: Ints = np.append(first[1:], len(roster)).astype(np.int64) - first
        self._people = roster.person[first]
        self._low = int(self._people[0]) if len(first) else 0
        span = int(self._people[-1]) - self._low + 1 if len(first) else 0
        self._table: Places | None = None
        if span <= DENSE * len(first) + 1_000_000:
            self._table = np.full(span, -1, np.int32)
            self._table[self._people - self._low] = np.arange(len(first), dtype=np.int32)

    def rows(self, ids: Ints) -> tuple[Places, Ints | None]:
        """Rows of the roster that belong to the ids, and for each the place in `ids`; None where that is its own place.

        An id of nobody in the roster has the row -1 in the second case, and no row else.
        """
        at = self._among(ids)
        if self._once:
            return at, None
        known = np.flatnonzero(at >= 0)
        size = self._size[at[known]]
        which = np.repeat(known, size)
        within = np.arange(len(which)) - np.repeat(np.cumsum(size) - size, size)
        return (self._first[at[which]] + within).astype(np.int32), which

    def _among(self, ids: Ints) -> Places:
        if not len(self._people):
            return np.full(len(ids), -1, np.int32)
        if self._table is not None:
            inside = (ids >= self._low) & (ids < self._low + len(self._table))
            if inside.all():
                return self._table[ids - self._low]
            return np.where(inside, self._table[np.where(inside, ids - self._low, 0)], np.int32(-1))
        at = np.minimum(np.searchsorted(self._people, ids), len(self._people) - 1).astype(np.int32)
        return np.where(self._people[at] == ids, at, np.int32(-1))


def within(roster: Roster, row: Places, day: Small, back: int | None) -> Bools:
    """Which events lie before the index date of their row, and not more than `back` days before it."""
    at = roster.day[row]
    good: Bools = (row >= 0) & (day < at)
    if back is not None:
        good &= day >= at - back
    return good
