"""The second pass: augmenting paths, until no further case can be served by re-pairing the matched ones.

Augmenting from the cases never takes a control away from the count of a case nor a control out of the draw,
and a matching without an augmenting path has the most pairs there can be (Berge 1957). Paths are found for
all open cases at
once: a forest grown breadth first, every tree of which gives at most one path, so that the paths share no
    one.
"""

from __future__ import annotations

import numpy as np

from cohorts.draw.candidates import Bools, Boxes, Ints, Points, Slots, fits, pack, pairs, parts_of
from cohorts.draw.line import repair_on_line
from cohorts.draw.offers import Pairing

SPARE = 8
MANY = 30
FIRST_LOOK, LAST_LOOK = 64, 4096
"""A case that finds too few in so long a stretch of the random order looks at its own surroundings instead."""


class Graph:
    """Possible pairs of the cases that a search comes to, worked out when it does.

    All of a case's taken controls are known to it, and about `SPARE` of its free ones, the first in random order.
    """

    def __init__(self, points: Points, some: Boxes, strata: Ints, pairing: Pairing) -> None:
        self._points, self._some = points, some
        inside = np.flatnonzero(np.isin(some.stratum, strata))
        taken = pairing.mate[some.owner[inside]] >= 0
        self._taken, self._free = inside[taken], inside[~taken]
        stratum, codes = some.stratum[self._free], np.arange(int(some.stratum.max(initial=-1)) + 2)
        self._begin = np.searchsorted(stratum, codes, "left")
        self._end = np.searchsorted(stratum, codes, "right")
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
        low, high = 0, FIRST_LOOK
        while len(cases):
            strata = np.unique(self._points.stratum[cases])
            strata = strata[strata < len(self._end)]
            begin, end = self._begin[strata] + low, np.minimum(self._begin[strata] + high, self._end[strata])
            n = np.maximum(end - begin, 0)
            look = self._free[np.repeat(begin - (np.cumsum(n) - n), n) + np.arange(int(n.sum()))]
            for case, box in pairs(self._points, Slots(self._points, cases), self._some, look):
                found.append((case, box))
                have += np.bincount(case, minlength=len(have))
            cases = cases[have[cases] < SPARE]
            more = self._end - self._begin > high
            cases = cases[(self._points.stratum[cases] < len(more))]
            cases = cases[more[self._points.stratum[cases]]]
            low, high = high, high * 4
            if high > LAST_LOOK and len(cases) and equally_wide(self._some):
                return found + nearby(self._points, cases, self._some, self._free)
        return found


def equally_wide(some: Boxes) -> bool:
    """Whether all boxes are equally wide on the first scale, as calipers are."""
    if not some.lo.shape[1] or not len(some):
        return False
    width = some.hi[:, 0] - some.lo[:, 0]
    return bool((width == width[0]).all())


def nearby(points: Points, cases: Ints, some: Boxes, among: Ints) -> list[tuple[Ints, Ints]]:
    """List every possible (case, box) of some cases, among equally wide boxes that a case sees as one range."""
    width = int(some.hi[0, 0]) - int(some.lo[0, 0])
    stratum, at = points.stratum[cases], points.at[cases, 0]
    lo = some.lo[among, 0]
    box = among[(lo >= at.min() - width) & (lo <= at.max())]
    key = pack(some.stratum[box], some.lo[box, 0])
    by = np.argsort(key, kind="stable")
    box, key = box[by], key[by]
    start = np.searchsorted(key, pack(stratum, at - width), "left")
    size = np.searchsorted(key, pack(stratum, at), "right") - start
    found = []
    for part in parts_of(size):
        n = size[part]
        case = np.repeat(cases[part], n)
        within = np.arange(len(case)) - np.repeat(np.cumsum(n) - n, n)
        reached = box[np.repeat(start[part], n) + within]
        good = fits(points, case, some, reached)
        found.append((case[good], reached[good]))
    return found


def repair(points: Points, some: Boxes, needy: Ints, pairing: Pairing) -> Ints:
    """Serve as many needy cases (one control more each) as augmenting paths can; return those left over.

    A case left over now can never be served later, whatever other augmentations follow. Nor, as paths stay within a stratum,
    can any case of a stratum in which a search served nobody: it is not searched again.
    """
    left = [needy[:0]]
    if points.at.shape[1] <= 1:
        scarce = _scarce(points, some, needy, pairing)[points.stratum[needy]]
        left.append(repair_on_line(points, some, needy[scarce], pairing))
        needy = needy[~scarce]
    while len(needy):
        graph = Graph(points, some, np.unique(points.stratum[needy]), pairing)
        served = _augment(graph, needy, points.stratum, pairing)
        needy = needy[~_holds(len(points), served)[needy]]
        again = np.isin(points.stratum[needy], points.stratum[served])
        left.append(needy[~again])
        needy = needy[again]
    return np.sort(np.concatenate(left))


def _scarce(points: Points, some: Boxes, needy: Ints, pairing: Pairing) -> Bools:
    """Of each stratum, whether its spells are not so many more than its cases that a search from the cases sees fewer of them."""
    codes = int(points.stratum.max(initial=-1)) + 1
    there = pairing.degree > 0
    there[needy] = True
    cases = np.bincount(points.stratum[there], minlength=codes)
    spells = np.bincount(some.stratum, minlength=codes)[:codes]
    enough: Bools = spells <= MANY * cases
    return enough


def _augment(graph: Graph, needy: Ints, stratum: Ints, pairing: Pairing) -> Ints:
    """Apply phases of disjoint augmenting paths until none is left; the cases that were served."""
    served: list[Ints] = []
    while True:
        ends, owner_from, case_from = _forest(graph, needy, pairing)
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
        served.append(root)
        needy = needy[~_holds(len(stratum), root)[needy] & np.isin(stratum[needy], stratum[root])]


def _holds(size: int, some: Ints) -> Bools:
    out = np.zeros(size, bool)
    out[some] = True
    return out


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
