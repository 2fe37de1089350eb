"""Pair cases with controls, each control once: at the optimum, in a random order that a grown database keeps.

Every pass ends with `repair`, so that no pass leaves out a case that could have been served. Which of two
optima is meant when controls are short is the caller's word (`DrawSpec.objective`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from cohorts.draw.candidates import Boxes, Ints, Points
from cohorts.draw.offers import Pairing, offer
from cohorts.draw.repair import repair

FirstPass = Callable[[Points, Boxes, Ints, Pairing], None]
"""Gives each of some cases one control more where one is left, without moving anybody who is matched."""


@dataclass(frozen=True)
class Matched:
    """The outcome.

    case, owner: the pairs, by case and then by control; repaired: 1 for a control that came
    in over an augmenting path; served: the cases that have a control, unmatched: those tried in vain, both
    ascending; exchanged: controls that came in for the sake of balance.
    """

    case: Ints
    owner: Ints
    repaired: Ints
    served: Ints
    unmatched: Ints
    exchanged: int = 0


def match(
    points: Points,
    some: Boxes,
    wanted: int,
    ratio: int,
    full_sets: bool = False,
    first_pass: FirstPass = offer,
    polish: Callable[[Pairing, Ints], int] | None = None,
) -> Matched:
    """Match up to `wanted` cases, taken in their order, with up to `ratio` controls each, each used once.

    A case that cannot be matched is replaced by the next. Without `full_sets` as many of the tried cases as
    possible have one control, and subject to it the pairs are the most there can be (a maximum flow). With
    it, cases that cannot be filled give their controls to others first (a greedy heuristic: the exact problem
    is set packing). first_pass: who is offered to whom before the repair, at random unless said; polish: a last step
    that may exchange controls of the served cases one for one, and says how many it did.
    """
    draw = _Draw(points, some, wanted, Pairing.empty(len(points), some.owners), first_pass)
    if full_sets and ratio > 1:
        draw.fill_sets(ratio)
    else:
        draw.serve(1)
        for level in range(2, ratio + 1):
            draw.deepen(level)
    exchanged = polish(draw.pairing, draw.served) if polish else 0
    return replace(draw.outcome(), exchanged=exchanged)


class _Draw:
    """One matching under way: which cases have been tried, which are served."""

    def __init__(self, points: Points, some: Boxes, wanted: int, pairing: Pairing, first_pass: FirstPass) -> None:
        self.points, self.some, self.wanted, self.pairing = points, some, wanted, pairing
        self.first_pass = first_pass
        self.served: Ints = np.empty(0, np.int64)
        self.tried = 0

    def serve(self, depth: int) -> None:
        """Bring cases in, in their order, until `wanted` hold `depth` controls or none is left to try."""
        batch = 0
        while len(self.served) < self.wanted and self.tried < len(self.points):
            missing = self.wanted - len(self.served)
            batch = max(missing, 2 * batch)
            fresh = np.arange(self.tried, min(self.tried + batch, len(self.points)))
            self.tried += len(fresh)
            active = np.append(self.served, fresh)
            for level in range(1, depth + 1):
                self._pass(active, level)
            good = active[self.pairing.degree[active] >= depth][: self.wanted]
            self._release(np.setdiff1d(fresh, good))
            self.served = good

    def deepen(self, level: int) -> None:
        """Give the served cases that hold level - 1 controls one more, where possible."""
        self._pass(self.served, level)

    def fill_sets(self, ratio: int) -> None:
        """Whole sets first; then what is left goes to further cases."""
        self.serve(1)
        for level in range(2, ratio + 1):
            self.deepen(level)
        dropped = self._give_up(ratio)
        self.serve(ratio)
        room = self.wanted - len(self.served)
        again = np.setdiff1d(np.append(dropped, np.arange(self.tried)), self.served)
        self._pass(np.append(self.served, again), 1)
        good = again[self.pairing.degree[again] > 0][:room]
        self._release(np.setdiff1d(again, good))
        self.served = np.sort(np.append(self.served, good))
        for level in range(2, ratio + 1):
            self.deepen(level)

    def _give_up(self, ratio: int) -> Ints:
        """Until every served case is full: the emptiest case of each stratum hands its controls on."""
        dropped: list[Ints] = []
        while True:
            degree = self.pairing.degree
            partial = self.served[degree[self.served] < ratio]
            if not len(partial):
                return np.concatenate(dropped) if dropped else np.empty(0, np.int64)
            by = np.lexsort((-partial, degree[partial], self.points.stratum[partial]))
            partial = partial[by]
            _, first, count = np.unique(self.points.stratum[partial], return_index=True, return_counts=True)
            rank = np.arange(len(partial)) - np.repeat(first, count)
            victims = partial[rank < np.repeat((count + 7) // 8, count)]
            self._release(victims)
            dropped.append(victims)
            self.served = np.setdiff1d(self.served, victims)
            for level in range(2, ratio + 1):
                self.deepen(level)

    def _pass(self, active: Ints, level: int) -> None:
        """One control more for those of the active cases that hold level - 1."""
        needy = active[self.pairing.degree[active] == level - 1]
        if len(needy) and len(self.some):
            self.first_pass(self.points, self.some, needy, self.pairing)
            short = needy[self.pairing.degree[needy] < level]
            repair(self.points, self.some, short, self.pairing)

    def _release(self, cases: Ints) -> None:
        gone = np.zeros(len(self.points), bool)
        gone[cases] = True
        mate = self.pairing.mate
        mate[(mate >= 0) & gone[mate]] = -1
        self.pairing.degree[cases] = 0

    def outcome(self) -> Matched:
        """Collect the pairs, and who was tried in vain."""
        owner = np.flatnonzero(self.pairing.mate >= 0)
        case = self.pairing.mate[owner]
        by = np.lexsort((owner, case))
        tried = np.arange(self.tried)
        last = int(self.served.max(initial=-1))
        before = tried if len(self.served) < self.wanted else tried[: last + 1]
        unmatched = np.setdiff1d(before, self.served)
        return Matched(case[by], owner[by], self.pairing.repaired[owner[by]], self.served, unmatched)
