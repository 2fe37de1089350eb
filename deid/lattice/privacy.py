"""What a class of records must show before it may leave: k-anonymity, l-diversity, t-closeness.

Each model tells two things of a class: whether it holds, and, where not, how many of its records must be left out at
every finer combination of levels too. The second is what spares the search most of its work. It follows from the
models' shape: size and distinct values only fall when a class is split; entropy is concave, and the distances and the
recursive model's margin are convex, so the parts of a bad class cannot all be good.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from math import inf, log
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from deid.hierarchies import Hierarchy
from deid.lattice.cells import Entries, Float64, Grouped, tally

Mask = NDArray[np.bool_]
# Cells of a table classes x sensitive values held at a time (8 bytes each).
_CHUNK = 1 << 23


class Model(Protocol):
    """A model of one sensitive attribute, over a table classes x values of numbers of records (no empty class)."""

    def judge(self, counts: Float64) -> Float64:
        """Give the share of each class that is lost now and at every finer level: 0 where the model holds.

        Where it does not, the share is positive, and 1 only where no part of the class can ever hold.
        """


@dataclass(frozen=True)
class DistinctL:
    """At least l different values (Machanavajjhala et al. 2007)."""

    l: float  # noqa: E741  # the field's name

    def judge(self, counts: Float64) -> Float64:
        """Lose all of a class with fewer values."""
        return np.where((counts > 0).sum(axis=1) < self.l, 1.0, 0.0)


@dataclass(frozen=True)
class EntropyL:
    """Entropy of the values at least log l (Machanavajjhala et al. 2007)."""

    l: float  # noqa: E741  # the field's name

    def judge(self, counts: Float64) -> Float64:
        """Lose what keeps the mean entropy of the parts below log l."""
        total = counts.sum(axis=1)
        logs = np.log2(counts, out=np.zeros_like(counts), where=counts > 0)
        entropy, wanted = np.log2(total) - (counts * logs).sum(axis=1) / total, np.log2(self.l)
        bad = entropy < wanted
        near = np.flatnonzero(np.abs(entropy - wanted) < 1e-9) if float(self.l).is_integer() else ()
        for row in near:
            bad[row] = not _just_reaches(self.l, float(total[row]))
        lost = np.where(bad, np.clip(1 - entropy / max(wanted, 1e-300), _LEAST, 1 - _LEAST), 0.0)
        return np.where((counts > 0).sum(axis=1) < np.floor(self.l), 1.0, lost)


@cache
def _just_reaches(wanted: float, size: float) -> bool:
    """Tell whether l values that stand equally often, so that they meet the bound exactly, are let pass.

    In doubles that hangs on the order of the sums; ours is ARX's, or the two would not find the same optimum.
    """
    every, total = size / wanted, 0.0
    for _ in range(round(wanted)):
        total += every * (log(every) / log(2))
    return -((total / size) - log(size) / log(2)) >= log(wanted) / log(2)


@dataclass(frozen=True)
class RecursiveL:
    """The commonest value rarer than c times all from the l-th commonest on (Machanavajjhala et al. 2007)."""

    c: float
    l: int  # noqa: E741  # the field's name

    def judge(self, counts: Float64) -> Float64:
        """Lose what keeps the mean margin of the parts below zero."""
        ordered = np.sort(counts, axis=1)
        tail = ordered[:, : max(counts.shape[1] - self.l + 1, 0)].sum(axis=1)
        margin = (ordered[:, -1] - self.c * tail) / counts.sum(axis=1)
        lost = np.where(margin >= 0, np.clip(margin, _LEAST, 1 - _LEAST), 0.0)
        return np.where((counts > 0).sum(axis=1) < self.l, 1.0, lost)


@dataclass(frozen=True)
class Closeness:
    """Distance of the values' distribution to that of all records at most t (Li et al. 2007).

    Earth mover's distance over a tree of values: moving a record between two values costs the height of their lowest
    common ancestor over the height of the tree. groups: for each height from the leaves' parents to the root, each
    value's node. A tree of height 1 is the equal distance.
    """

    t: float
    overall: Float64
    groups: tuple[NDArray[np.int32], ...]

    @classmethod
    def equal(cls, t: float, overall: Float64) -> Closeness:
        """Take every two values to be equally far apart."""
        return cls(t, overall, (np.zeros(overall.size, dtype=np.int32),))

    @classmethod
    def hierarchical(cls, t: float, overall: Float64, tree: Hierarchy) -> Closeness:
        """Take values to be as far apart as the tree says, whose leaves are in the order of the values."""
        groups = [tree.codes[level] for level in range(1, tree.levels)]
        if not groups or len(tree.labels[-1]) > 1:
            groups.append(np.zeros(overall.size, dtype=np.int32))
        return cls(t, overall, tuple(groups))

    def judge(self, counts: Float64) -> Float64:
        """Lose what keeps the mean distance of the parts above t; no distance is above 1."""
        distance = self.distance(counts)
        return np.where(distance > self.t, np.clip((distance - self.t) / (1 - self.t), _LEAST, 1 - _LEAST), 0.0)

    def distance(self, counts: Float64) -> Float64:
        """Give each class's distance to all records."""
        extra = self.overall / self.overall.sum() - counts / counts.sum(axis=1, keepdims=True)
        below = np.arange(extra.shape[1])
        cost = np.zeros(extra.shape[0])
        for height, nodes in enumerate(self.groups, start=1):
            # A node's children all have one parent, so the first value of each child tells it.
            children, first = np.unique(below, return_index=True)
            parents = np.zeros((extra.shape[1], int(nodes.max(initial=0)) + 1))
            parents[children, nodes[first]] = 1
            surplus, deficit = np.maximum(extra, 0) @ parents, np.maximum(-extra, 0) @ parents
            cost += height / len(self.groups) * np.minimum(surplus, deficit).sum(axis=1)
            extra, below = surplus - deficit, nodes
        return cost


