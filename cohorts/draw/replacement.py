"""Matching with replacement: every case draws at random from all that fit it, whoever else has them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cohorts.draw.candidates import Bools, Boxes, Ints, Points
from cohorts.draw.matching import Matched
from cohorts.draw.order import UInt64, splitmix64

FIRST_LOOK = 64


Choose = Callable[[Points, Boxes, Ints, int], tuple[Ints, Ints]]
"""Pairs each of some cases with up to so many different controls."""


def match_with_replacement(
    points: Points, some: Boxes, wanted: int, ratio: int, choose: Choose | None = None
) -> Matched:
    """Up to `ratio` different controls for each of the first `wanted` cases that have any; independent draws.

    Each case reads its stratum's controls from a random place on, in their random order, as a ring, and takes
    the first that fit, unless `choose` says otherwise: so a grown database mostly repeats the draw.
    """
    choose = choose or first_fitting
    chosen: list[tuple[Ints, Ints]] = []
    served: Ints = np.empty(0, np.int64)
    tried = 0
    while len(served) < wanted and tried < len(points):
        fresh = np.arange(tried, min(tried + wanted - len(served), len(points)))
        tried += len(fresh)
        case, owner = choose(points, some, fresh, ratio)
        chosen.append((case, owner))
        served = np.append(served, np.unique(case))
    case = np.concatenate([c for c, _ in chosen]) if chosen else np.empty(0, np.int64)
    owner = np.concatenate([o for _, o in chosen]) if chosen else np.empty(0, np.int64)
    return Matched(case, owner, np.zeros(len(case), np.int64), served, np.setdiff1d(np.arange(tried), served))


def first_fitting(points: Points, some: Boxes, cases: Ints, ratio: int) -> tuple[Ints, Ints]:
    """Pair each case with the `ratio` first owners that fit it from its place on the ring."""
    best: list[tuple[Ints, Ints, UInt64]] = []
    start = np.searchsorted(some.stratum, points.stratum[cases], "left")
    size = np.searchsorted(some.stratum, points.stratum[cases], "right") - start
    place = splitmix64(cases)
    inside = _place_in_stratum(some, start, size, place)
    low, high = 0, FIRST_LOOK
    while len(cases):
        n = np.clip(size - low, 0, high - low)
        case = np.repeat(cases, n)
        step = np.arange(len(case)) - np.repeat(np.cumsum(n) - n, n) + low
        box = np.repeat(start, n) + (np.repeat(inside, n) + step) % np.maximum(np.repeat(size, n), 1)
        good = _inside(points, case, some, box)
        best.append((case[good], some.owner[box[good]], step[good].astype(np.uint64)))
        have = np.bincount(case[good], minlength=len(points))
        more = (have[cases] < ratio) & (size > high)
        cases, start, size, inside = cases[more], start[more], size[more], inside[more]
        low, high = high, high * 4
    case = np.concatenate([b[0] for b in best])
    owner = np.concatenate([b[1] for b in best])
    step = np.concatenate([b[2] for b in best])
    return _take(case, owner, step, ratio)


def _place_in_stratum(some: Boxes, start: Ints, size: Ints, place: UInt64) -> Ints:
    """How many controls of the stratum come before each place: a bisection of all cases at once."""
    low, high = np.zeros(len(start), np.int64), size.copy()
    while (low < high).any():
        middle = (low + high) // 2
        at = np.minimum(start + middle, max(len(some) - 1, 0))
        less = (low < high) & (some.order[at] < place)
        low, high = np.where(less, middle + 1, low), np.where(less, high, np.minimum(high, middle))
    return low


def _inside(points: Points, case: Ints, some: Boxes, box: Ints) -> Bools:
    at = points.at[case]
    good: Bools = np.all((some.lo[box] <= at) & (at <= some.hi[box]), axis=1)
    return good


def _take(case: Ints, owner: Ints, step: UInt64, ratio: int) -> tuple[Ints, Ints]:
    """Each owner once for a case, and the `ratio` first owners of each case."""
    by = np.lexsort((step, owner, case))
    case, owner, step = case[by], owner[by], step[by]
    new = np.ones(len(case), bool)
    new[1:] = (case[1:] != case[:-1]) | (owner[1:] != owner[:-1])
    case, owner, step = case[new], owner[new], step[new]
    by = np.lexsort((step, case))
    case, owner = case[by], owner[by]
    rank = np.arange(len(case)) - np.searchsorted(case, case, "left")
    case, owner = case[rank < ratio], owner[rank < ratio]
    by = np.lexsort((owner, case))
    return case[by], owner[by]
