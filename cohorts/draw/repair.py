"""The second pass: augmenting paths, until no further case can be served by re-pairing the matched ones.

Augmenting from the cases never takes a control away from the count of a case nor a control out of the draw,
and a matching without an augmenting path has the most pairs there can be (Berge 1957). Paths are found for
all open cases at
once: a forest grown breadth first, every tree of which gives at most one path, so that the paths share no
    one.
"""

from __future__ import annotations

import numpy as np

from cohorts.draw.candidates import Bools, Boxes, Ints, Points, Slots, pairs
from cohorts.draw.offers import Pairing

SPARE = 8
FIRST_LOOK = 64


class Graph:
    """Possible pairs of the cases that a search comes to, worked out when it does.

    All of a case's taken controls are known to it, and about `SPARE` of its free ones, the first in random order.
    """

    def __init__(self, points: Points, some: Boxes, strata: Ints, pairing: Pairing) -> None:
        self._points, self._some = points, some
        inside = np.flatnonzero(np.isin(some.stratum, strata))
        taken = pairing.mate[some.owner[inside]] >= 0
        self._taken, self._free = inside[taken], inside[~taken]
        stratum = some.stratum[self._free]
        self._rank = np.arange(len(self._free)) - np.searchsorted(stratum, stratum, "left")
        self._start = np.full(len(points), -1, np.int64)
        self._size = np.zeros(len(points), np.int64)
        self._owner: Ints = np.empty(0, np.int64)

    def edges(self, cases: Ints) -> tuple[Ints, Ints]:
        """(case, control) of the given cases, case by case, controls in their random order."""
        new = cases[self._start[cases] < 0]
        if len(new):
            self._expand(new)
        n = self._size[cases]
        at = np.repeat(self._start[cases] - (np.cumsum(n) - n), n) + np.arange(int(n.sum()))
        return np.repeat(cases, n), self._owner[at]

    def _expand(self, cases: Ints) -> None:
        found = list(pairs(self._points, Slots(self._points, cases), self._some, self._taken))
        found += self._free_pairs(cases)
        case = np.concatenate([c for c, _ in found]) if found else np.empty(0, np.int64)
        owner = self._some.owner[np.concatenate([b for _, b in found])] if found else np.empty(0, np.int64)
        by = np.lexsort((owner, case))
        case, owner = case[by], owner[by]
        new = np.ones(len(by), bool)
        new[1:] = (case[1:] != case[:-1]) | (owner[1:] != owner[:-1])
        case, owner = case[new], owner[new]
        first = np.searchsorted(case, cases, "left")
        self._start[cases] = len(self._owner) + first
        self._size[cases] = np.searchsorted(case, cases, "right") - first
        self._owner = np.append(self._owner, owner)

    def _free_pairs(self, cases: Ints) -> list[tuple[Ints, Ints]]:
        """Look for every case's first free controls in ever longer stretches of the strata."""
        found: list[tuple[Ints, Ints]] = []
        have = np.zeros(len(self._points), np.int64)
        stratum, rank = self._some.stratum[self._free], self._rank
        low, high = 0, FIRST_LOOK
        while len(cases) and len(rank):
            strata = np.unique(self._points.stratum[cases])
            look = (rank >= low) & (rank < high) & np.isin(stratum, strata)
            for case, box in pairs(self._points, Slots(self._points, cases), self._some, self._free[look]):
                found.append((case, box))
                have += np.bincount(case, minlength=len(have))
            if high > rank.max():
                break
            cases = cases[have[cases] < SPARE]
            low, high = high, high * 4
        return found


def repair(points: Points, some: Boxes, needy: Ints, pairing: Pairing) -> Ints:
    """Serve as many needy cases (one control more each) as augmenting paths can; return those left over.

    A case left over now can never be served later, whatever other augmentations follow.
    """
    while len(needy):
        graph = Graph(points, some, np.unique(points.stratum[needy]), pairing)
        served = _augment(graph, needy, pairing)
        if not len(served):
            break
        needy = needy[~np.isin(needy, served)]
    return needy


def _augment(graph: Graph, needy: Ints, pairing: Pairing) -> Ints:
    """Apply phases of disjoint augmenting paths until none is left; the cases that were served."""
    open_ = np.zeros(len(pairing.degree), bool)
    open_[needy] = True
    served: list[Ints] = []
    while True:
        ends, owner_from, case_from = _forest(graph, np.flatnonzero(open_), pairing)
        if not len(ends):
            return np.concatenate(served) if served else np.empty(0, np.int64)
        pairing.repaired[ends] = 1
        owner = ends
        roots: list[Ints] = []
        while len(owner):
            case = owner_from[owner]
            before = case_from[case]
            pairing.mate[owner] = case
            roots.append(case[before < 0])
            owner = before[before >= 0]
        root = np.concatenate(roots)
        pairing.degree[root] += 1
        open_[root] = False
        served.append(root)


def _forest(graph: Graph, roots: Ints, pairing: Pairing) -> tuple[Ints, Ints, Ints]:
    """Grow a tree from every root; return one free control of each tree that has one, and the way back.

    owner_from: the case by which a control was reached; case_from: the control by which a case was, -1 for a
        root.
    """
    owner_from = np.full(len(pairing.mate), -1, np.int64)
    case_from = np.full(len(pairing.degree), -1, np.int64)
    tree = np.full(len(pairing.degree), -1, np.int64)
    tree[roots] = roots
    done: Bools = np.zeros(len(pairing.degree), bool)
    ends: list[Ints] = []
    frontier = roots
    while len(frontier):
        case, owner = graph.edges(frontier)
        case, owner = _first_of(owner, owner_from[owner] < 0, case)
        owner_from[owner] = case
        free = pairing.mate[owner] < 0
        root, at = np.unique(tree[case[free]], return_index=True)
        ends.append(owner[free][at])
        done[root] = True
        grow = ~free & ~done[tree[case]]
        reached = pairing.mate[owner[grow]]
        came, by = owner[grow], case[grow]
        new = tree[reached] < 0
        came, by, reached = came[new], by[new], reached[new]
        reached, at = np.unique(reached, return_index=True)
        case_from[reached] = came[at]
        tree[reached] = tree[by[at]]
        frontier = reached
    return np.concatenate(ends) if ends else np.empty(0, np.int64), owner_from, case_from


def _first_of(owner: Ints, allowed: Bools, case: Ints) -> tuple[Ints, Ints]:
    """Each allowed owner once, with the first case that reaches it."""
    case, owner = case[allowed], owner[allowed]
    owner, at = np.unique(owner, return_index=True)
    return case[at], owner
