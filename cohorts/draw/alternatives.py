"""Controls that fit a case on a scale of equally wide boxes: a part of them, chosen by random orders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cohorts.draw.candidates import Boxes, Ints, Points, Small, fits, parts_of
from cohorts.draw.order import UInt64, splitmix64

_BIAS = np.int64(2**26)
LEVEL, DEEPEST = 2, 16
CHOICE = 8
"""So many alternatives at least for each control that a case wants."""


def alternatives(
    points: Points, some: Boxes, salt: UInt64, cases: Ints, least: int, share: int = 0
) -> tuple[Ints, Ints]:
    """Pair each case with a part of the controls that fit it: about `least` to four times as many, or all if fewer fit.

    All boxes are equally wide on the first scale. The controls are cut by the first bits of their random order into parts
    that hold ever fewer; a case, by the first bits of its own (`salt`), looks into one part of the size that it needs. So a
    person's place in the draw hangs on nobody else's, and a grown database mostly shows a case the same controls. share: the
    first bits of the salts of all cases are zero, so many; only controls of that part are looked at where fewer suffice.
    """
    middle = some.lo[:, 0] + (some.hi[:, 0] - some.lo[:, 0]) // 2
    half = int(some.hi[0, 0] - middle[0]) if len(some) else 0
    at, stratum = points.at[:, 0], points.stratum
    whole = _Part(_Sorted.of(some, middle), 0)
    mine = whole.all.first(share)
    level = np.zeros(len(points), np.int64)
    start, end = whole.reach(stratum[cases], salt[cases], at[cases], half)
    level[cases] = np.clip(np.log2(np.maximum(end - start, 1) / least) // LEVEL * LEVEL, 0, DEEPEST)
    found = [(np.empty(0, np.int64), np.empty(0, np.int64))]
    for n in range(int(level[cases].max(initial=0)), -1, -LEVEL):
        these = cases[level[cases] == n]
        if not len(these):
            continue
        part = whole
        if n:
            near = (whole.all if n < share else mine).between(at[these].min() - half, at[these].max() + half)
            part = _Part(near, n)
        start, end = part.reach(stratum[these], salt[these], at[these], half)
        case, owner = _fitting(points, some, these, part.box, start, end)
        few = np.bincount(case, minlength=len(points)) < least // 2
        again = these[few[these]] if n else these[:0]
        level[again] -= LEVEL
        keep = level[case] == n
        found.append((case[keep], owner[keep]))
    return np.concatenate([c for c, _ in found]), np.concatenate([o for _, o in found])


@dataclass(frozen=True)
class _Sorted:
    """Boxes by score. box: their places; order, stratum, score: of each."""

    box: Ints
    order: UInt64
    stratum: Small
    score: Ints

    @classmethod
    def of(cls, some: Boxes, middle: Small) -> _Sorted:
        # Score and place in one number: numbers are sorted several times as fast as places by their scores.
        both = ((middle + _BIAS) << np.int64(32)) | np.arange(len(some))
        both.sort()
        box = both & np.int64(2**32 - 1)
        return cls(box, some.order[box], some.stratum[box], (both >> np.int64(32)) - _BIAS)

    def between(self, low: int, high: int) -> _Sorted:
        part = slice(*np.searchsorted(self.score, (low, high + 1)))
        return _Sorted(self.box[part], self.order[part], self.stratum[part], self.score[part])

    def first(self, bits: int) -> _Sorted:
        """The boxes of which the first bits of the order are zero."""
        if not bits:
            return self
        some = np.flatnonzero(self.order >> np.uint64(64 - bits) == 0)
        return _Sorted(self.box[some], self.order[some], self.stratum[some], self.score[some])


class _Part:
    """The boxes by stratum, first `bits` of their order, and score.

    box: in this order.
    """

    def __init__(self, given: _Sorted, bits: int) -> None:
        self.all, self._bits = given, bits
        first, stratum = _first_bits(given.order, bits), given.stratum.astype(np.int64)
        key = _key(stratum, first, given.score)
        by = _sorted_by(first, None)
        by = _sorted_by(stratum, by)
        self.box = given.box if by is None else given.box[by]
        self._key = key if by is None else key[by]

    def reach(self, stratum: Ints, salt: UInt64, at: Ints, half: int) -> tuple[Ints, Ints]:
        """From where to where in `box` a case at `at` looks."""
        part = _first_bits(salt, self._bits)
        start = np.searchsorted(self._key, _key(stratum, part, at - half), "left")
        return start, np.searchsorted(self._key, _key(stratum, part, at + half), "right")


def _sorted_by(key: Ints, by: Ints | None) -> Ints | None:
    """Sort further by a key, those of equal keys as they stand; None is the order in which everything stands."""
    if not key.any():
        return by
    few = key.astype(np.uint16) if key.max() < 2**16 else key  # 16 bits are sorted in linear time
    if by is None:
        return np.argsort(few, kind="stable")
    return by[np.argsort(few[by], kind="stable")]


def _first_bits(order: UInt64, bits: int) -> Ints:
    if not bits:
        return np.zeros(len(order), np.int64)
    return (order >> np.uint64(64 - bits)).astype(np.int64)


def _key(stratum: Ints, part: Ints, at: Ints) -> Ints:
    """Stratum, part and score in one number: 20, 16 and 27 bits."""
    return (((stratum << np.int64(16)) | part) << np.int64(27)) | (at + _BIAS)


def _fitting(points: Points, some: Boxes, cases: Ints, among: Ints, start: Ints, end: Ints) -> tuple[Ints, Ints]:
    """Pairs of each case with the fitting ones among its stretch of boxes."""
    found = [(np.empty(0, np.int64), np.empty(0, np.int64))]
    for part in parts_of(end - start):
        n = (end - start)[part]
        case = np.repeat(cases[part], n)
        within = np.arange(len(case)) - np.repeat(np.cumsum(n) - n, n)
        box = among[np.repeat(start[part], n) + within]
        inside = (some.lo[box, 0] <= points.at[case, 0]) & (points.at[case, 0] <= some.hi[box, 0])
        good = inside & fits(points, case, some, box)
        found.append((case[good], box[good]))
    return np.concatenate([c for c, _ in found]), np.concatenate([b for _, b in found])


def choose(points: Points, some: Boxes, cases: Ints, ratio: int, salt: UInt64) -> tuple[Ints, Ints]:
    """Pair each case with `ratio` of its alternatives at random, whoever else has them."""
    case, owner = alternatives(points, some, salt, cases, CHOICE * ratio)
    luck = splitmix64(salt[case] ^ some.order[owner])
    by = np.lexsort((luck, case))
    case, owner = case[by], owner[by]
    first = np.arange(len(case)) - np.searchsorted(case, case, "left") < ratio
    by = np.lexsort((owner[first], case[first]))
    return case[first][by], owner[first][by]
