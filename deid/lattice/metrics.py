"""How much a combination of levels tells less than the source, and bounds of it for combinations not looked at.

Left-out records count as fully generalised. Definitions and normalisation are those of ARX (Prasser, Kohlmayer 2015),
so that its figures and ours can be set side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from deid.hierarchies import Hierarchy
from deid.lattice.cells import Cells, Float64, Grouped
from deid.lattice.privacy import Privacy, Verdict

Nodes = NDArray[np.int8]


class Metric(Protocol):
    """A loss, and lower bounds of it. Nodes are combinations of levels: a row for each quasi-identifier."""

    def start(self, nodes: Nodes) -> Float64:
        """Bound the loss of each combination before any is looked at."""

    def loss(self, found: Grouped, verdict: Verdict) -> float:
        """Give the loss of a combination."""

    def above(self, found: Grouped, verdict: Verdict) -> float:
        """Bound the loss of every combination at least as coarse; 0 if nothing is learnt."""

    def below(self, found: Grouped, verdict: Verdict, nodes: Nodes) -> Float64:
        """Bound the loss of each of these combinations, none of which is coarser."""


class Together(Protocol):
    """A way to put the losses of the quasi-identifiers together."""

    def __call__(self, parts: Sequence[Float64], nodes: Nodes) -> Float64:
        """Give the loss of each combination, from the losses of each quasi-identifier's levels."""


@dataclass(frozen=True)
class Total:
    """The sum, times a factor: 1 over their number makes it the arithmetic mean."""

    factor: float = 1.0

    def __call__(self, parts: Sequence[Float64], nodes: Nodes) -> Float64:
        """Add them up."""
        return _total(parts, nodes) * self.factor


@dataclass(frozen=True)
class GeometricMean:
    """The geometric mean of 1 + loss, less 1, so that a loss of 0 does not swallow the others."""

    def __call__(self, parts: Sequence[Float64], nodes: Nodes) -> Float64:
        """Add their logarithms up."""
        return np.asarray(np.expm1(_total([np.log1p(part) for part in parts], nodes) / max(len(parts), 1)))


def _total(parts: Sequence[Float64], nodes: Nodes) -> Float64:
    found = np.zeros(nodes.shape[1])
    for part, levels in zip(parts, nodes, strict=True):
        found += part[levels]
    return found


class Added(Protocol):
    """What leaving records out adds to one quasi-identifier's loss."""

    def levels(self, place: int, histogram: Float64) -> Float64:
        """Give it for each level, from the number of left-out records of each value."""


@dataclass(frozen=True)
class Attributewise:
    """A loss that is told quasi-identifier by quasi-identifier, and then put together.

    released: for each, the loss of every level if nobody is left out. together: how to put them together. added: what
    leaving records out adds.
    """

    released: tuple[Float64, ...]
    together: Together
    added: Added

    def start(self, nodes: Nodes) -> Float64:
        """Leave nobody out."""
        return self.together(self.released, nodes)

    def loss(self, found: Grouped, verdict: Verdict) -> float:
        """Add what is left out here."""
        levels = np.array(found.levels, dtype=np.int8).reshape(-1, 1)
        return float(self.together(self._parts(found, verdict.bad), levels)[0])

    def above(self, found: Grouped, verdict: Verdict) -> float:
        """Learn nothing that was not known from the start."""
        return 0.0

    def below(self, found: Grouped, verdict: Verdict, nodes: Nodes) -> Float64:
        """Add what is left out here and at every finer combination."""
        return self.together(self._parts(found, verdict.lost), nodes)

    def _parts(self, found: Grouped, classes: NDArray[np.bool_]) -> Sequence[Float64]:
        chosen = np.flatnonzero(classes[found.member])
        if not chosen.size:
            return self.released
        parts = []
        for place, histogram in enumerate(found.cells.histograms(chosen)):
            added = self.added.levels(place, histogram)
            # Below the cells' own levels their values are unknown; what is added only falls with the level.
            finest = found.cells.levels[place]
            added[:finest] = added[finest]
            parts.append(self.released[place] + added)
        return parts


@dataclass(frozen=True)
class _LossAdded:
    remaining: tuple[Float64, ...]

    def levels(self, place: int, histogram: Float64) -> Float64:
        return self.remaining[place] @ histogram


@dataclass(frozen=True)
class _EntropyAdded:
    hierarchies: tuple[Hierarchy, ...]

    def levels(self, place: int, histogram: Float64) -> Float64:
        hierarchy = self.hierarchies[place]
        total = histogram.sum()
        found = np.empty(hierarchy.levels)
        for level in range(hierarchy.levels):
            groups = np.bincount(hierarchy.codes[level], weights=histogram)
            some = groups[groups > 0]
            found[level] = abs(float((some * np.log2(some / total)).sum()))
        return found


