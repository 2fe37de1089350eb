"""The first pass of a matching: each control, in the random order, goes to an open case at random."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cohorts.draw.candidates import Boxes, Ints, Points, Slots, fits
from cohorts.draw.order import spread

TRIES = 12
NEAR = 2


@dataclass
class Pairing:
    """A matching that grows.

    mate: for every control person its case or -1; degree: controls of every case;
    repaired: control persons that came in over an augmenting path.
    """

    mate: Ints
    degree: Ints
    repaired: Ints

    @classmethod
    def empty(cls, cases: int, owners: int) -> Pairing:
        """Nobody is matched."""
        return cls(np.full(owners, -1, np.int64), np.zeros(cases, np.int64), np.zeros(owners, np.int64))


class Queue:
    """Untaken boxes of the strata with open cases, handed out stratum by stratum in random order."""

    def __init__(self, some: Boxes, pairing: Pairing, strata: Ints) -> None:
        open_ = np.zeros(int(some.stratum[-1]) + 2 if len(some) else 1, bool)
        open_[strata[strata < len(open_)]] = True
        self._box = np.flatnonzero(open_[some.stratum] & (pairing.mate[some.owner] < 0))
        stratum = some.stratum[self._box]
        codes = np.arange(len(open_))
        self._next = np.searchsorted(stratum, codes, "left")
        self._end = np.searchsorted(stratum, codes, "right")

    def take(self, wanted: Ints) -> Ints:
        """Hand out the next boxes, up to the wanted number of each stratum (an array over stratum codes)."""
        wanted = np.resize(np.append(wanted, np.zeros(len(self._next), np.int64)), len(self._next))
        n = np.minimum(np.maximum(wanted, 0), self._end - self._next)
        start = np.repeat(self._next - (np.cumsum(n) - n), n)
        self._next = self._next + n
        return self._box[start + np.arange(len(start))]


@dataclass(frozen=True)
class Pace:
    """How many controls come forward: for each open case of their stratum `first`, in each later round `faster` times it."""

    first: float
    faster: float

    def of(self, open_: Ints, round_: int) -> Ints:
        """Controls of each stratum in a round."""
        wanted: Ints = np.ceil(open_ * min(self.first * self.faster**round_, 2.0**24)).astype(np.int64)
        return wanted


ALL_AT_ONCE = Pace(1, 2)
BY_AND_BY = Pace(1 / 8, 1.25)
"""Where few cases look for many controls it matters that an early one is not outrun by a later one."""


def offer(points: Points, some: Boxes, needy: Ints, pairing: Pairing, pace: Pace = ALL_AT_ONCE) -> None:
    """Give each needy case one control where one is left, without moving anybody who is matched.

    In every round some controls (`pace`) of each stratum come forward in their random order. Each picks one open case
    within its reach; of two who pick the same, the first in the order has it, the other tries again. A control that
    reaches none leaves; one that meets none in `TRIES` rounds is left to the repair.
    """
    slots = Slots(points, needy)
    queue = Queue(some, pairing, np.unique(points.stratum[needy]))
    waiting = np.empty(0, np.int64)
    tries = np.empty(0, np.int64)
    codes = int(points.stratum.max(initial=0)) + 1
    round_ = 0
    while len(slots.case):
        open_ = np.bincount(points.stratum[slots.case], minlength=codes)
        fresh = queue.take(pace.of(open_, round_) - np.bincount(some.stratum[waiting], minlength=codes))
        waiting, tries = np.append(waiting, fresh), np.append(tries, np.zeros(len(fresh), np.int64))
        if not len(waiting):
            return
        first, width = slots.ranges(some, waiting)
        reach = (width > 0) & (pairing.mate[some.owner[waiting]] < 0)
        waiting, tries, first, width = waiting[reach], tries[reach], first[reach], width[reach]
        slot = first + spread(some.order[waiting], round_, np.maximum(width, 1))
        slot, box = _winners(points, slots, some, waiting, slot)
        pairing.mate[some.owner[box]] = slots.case[slot]
        pairing.degree[slots.case[slot]] += 1
        slots = slots.without(slot)
        keep = tries < TRIES
        waiting, tries = waiting[keep], tries[keep] + 1
        round_ += 1


def _winners(points: Points, slots: Slots, some: Boxes, box: Ints, slot: Ints) -> tuple[Ints, Ints]:
    """Settle who gets which slot: one box a slot, one slot a person, the first in the random order.

    The boxes of a stratum come in that order, and a slot or a person is of one stratum: whoever comes first is first.
    """
    if points.at.shape[1] > 1:
        good = fits(points, slots.case[slot], some, box)
        slot, box = slot[good], box[good]
    first = _firsts(slot, len(slots.case))
    slot, box = slot[first], box[first]
    if some.owners == len(some):
        return slot, box
    _, first = np.unique(some.owner[box], return_index=True)
    return slot[first], box[first]


def _firsts(number: Ints, numbers: int) -> Ints:
    """Places at which each number stands for the first time."""
    first = np.empty(numbers, np.int64)
    places = np.arange(len(number))
    first[number[::-1]] = places[::-1]  # of several values for one place NumPy keeps the last
    return np.flatnonzero(first[number] == places)


def offer_near(points: Points, some: Boxes, needy: Ints, pairing: Pairing) -> None:
    """Offer as `offer` does, first within a `NEAR`th of the first scale's width, then within all of it.

    The people drawn are still the first in the random order wherever they lie, so a grown database keeps them; and they
    lie closer than the scale asks.
    """
    quarter = (some.hi[:, 0] - some.lo[:, 0]) // 2 // NEAR
    middle = some.lo[:, 0] + (some.hi[:, 0] - some.lo[:, 0]) // 2
    lo, hi = some.lo.copy(), some.hi.copy()
    lo[:, 0], hi[:, 0] = middle - quarter, middle + quarter
    near = replace(some, lo=lo, hi=hi)
    offer(points, near, needy, pairing, BY_AND_BY)
    offer(points, some, needy[pairing.degree[needy] == pairing.degree[needy].min(initial=0)], pairing, BY_AND_BY)
