"""People at their index dates, and where each stands: what a pass over a table of events is joined with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from cohorts.draw.candidates import Bools, Ints, Small

Places = npt.NDArray[np.int32]
Keys = npt.NDArray[np.int32 | np.int64]

DENSE = 16
NEVER, NOBODY = -(2**30), 2**15 - 1
Whole = TypeVar("Whole", np.int16, np.int32)


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
    """Finds the rows of a roster by person_id: by a table where ids lie dense, else by bisection.

    It is asked by keys, which the engine makes (`key`): ids, or of a dense roster how far they lie from its first.
    once: whether each person has one row; dense: whether there is a table.
    """

    def __init__(self, roster: Roster) -> None:
        new = np.ones(len(roster), bool)
        new[1:] = roster.person[1:] != roster.person[:-1]
        self._first = np.flatnonzero(new).astype(np.int32)
        self.once = len(self._first) == len(roster)
        self._size: Ints = np.append(self._first[1:], len(roster)).astype(np.int64) - self._first
        self._people = roster.person[self._first]
        self._table: Places | None = None
        self._start, self._end = 0, 0
        self.dense = False
        if not len(self._people):
            return
        low, high = int(self._people[0]), int(self._people[-1])
        if high - low <= DENSE * len(self._people) + 1_000_000:
            # A place more at either end, for whoever lies outside.
            self._start, self._end = low - 1, high + 1
            self.dense = True
            self._table = self.by_id(np.append(np.arange(len(self._people), dtype=np.int32), np.int32(-1)))

    def by_id(self, values: npt.NDArray[Whole]) -> npt.NDArray[Whole]:
        """Lay out a value of each person, and last that of nobody, for `look_up`. Of a dense roster only."""
        out = np.full(self._end - self._start + 1, values[-1], values.dtype)
        out[self._people - self._start] = values[:-1]
        return out

    def key(self, column: str) -> str:
        """Write in SQL the key of somebody whose id stands in a column. Of a dense roster only for ids `within` it."""
        return f"({column} - ({self._start}))::INTEGER" if self.dense else f"{column}::BIGINT"

    def keys(self, person: Ints) -> Keys:
        """The keys of people by their ids, whether or not they lie within."""
        return person - self._start

    def within(self, column: str) -> str:
        """Write in SQL which ids have a key: those from the first to the last, by which an engine passes over blocks of rows."""
        return f"{column} BETWEEN {self._start} AND {self._end}" if self.dense else f"{column} IS NOT NULL"

    def look_up(self, table: npt.NDArray[Whole], keys: Keys) -> npt.NDArray[Whole]:
        """The values of some keys in what `by_id` laid out."""
        return np.take(table, keys, mode="clip")

    def rows(self, keys: Keys) -> tuple[Places, Ints | None]:
        """Rows of the roster that belong to the keys, and for each the place in `keys`; None where that is its own place.

        A key of nobody in the roster has the row -1 in the second case, and no row else.
        """
        at = self._among(keys)
        if self.once:
            return at, None
        known = np.flatnonzero(at >= 0)
        size = self._size[at[known]]
        which = np.repeat(known, size)
        within = np.arange(len(which)) - np.repeat(np.cumsum(size) - size, size)
        return (self._first[at[which]] + within).astype(np.int32), which

    def _among(self, keys: Keys) -> Places:
        if not len(self._people):
            return np.full(len(keys), -1, np.int32)
        if self._table is not None:
            return self.look_up(self._table, keys)
        at = np.minimum(np.searchsorted(self._people, keys), len(self._people) - 1).astype(np.int32)
        return np.where(self._people[at] == keys, at, np.int32(-1))


class Window:
    """Tells which events lie before the index date of their row, and not more than `back` days before it."""

    def __init__(self, roster: Roster, back: int | None) -> None:
        # The row -1 of nobody is the last: a day before every other.
        self._last = np.append(roster.day - 1, np.int32(NEVER)).astype(np.int32)
        self._back = np.uint32(2**30 if back is None else back)

    def holds(self, row: Places, day: Small) -> Bools:
        """Flags of the events; an event after the window has a negative distance, which is a large one without sign."""
        distance = np.take(self._last, row, mode="wrap") - day
        good: Bools = distance.view(np.uint32) < self._back
        return good


class Sieve(Window):
    """Finds the rows of events and keeps those of the window, in one look-up by person where each has one index date."""

    def __init__(self, roster: Roster, finder: Finder, back: int | None) -> None:
        super().__init__(roster, back)
        self._finder = finder
        self._newest = np.int32(roster.day.max(initial=0))
        self._before: npt.NDArray[np.int16] | None = None
        # Days before the newest index date, in 16 bits: half as much to keep in the processor's cache.
        if finder.dense and finder.once and self._newest - roster.day.min(initial=0) < NOBODY:
            self._before = finder.by_id(np.append(self._newest - roster.day, NOBODY).astype(np.int16))

    def keep(self, keys: Keys, day: Small) -> tuple[Places, Ints]:
        """Row and place (in `keys`) of every event of the window; an event that lies in several is there several times."""
        if self._before is None:
            row, which = self._finder.rows(keys)
            good = np.flatnonzero(self.holds(row, day if which is None else day[which]))
            return row[good], good if which is None else which[good]
        distance = self._newest - 1 - day
        distance -= self._finder.look_up(self._before, keys)
        at = np.flatnonzero(distance.view(np.uint32) < self._back)
        row = self._finder.rows(keys[at])[0]
        somebody = row >= 0  # nobody's index date is a day in the past, which an event may precede
        return (row, at) if somebody.all() else (row[somebody], at[somebody])