_LEAST = 1e-9


@dataclass(frozen=True)
class Privacy:
    """What every class must reach. models: the sensitive attribute (its place among them) and its model."""

    k: int
    models: tuple[tuple[int, Model], ...] = ()

    @property
    def smallest(self) -> int:
        """Count the records that a class which may leave has at least."""
        least = [int(np.ceil(m.l)) for _, m in self.models if isinstance(m, DistinctL | RecursiveL)]
        return max(self.k, 1, *least)


@dataclass(frozen=True)
class Verdict:
    """Which classes may not leave.

    bad: one for each class; empty classes are bad too, at no cost. lost: of these, the classes whose records are lost at
    every finer level too. suppressed: records left out. surely: records left out, at least, at every finer level.
    """

    bad: Mask
    lost: Mask
    suppressed: float
    surely: float


def judge(found: Grouped, privacy: Privacy, allowed: float = inf) -> Verdict:
    """Judge every class against k and every model; against k alone where that already loses more than `allowed`."""
    lost = found.sizes < privacy.k
    gone = float(found.sizes[lost].sum())
    if not privacy.models or gone > allowed:
        return Verdict(lost, lost, gone, gone)
    rows = np.flatnonzero(~lost)
    share = np.zeros(rows.size)
    for place, model in privacy.models:
        share = np.maximum(share, per_class(model.judge, found, found.cells.sensitive[place], rows))
    bad = lost.copy()
    bad[rows] = share > 0
    lost = lost.copy()
    lost[rows] = share == 1
    sizes = found.sizes[rows]
    partly = (share > 0) & (share < 1)
    gone = float(found.sizes[lost].sum())
    # A bad class costs whole records; what rounding adds must not count as one.
    surely = gone + float(np.maximum(np.ceil(share[partly] * sizes[partly] - 1e-6), 1).sum())
    return Verdict(bad, lost, gone + float(sizes[partly].sum()), surely)


def per_class(
    measure: Callable[[Float64], Float64], found: Grouped, entries: Entries, rows: NDArray[np.intp]
) -> Float64:
    """Measure the classes `rows` by their table of classes x sensitive values, as many at a time as memory allows."""
    place = np.full(found.sizes.size, -1, dtype=np.int64)
    place[rows] = np.arange(rows.size)
    row = place[found.member[entries.cell]]
    step = max(_CHUNK // entries.values, 1)
    if not rows.size:
        return np.zeros(0)
    if rows.size <= step:
        keep = row >= 0
        parts: Sequence[tuple[int, int, NDArray[np.intp] | Mask]] = [(0, rows.size, keep)]
    else:
        order = np.argsort(row, kind="stable")
        starts = np.arange(0, rows.size, step)
        cuts = np.searchsorted(row[order], np.append(starts, rows.size))
        parts = [
            (int(start), min(step, rows.size - int(start)), order[low:high])
            for start, low, high in zip(starts, cuts[:-1], cuts[1:], strict=True)
        ]
    shares = []
    for start, number, chosen in parts:
        key = (row[chosen] - start) * entries.values + entries.value[chosen]
        counts = tally(key, entries.count[chosen], number * entries.values)
        shares.append(measure(counts.reshape(number, entries.values)))
    return np.concatenate(shares)
