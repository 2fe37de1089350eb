"""The search: of all combinations of levels that reach the privacy asked, one of least loss, without looking at all.

Every look at a combination also bounds others. What it loses for certain at every finer combination rules these out,
or bounds their loss; what it merges bounds the loss of the coarser ones. A combination is left aside once it is ruled
out or its bound is no better than the best found, so that the result is the optimum, not a guess.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from deid.lattice.cells import Cells, Float64, Grouped, Levels, group, roll_up
from deid.lattice.metrics import Metric
from deid.lattice.privacy import Privacy, Verdict, judge

Mask = NDArray[np.bool_]
Nodes = NDArray[np.int8]
# Before the next combination is looked at, the effect of some on a sample of the others is weighed.
_PROBES, _SAMPLE = 12, 384
# After so many looks it is tried whether the cells can be merged that no combination left tells apart.
_LOOKS = 8
# Combinations of levels that a search holds in memory, at a byte for each quasi-identifier and some more.
MOST_NODES = 4_000_000
MOST_LEVELS = 100


@dataclass(frozen=True)
class Optimum:
    """The best combination: its levels, classes, verdict and loss; total and checked: combinations there are, looked at."""

    levels: Levels
    found: Grouped
    verdict: Verdict
    loss: float
    total: int
    checked: int


@dataclass
class _Open:
    """The combinations that may still be the best: levels (one column each), and a lower bound of their loss."""

    levels: Nodes
    bound: Float64

    def finer(self, levels: Levels) -> Mask:
        return _all([row <= level for row, level in zip(self.levels, levels, strict=True)], self.bound.size)

    def coarser(self, levels: Levels) -> Mask:
        return _all([row >= level for row, level in zip(self.levels, levels, strict=True)], self.bound.size)

    def keep(self, chosen: Mask) -> None:
        if not chosen.all():
            self.levels, self.bound = self.levels[:, chosen], self.bound[chosen]

    def next(self) -> Levels:
        """Choose the combination that rules out most others whichever way it turns out.

        If it leaves out too many, all finer ones go; if it does not, those go whose bound is no better, or which are
        coarser. Of the candidates in order of their bounds, some at even distances are weighed.
        """
        step = self.bound.size // _SAMPLE + 1
        sample, bound = self.levels[:, ::step], self.bound[::step]
        order = np.lexsort((sample.sum(axis=0, dtype=np.int16), bound))
        places = np.arange(0, order.size, order.size // _PROBES + 1)
        probes = sample[:, order[places]]
        finer = _all([row <= probe[:, None] for row, probe in zip(sample, probes, strict=True)], order.size)
        best = int(np.argmax(np.minimum(finer.sum(axis=-1), order.size - places)))
        return tuple(int(level) for level in probes[:, best])


def _all(masks: list[Mask], size: int) -> Mask:
    found = masks[0] if masks else np.ones(size, dtype=bool)
    for mask in masks[1:]:
        found &= mask
    return found


def search(cells: Cells, privacy: Privacy, metric: Metric, allowed: float) -> Optimum | None:
    """Find a combination of least loss that leaves out at most `allowed` records, or None where there is none.

    The same cells give the same combination, also where several are equally good.
    """
    shape = tuple(hierarchy.levels for hierarchy in cells.hierarchies)
    nodes = np.indices(shape, dtype=np.int8).reshape(len(shape), -1)
    left = _Open(nodes, metric.start(nodes))
    best: Optimum | None = None
    total, checked = left.bound.size, 0
    while left.bound.size:
        levels = left.next()
        if checked % _LOOKS == _LOOKS - 1:
            cells = _merged(cells, left)
        found = group(cells, levels)
        verdict = judge(found, privacy, allowed)
        checked += 1
        if verdict.suppressed <= allowed:
            loss = metric.loss(found, verdict)
            if best is None or loss < best.loss:
                best = Optimum(levels, found, verdict, loss, total, checked)
        _learn(left, found, verdict, metric, allowed)
        if best is not None:
            left.keep(left.bound < best.loss)
    return None if best is None else replace(best, checked=checked)


def _merged(cells: Cells, left: _Open) -> Cells:
    finest = tuple(int(level) for level in left.levels.min(axis=1))
    return cells if finest == cells.levels else roll_up(cells, finest)


def _learn(left: _Open, found: Grouped, verdict: Verdict, metric: Metric, allowed: float) -> None:
    """Rule out, or bound, what this look tells of other combinations."""
    finer = left.finer(found.levels)
    above = metric.above(found, verdict)
    if above > 0:
        coarser = left.coarser(found.levels)
        left.bound[coarser] = np.maximum(left.bound[coarser], above)
    if verdict.surely > allowed:
        left.keep(~finer)
        return
    some = np.flatnonzero(finer)
    left.bound[some] = np.maximum(left.bound[some], metric.below(found, verdict, left.levels[:, some]))
    left.keep(~(finer & left.coarser(found.levels)))
