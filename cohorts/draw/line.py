"""Repair where there is at most one scale: a control's reach is a stretch of the cases in a row, so no pair is ever listed.

The search goes backwards, from the free controls: whom they could serve; which controls those cases would set free; whom these
could serve; and so on, until cases in need are reached. A stretch is two numbers, so a step of the search costs as much as there are
cases and controls, not as there are pairs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cohorts.draw.candidates import Bools, Boxes, Ints, Points, Slots
from cohorts.draw.offers import Pairing

_INDEX = np.int64(32)


@dataclass(frozen=True)
class Reached:
    """Who was reached. level: by case in a row, -1 for nobody; through: the box by which."""

    level: Ints
    through: Ints


class Line:
    """The cases of some strata in a row, and the boxes that reach any of them, by where their stretch begins.

    case: in the row; place: of every case in it, -1; box, owner, first, end: of the boxes; stratum: of each place.
    """

    def __init__(self, points: Points, some: Boxes, cases: Ints) -> None:
        slots = Slots(points, cases)
        self.case = slots.case
        self.place = np.full(len(points), -1, np.int64)
        self.place[self.case] = np.arange(len(self.case))
        self.stratum = points.stratum[self.case]
        inside = np.zeros(int(max(points.stratum.max(initial=-1), some.stratum.max(initial=-1))) + 1, bool)
        inside[self.stratum] = True
        box = np.flatnonzero(inside[some.stratum])
        first, width = slots.ranges(some, box)
        by = np.flatnonzero(width > 0)
        by = by[np.argsort(first[by], kind="stable")]
        self.owner, self.first, self.end = some.owner[box[by]], first[by], first[by] + width[by]

    def keep(self, strata: Ints) -> None:
        """Leave out the boxes of other strata."""
        some = np.isin(self.stratum[self.first], strata)
        self.owner, self.first, self.end = self.owner[some], self.first[some], self.end[some]

    def search(self, pairing: Pairing) -> Reached:
        """Reach all cases that a free control can come to, nearest first."""
        level, through = np.full(len(self.case), -1, np.int64), np.full(len(self.case), -1, np.int64)
        mate = pairing.mate[self.owner]
        frontier = np.flatnonzero(mate < 0)
        holder = np.where(mate >= 0, self.place[mate], -1)
        depth = 0
        while len(frontier):
            new, by = self._covered(frontier, level < 0)
            level[new], through[new] = depth, by
            fresh = np.zeros(len(self.case) + 1, bool)
            fresh[new] = True
            frontier = np.flatnonzero(fresh[holder])  # the place -1 of nobody is the last, and never fresh
            depth += 1
        return Reached(level, through)

    def _covered(self, boxes: Ints, open_: Bools) -> tuple[Ints, Ints]:
        """Open places that lie in any of the boxes, and in which: of those that begin before it, the one that ends last."""
        places = np.flatnonzero(open_)
        furthest = np.maximum.accumulate((self.end[boxes] << _INDEX) | np.arange(len(boxes)))
        at = np.searchsorted(self.first[boxes], places, "right") - 1
        last = furthest[np.maximum(at, 0)]
        good = (at >= 0) & (last >> _INDEX > places)
        return places[good], boxes[last[good] & np.int64(2**32 - 1)]

    def paths(self, found: Reached, roots: Ints, pairing: Pairing) -> tuple[Ints, Ints, Ints]:
        """Paths that share no control, from the places `roots`: (number of the root, control, case that is to have it).

        Paths descend level by level; of two that come to the same control, the first in the row has it.
        """
        path, place = np.arange(0), np.arange(0)
        steps: list[tuple[Ints, Ints, Ints]] = [(path, path, path)]
        by_level = found.level[roots]
        for depth in range(int(by_level.max(initial=-1)), -1, -1):
            more = np.flatnonzero(by_level == depth)
            path, place = np.append(path, more), np.append(place, roots[more])
            owner = self.owner[found.through[place]]
            by = np.argsort(path, kind="stable")
            owner, at = np.unique(owner[by], return_index=True)
            path, place = path[by][at], place[by][at]
            steps.append((path, owner, self.case[place]))
            place = self.place[pairing.mate[owner]]
        whole = np.zeros(len(roots), bool)
        whole[path] = True
        path, owner, case = (np.concatenate(x) for x in zip(*steps, strict=True))
        return path[whole[path]], owner[whole[path]], case[whole[path]]


def repair_on_line(points: Points, some: Boxes, needy: Ints, pairing: Pairing) -> Ints:
    """Do what `repair.repair` does, where there is at most one scale."""
    if not len(needy):
        return needy
    inside = np.zeros(int(points.stratum.max(initial=0)) + 1, bool)
    inside[points.stratum[needy]] = True
    there = (pairing.degree > 0) & inside[points.stratum]
    there[needy] = True
    line = Line(points, some, np.flatnonzero(there))
    left = [needy[:0]]
    while len(needy):
        found = line.search(pairing)
        place = line.place[needy]
        reached = found.level[place] >= 0
        left.append(needy[~reached])  # no path leads to it now, so none ever will
        roots = needy[reached]
        path, owner, case = line.paths(found, line.place[roots], pairing)
        pairing.repaired[owner[pairing.mate[owner] < 0]] = 1
        pairing.mate[owner] = case
        served = np.unique(path)
        pairing.degree[roots[served]] += 1
        needy = np.delete(roots, served)
        line.keep(np.unique(points.stratum[needy]))
    return np.sort(np.concatenate(left))
