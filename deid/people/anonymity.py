"""k-anonymity of the drawn people: the least coarse description in which each is one of at least k.

Every combination of levels is tried, which for a draw's few quasi-identifiers is at most some hundred; flat tables of
many are what deid.lattice searches. Full-domain: one level holds for everybody. Who is alone even so is left out, and
takes along what means nothing without them: a matched set that loses its case loses all its people. So it is people,
not classes, that are left out, which the lattice does not know of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from deid.people.quasi import Quasi
from deid.people.roles import Roles
from deid.people.sets import Sets

Int64 = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Solution:
    """One combination of levels and what it costs.

    levels: one for each quasi-identifier. kept: who stays. classes: int64, each person's equivalence class.
    loss: 0 (as fine as the source) to 1 (nothing told), the mean over people and, weighted, quasi-identifiers.
    combinations: how many were looked at.
    """

    levels: tuple[int, ...]
    kept: Mask
    classes: Int64
    loss: float
    combinations: int

    @property
    def suppressed(self) -> int:
        """Count the people left out."""
        return int((~self.kept).sum())


def classes(quasi: Sequence[Quasi], levels: Sequence[int], people: int) -> Int64:
    """Give each person's equivalence class, from 0, at these levels."""
    if not quasi:
        return np.zeros(people, dtype=np.int64)
    groups = [q.hierarchy.codes[level][q.value] for q, level in zip(quasi, levels, strict=True)]
    return np.unique(np.stack(groups), axis=1, return_inverse=True)[1].astype(np.int64).reshape(-1)


def suppress(found: Int64, sets: Sets, roles: Roles, k: int) -> Mask:
    """Tell who stays (one entry for each person) so that every class left has at least k people and the roles it must.

    Leaving people out can make other classes too small, so it is repeated until nothing changes.
    """
    kept = np.ones(found.size, dtype=bool)
    while True:
        sizes = np.bincount(found[kept], minlength=int(found.max(initial=0)) + 1)
        alone = kept & ((sizes < k) | roles.missing(found, kept, sizes.size))[found]
        if not alone.any():
            return kept
        kept &= ~alone
        _close_sets(kept, sets)


def _close_sets(kept: Mask, sets: Sets) -> None:
    """Leave out the people of every set that had cases and has none left."""
    count = int(sets.matched_set.max(initial=-1)) + 1
    had = np.zeros(count, dtype=bool)
    has = np.zeros(count, dtype=bool)
    had[sets.matched_set[sets.case]] = True
    has[sets.matched_set[sets.case & kept[sets.person]]] = True
    kept[sets.person[(had & ~has)[sets.matched_set]]] = False


def solve(quasi: Sequence[Quasi], sets: Sets, roles: Roles, k: int, limit: float) -> Solution | None:
    """Find the combination of least loss that leaves out at most `limit` (share) of the people, or None.

    Among equals the first in the order of levels, so the finest in the earliest quasi-identifiers.
    """
    best: Solution | None = None
    people = roles.case.size
    ranges = [range(q.lowest, q.hierarchy.levels) for q in quasi]
    for count, levels in enumerate(product(*ranges), start=1):
        found = classes(quasi, levels, people)
        kept = suppress(found, sets, roles, k)
        left_out = people - int(kept.sum())
        if left_out <= limit * people and kept.any():
            loss = _loss(quasi, levels, kept)
            if best is None or loss < best.loss:
                best = Solution(levels, kept, found, loss, count)
    total = int(np.prod([len(r) for r in ranges], dtype=np.int64))
    return None if best is None else Solution(best.levels, best.kept, best.classes, best.loss, total)


def _loss(quasi: Sequence[Quasi], levels: Sequence[int], kept: Mask) -> float:
    """Average how much of each quasi-identifier's values a released group covers; 1 for people left out."""
    if not quasi:
        return float((~kept).mean())
    total = 0.0
    for q, level in zip(quasi, levels, strict=True):
        covered = q.hierarchy.group_sizes(level)[q.hierarchy.codes[level]]
        share = (covered - 1) / max(q.hierarchy.values - 1, 1)
        total += q.importance * float(np.where(kept, share[q.value], 1.0).mean())
    return total / sum(q.importance for q in quasi)