def loss(cells: Cells, *, geometric: bool) -> Attributewise:
    """Loss: the share of a quasi-identifier's values that a released group covers, 0 for one value, 1 for all.

    The mean over the records; arithmetic or geometric mean over the quasi-identifiers.
    """
    released, remaining = [], []
    for hierarchy, histogram in zip(cells.hierarchies, cells.histograms(), strict=True):
        values = hierarchy.values
        covered = np.stack([hierarchy.group_sizes(lv)[hierarchy.codes[lv]] for lv in range(hierarchy.levels)])
        share = (covered - 1) / max(values - 1, 1)
        released.append(share @ histogram / cells.records)
        remaining.append((1 - share) / cells.records)
    together = GeometricMean() if geometric else Total(1 / max(len(released), 1))
    return Attributewise(tuple(released), together, _LossAdded(tuple(remaining)))


def nonuniform_entropy(cells: Cells) -> Attributewise:
    """Non-uniform entropy: bits that the groups hide of the values, summed over records and quasi-identifiers.

    A record adds log2 of how much commoner its group is than its value; left-out records add the entropy of their
    groups among themselves.
    """
    released = []
    for hierarchy, histogram in zip(cells.hierarchies, cells.histograms(), strict=True):
        some = histogram > 0
        bits = np.zeros(hierarchy.levels)
        for level in range(hierarchy.levels):
            group = np.bincount(hierarchy.codes[level], weights=histogram)[hierarchy.codes[level]]
            bits[level] = abs(float((histogram[some] * np.log2(histogram[some] / group[some])).sum()))
        released.append(bits)
    return Attributewise(tuple(released), Total(), _EntropyAdded(cells.hierarchies))


@dataclass(frozen=True)
class Discernibility:
    """The sum over records of how many look alike; a left-out one looks like all (Bayardo, Agrawal 2005)."""

    records: float
    smallest: int

    def start(self, nodes: Nodes) -> Float64:
        """Let each record be in a class of the smallest size allowed."""
        return np.full(nodes.shape[1], self.records * min(self.smallest, self.records))

    def loss(self, found: Grouped, verdict: Verdict) -> float:
        """Square the classes that leave."""
        kept = np.where(verdict.bad, 0.0, found.sizes)
        return float(kept @ kept) + self.records * verdict.suppressed

    def above(self, found: Grouped, verdict: Verdict) -> float:
        """Merge nothing further, and leave nobody out; who is in a bad class will be in one of the smallest size at least."""
        least = np.where(verdict.bad, np.maximum(found.sizes, min(self.smallest, self.records)), found.sizes)
        return float(found.sizes @ least)

    def below(self, found: Grouped, verdict: Verdict, nodes: Nodes) -> Float64:
        """Split what is left into classes of the smallest size allowed."""
        least = min(self.smallest, self.records)
        return np.asarray(self.records * verdict.surely + least * (self.records - verdict.surely))


@dataclass(frozen=True)
class AverageClassSize:
    """Records over classes; what is left out is one class more (LeFevre et al. 2006, not normalised by k)."""

    records: float
    smallest: int

    def start(self, nodes: Nodes) -> Float64:
        """Let all classes have the smallest size allowed."""
        return np.full(nodes.shape[1], self._bound(self.records // self.smallest))

    def loss(self, found: Grouped, verdict: Verdict) -> float:
        """Count the classes that leave."""
        return self.records / max(self._kept(found, verdict) + (verdict.suppressed > 0), 1)

    def above(self, found: Grouped, verdict: Verdict) -> float:
        """Merge nothing further, and make the records of bad classes into classes of the smallest size allowed."""
        return self._bound(self._kept(found, verdict) + verdict.suppressed // self.smallest)

    def below(self, found: Grouped, verdict: Verdict, nodes: Nodes) -> Float64:
        """Split every class that is not lost into ones of the smallest size allowed."""
        split = np.where(verdict.lost, 0.0, found.sizes // self.smallest)
        return np.asarray(self._bound(float(split.sum())))

    def _kept(self, found: Grouped, verdict: Verdict) -> int:
        return int(np.count_nonzero(~verdict.bad & (found.sizes > 0)))

    def _bound(self, classes: float) -> float:
        """Give the least average of so many classes, and one of the records left out, if any."""
        return self.records / max(min(classes + 1, self.records), 1)


def metric(name: str, cells: Cells, privacy: Privacy) -> Metric:
    """Make the metric of this name: loss-am, loss-gm, discernibility, average-class-size or nonuniform-entropy."""
    match name:
        case "loss-am" | "loss-gm":
            return loss(cells, geometric=name == "loss-gm")
        case "nonuniform-entropy":
            return nonuniform_entropy(cells)
        case "discernibility":
            return Discernibility(cells.records, privacy.smallest)
        case "average-class-size":
            return AverageClassSize(cells.records, privacy.smallest)
        case _:
            raise AssertionError(name)
