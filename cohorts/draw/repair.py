"""The second pass: augmenting paths, until no further case can be served by re-pairing the matched ones.

Augmenting from the cases never takes a control away from the count of a case nor a control out of the draw,
and a matching without an augmenting path has the most pairs there can be (Berge 1957). Paths are found for
all open cases at
once: a forest grown breadth first, every tree of which gives at most one path, so that the paths share no
    one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cohorts.draw.candidates import Bools, Boxes, Ints, Points, Slots, pairs
from cohorts.draw.offers import Pairing

SPARE = 8
FIRST_LOOK = 64


@dataclass(frozen=True)
class Graph:
    """Possible pairs by case: owners of case c are `owner[start[c]:start[c + 1]]`, in random order."""

    start: Ints
    owner: Ints

    @classmethod
    def of(cls, cases: int, case: Ints, owner: Ints) -> Graph:
        """From the list of edges; doubles are dropped."""
        by = np.lexsort((owner, case))
        case, owner = case[by], owner[by]
        new = np.ones(len(by), bool)
        new[1:] = (case[1:] != case[:-1]) | (owner[1:] != owner[:-1])
        return cls(np.searchsorted(case[new], np.arange(cases + 1)), owner[new])

    def edges(self, cases: Ints) -> tuple[Ints, Ints]:
        """(case, owner) of the given cases, in their order."""
        n = self.start[cases + 1] - self.start[cases]
        at = np.repeat(self.start[cases] - (np.cumsum(n) - n), n) + np.arange(int(n.sum()))
        return np.repeat(cases, n), self.owner[at]


def repair(points: Points, some: Boxes, needy: Ints, active: Ints, pairing: Pairing) -> Ints:
    """Serve as many needy cases (one control more each) as augmenting paths can; return those left over.

    active: the cases that hold controls or may. A case left over now can never be served later, whatever
    other augmentations follow.
    """
    while len(needy):
        strata = np.unique(points.stratum[needy])
        cases = active[np.isin(points.stratum[active], strata)]
        graph = _graph(points, some, cases, strata, pairing)
        served = _augment(graph, needy, pairing)
        if not len(served):
            break
        needy = needy[~np.isin(needy, served)]
    return needy


def _graph(points: Points, some: Boxes, cases: Ints, strata: Ints, pairing: Pairing) -> Graph:
    """List the possible pairs with taken controls, and about `SPARE` with free ones for each case."""
    inside = np.flatnonzero(np.isin(some.stratum, strata))
    taken = pairing.mate[some.owner[inside]] >= 0
    found = list(pairs(points, Slots(points, cases), some, inside[taken]))
    found += _free_pairs(points, some, cases, inside[~taken])
    case = np.concatenate([c for c, _ in found]) if found else np.empty(0, np.int64)
    box = np.concatenate([b for _, b in found]) if found else np.empty(0, np.int64)
    return Graph.of(len(points), case, some.owner[box])


def _free_pairs(points: Points, some: Boxes, cases: Ints, free: Ints) -> list[tuple[Ints, Ints]]:
    """Find every case's first free controls in the random order, in ever longer stretches of the strata."""
    found: list[tuple[Ints, Ints]] = []
    have = np.zeros(len(points), np.int64)
    stratum = some.stratum[free]
    rank = np.arange(len(free)) - np.searchsorted(stratum, stratum, "left")
    low, high = 0, FIRST_LOOK
    while len(cases) and len(free):
        look = (rank >= low) & (rank < high) & np.isin(stratum, np.unique(points.stratum[cases]))
        for case, box in pairs(points, Slots(points, cases), some, free[look]):
            found.append((case, box))
            have += np.bincount(case, minlength=len(have))
        if high > rank.max(initial=0):
            break
        cases = cases[have[cases] < SPARE]
        low, high = high, high * 4
    return found


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
