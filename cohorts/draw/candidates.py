"""Who could be matched to whom, without listing the pairs: cases are points, controls are boxes.

Every rule of a design is either an equality (put into the stratum) or an interval on an integer scale (a
caliper, the days on which a control is at risk). So a case is a point of D integers, a control a box, and
they can form a pair where the stratum is equal and the point lies in the box. D may be 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cohorts.draw.order import UInt64, sorted_by

Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

PAIRS_AT_ONCE = 4_000_000
_BIAS = np.int64(2**31)


@dataclass(frozen=True)
class Points:
    """Cases in the order in which they are taken.

    stratum: n codes from 0; at: n x D coordinates (int32
    range).
    """

    stratum: Ints
    at: Ints

    def __len__(self) -> int:
        return len(self.stratum)


@dataclass(frozen=True)
class Boxes:
    """Spells of controls, sorted by stratum, then by the random order of their person.

    stratum: m; lo, hi: m x D, inclusive; owner: m, numbers the persons from 0 in this order (a person's
    spells stand together); order: m, the random order.
    """

    stratum: Small
    lo: Small
    hi: Small
    owner: Ints
    order: UInt64

    def __len__(self) -> int:
        return len(self.stratum)

    @property
    def owners(self) -> int:
        """How many persons stand behind the spells."""
        return int(self.owner[-1]) + 1 if len(self.owner) else 0

    @property
    def first(self) -> Ints:
        """The first spell of each person."""
        new = np.ones(len(self.owner), bool)
        new[1:] = self.owner[1:] != self.owner[:-1]
        return np.flatnonzero(new)


def boxes(stratum: Small, lo: Small, hi: Small, order: UInt64) -> tuple[Boxes, Ints]:
    """Sort spells into `Boxes`; also the position of every box in the given arrays."""
    by = _by_stratum_and_order(stratum, lo, order)
    stratum, order = stratum[by], order[by]
    new = np.ones(len(by), bool)
    new[1:] = (order[1:] != order[:-1]) | (stratum[1:] != stratum[:-1])
    return Boxes(stratum, lo[by], hi[by], np.cumsum(new) - 1, order), by


def _by_stratum_and_order(stratum: Small, lo: Small, order: UInt64) -> Ints:
    """Sort by stratum, random order, first day: two single-key sorts, and the few of more than one spell by all keys."""
    by = sorted_by(order)
    if stratum.any():
        small = stratum[by]
        by = by[np.argsort(small.astype(np.uint16) if small.max(initial=0) < 2**16 else small, kind="stable")]
    tied = np.zeros(len(by), bool)
    tied[1:] = order[by][1:] == order[by][:-1]
    tied[:-1] |= tied[1:]
    some = np.flatnonzero(tied)
    if lo.shape[1]:
        spells = by[some]
        by[some] = spells[np.lexsort((*lo[spells].T[::-1], order[spells], stratum[spells]))]
    return by


def pack(stratum: Ints | Small, coordinate: Ints | Small) -> Ints:
    """Stratum and coordinate in one number that sorts as both do."""
    high: Ints = stratum.astype(np.int64) << np.int64(32)
    return high | (coordinate + _BIAS)


def parts_of(size: Ints) -> Iterator[slice]:
    """Cut a row of things that stand for `size` pairs each, so that a part stands for few enough (or is one thing)."""
    ends = np.cumsum(size)
    start = 0
    while start < len(size):
        before = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + PAIRS_AT_ONCE, "right")))
        yield slice(start, stop)
        start = stop


class Slots:
    """Some of the cases (a case may stand several times), sorted so that a box sees its own as one range."""

    def __init__(self, points: Points, cases: Ints) -> None:
        stratum = points.stratum[cases]
        key = pack(stratum, points.at[cases, 0] if points.at.shape[1] else np.zeros_like(stratum))
        by = np.argsort(key, kind="stable")
        self.case = cases[by]
        self._sorted = key[by]

    def without(self, slots: Ints) -> Slots:
        """Those that are left when some are taken."""
        left = np.ones(len(self.case), bool)
        left[slots] = False
        rest = copy(self)
        rest.case, rest._sorted = self.case[left], self._sorted[left]
        return rest

    def ranges(self, some: Boxes, which: Ints) -> tuple[Ints, Ints]:
        """First slot and number of slots that each box reaches by stratum and first coordinate."""
        stratum = some.stratum[which]
        low = some.lo[which, 0] if some.lo.shape[1] else np.zeros_like(stratum)
        high = some.hi[which, 0] if some.lo.shape[1] else np.zeros_like(stratum)
        first = np.searchsorted(self._sorted, pack(stratum, low), "left")
        last = np.searchsorted(self._sorted, pack(stratum, high), "right")
        return first, np.maximum(last - first, 0)


def fits(points: Points, cases: Ints, some: Boxes, which: Ints) -> Bools:
    """Tell whether each case lies in the box beside it: all coordinates but the first, which ranges tell."""
    good: Bools = np.ones(len(cases), bool)
    for d in range(1, points.at.shape[1]):
        at = points.at[cases, d]
        good &= (some.lo[which, d] <= at) & (at <= some.hi[which, d])
    return good


def pairs(points: Points, slots: Slots, some: Boxes, which: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Every possible (case, box) among the slots and the given boxes, in chunks, by box and then by slot."""
    first, width = slots.ranges(some, which)
    for part in parts_of(width):
        n = width[part]
        box = np.repeat(which[part], n)
        within = np.arange(len(box)) - np.repeat(np.cumsum(n) - n, n)
        case = slots.case[np.repeat(first[part], n) + within]
        good = fits(points, case, some, box)
        yield case[good], box[good]
