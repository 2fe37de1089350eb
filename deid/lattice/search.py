"""The search: of all combinations of levels that reach the privacy asked, one of least loss, without looking at all.

Every look at a combination also bounds others. What it loses for certain at every finer combination rules these out,
or bounds their loss; what it merges bounds the loss of the coarser ones. A combination is left aside once it is ruled
out or its bound is no better than the best found, so that the result is the optimum, not a guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deid.lattice.cells import Cells, Grouped, Int64, Levels, group, roll_up
from deid.lattice.metrics import Metric
from deid.lattice.privacy import Privacy, Verdict, judge

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Optimum:
    """The best combination: its levels, classes, verdict and loss; total and checked: combinations there are, looked at."""

    levels: Levels
    found: Grouped
    verdict: Verdict
    loss: float
    total: int
    checked: int


def search(cells: Cells, privacy: Privacy, metric: Metric, allowed: float) -> Optimum | None:
    """Find a combination of least loss that leaves out at most `allowed` records, or None where there is none.

    The same cells give the same combination, also where several are equally good.
    """
    bound = metric.start()
    open_ = np.ones(bound.shape, dtype=bool)
    best: Optimum | None = None
    checked = 0
    history = _History(cells)
    while True:
        candidates = open_ if best is None else open_ & (bound < best.loss)
        if not candidates.any():
            break
        levels = _next(candidates, bound, checked)
        found = group(history.finer(levels), levels)
        verdict = judge(found, privacy)
        checked += 1
        open_[levels] = False
        finer, coarser = tuple(slice(0, lv + 1) for lv in levels), tuple(slice(lv, None) for lv in levels)
        if verdict.surely > allowed:
            open_[finer] = False
        else:
            np.maximum(bound[finer], metric.below(found, verdict), out=bound[finer])
        np.maximum(bound[coarser], metric.above(found), out=bound[coarser])
        if verdict.suppressed <= allowed:
            loss = metric.loss(found, verdict)
            if best is None or loss < best.loss:
                best = Optimum(levels, found, verdict, loss, bound.size, checked)
    return None if best is None else Optimum(best.levels, best.found, best.verdict, best.loss, bound.size, checked)
