"""Re-identification risk of people who look alike, from the sizes of their equivalence classes."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Risk:
    """What a set of equivalence classes gives away.

    people, classes: how many. smallest, average: people of a class. uniques: people alone in their class.
    prosecutor: highest probability of finding a person who is known to be in the release (1 / smallest).
    journalist: the same for one who need not be in it; without figures of the population, the prosecutor's
    bounds it. marketer: share of the people whom a match of everybody finds. above: share of people with a
    risk above 1/k. histogram: class size -> classes of it.
    """

    people: int
    classes: int
    smallest: int
    average: float
    uniques: int
    prosecutor: float
    journalist: float
    marketer: float
    above: float
    histogram: dict[int, int]

    def to_json(self) -> dict[str, object]:
        """Give it as plain JSON; the keys of the histogram are text."""
        return {**asdict(self), "histogram": {str(size): count for size, count in self.histogram.items()}}


def measure(sizes: NDArray[np.int64], k: int) -> Risk:
    """Measure the risk of classes of these sizes (people; empty classes are left out) against k."""
    sizes = sizes[sizes > 0]
    people, classes = int(sizes.sum()), int(sizes.size)
    if not classes:
        return Risk(0, 0, 0, 0.0, 0, 0.0, 0.0, 0.0, 0.0, {})
    smallest = int(sizes.min())
    size, count = _histogram(sizes)
    return Risk(
        people=people,
        classes=classes,
        smallest=smallest,
        average=people / classes,
        uniques=int((sizes == 1).sum()),
        prosecutor=1 / smallest,
        journalist=1 / smallest,
        marketer=classes / people,
        above=float(sizes[sizes < k].sum() / people),
        histogram={int(s): int(c) for s, c in zip(size, count, strict=True)},
    )


def _histogram(sizes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give the sizes that occur, and how often: counting them takes a tenth of sorting, but a place for each."""
    if sizes.max() > max(4 * sizes.size, 1 << 16):
        size, count = np.unique(sizes, return_counts=True)
        return size, count.astype(np.int64)
    found = np.bincount(sizes)
    size = np.flatnonzero(found)
    return size.astype(np.int64), found[size].astype(np.int64)
