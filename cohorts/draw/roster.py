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
        by = np.argsort(person, kind="stable")
        if (person[by][1:] == person[by][:-1]).any():
            by = np.lexsort((day, person))
        person, day = person[by], day[by]
        new = np.ones(len(by), bool)
        new[1:] = (person[1:] != person[:-1]) | (day[1:] != day[:-1])
        row = np.empty(len(by), np.int32)
        row[by] = np.cumsum(new) - 1
        return cls(person[new], day[new]), row


class Finder:
    """Finds the rows of a roster by person_id: by a table where ids lie dense, else by bisection."""

    def __init__(self, roster: Roster) -> None:
        new = np.ones(len(roster), bool)
        new[1:] = roster.person[1:] != roster.person[:-1]
        self._first = np.flatnonzero(new).astype(np.int32)
        self._once = len(self._first) == len(roster)
        self._size: Ints = np.append(self._first[1:], len(roster)).astype(np.int64) - self._first
        self._people = roster.person[self._first]
        self._table: Places | None = None
        if not len(self._people):
            return
        low, high = int(self._people[0]), int(self._people[-1])
        if high - low <= DENSE * len(self._people) + 1_000_000:
            # A place more at either end, for whoever lies outside.
            self._start = low - 1
            self._table = np.full(high - low + 3, -1, np.int32)
            self._table[self._people - self._start] = np.arange(len(self._people), dtype=np.int32)

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
            return np.take(self._table, ids - self._start, mode="clip")
        at = np.minimum(np.searchsorted(self._people, ids), len(self._people) - 1).astype(np.int32)
        return np.where(self._people[at] == ids, at, np.int32(-1))


class Window:
    """Tells which events lie before the index date of their row, and not more than `back` days before it."""

    def __init__(self, roster: Roster, back: int | None) -> None:
        # The row -1 of nobody is the last: a day before every other.
        self._last = np.append(roster.day - 1, np.int32(-(2**30))).astype(np.int32)
        self._back = np.uint32(2**30 if back is None else back)

    def holds(self, row: Places, day: Small) -> Bools:
        """Flags of the events; an event after the window has a negative distance, which is a large one without sign."""
        distance = np.take(self._last, row, mode="wrap") - day
        good: Bools = distance.view(np.uint32) < self._back
        return good
