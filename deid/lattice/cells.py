"""Records that share every quasi-identifier, counted once: all that the search looks at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from deid.hierarchies import Hierarchy

Levels = tuple[int, ...]
Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]
Codes = NDArray[np.integer]

# A table over the combinations of one block's values has to stay in a core's second-level cache.
LARGEST_BLOCK = 1 << 15
_KEY_LIMIT = 1 << 62


@dataclass(frozen=True)
class Block:
    """Some quasi-identifiers, neighbours in their order, read as one: members, and how many values each has."""

    members: tuple[int, ...]
    shape: tuple[int, ...]

    def table(self, hierarchies: Sequence[Hierarchy], levels: Levels, strides: Sequence[int]) -> Int64:
        """Give the part of a class's key that each combination of the block's values makes at these levels."""
        found: Int64 = np.zeros(1, dtype=np.int64)
        for member in self.members:
            part = hierarchies[member].codes[levels[member]].astype(np.int64) * strides[member]
            found = np.add.outer(found, part).reshape(-1)
        return found

    def histograms(self, code: Codes, count: Float64) -> list[Float64]:
        """Count the records of each value of each member."""
        joint = tally(code, count, int(np.prod(self.shape))).reshape(self.shape)
        axes = range(len(self.shape))
        return [joint.sum(axis=tuple(other for other in axes if other != axis)) for axis in axes]


def blocks(hierarchies: Sequence[Hierarchy], largest: int = LARGEST_BLOCK) -> tuple[Block, ...]:
    """Cut the quasi-identifiers into as few blocks as have at most `largest` combinations of values each."""
    groups: list[list[int]] = []
    size = largest + 1
    for place, hierarchy in enumerate(hierarchies):
        if size * hierarchy.values > largest:
            groups.append([])
            size = 1
        groups[-1].append(place)
        size *= hierarchy.values
    return tuple(Block(tuple(group), tuple(hierarchies[i].values for i in group)) for group in groups)


@dataclass(frozen=True)
class Entries:
    """The values of one sensitive attribute within cells: cell (index), value (code from 0), count (records)."""

    cell: Int64
    value: Int64
    count: Float64
    values: int


@dataclass(frozen=True)
class Cells:
    """Distinct combinations of the quasi-identifiers' values.

    levels: the levels at which they are distinct; below, nothing is known. codes: for each block the place of one of
    a cell's combinations in it. count: records of each cell (float64, whole numbers, as the sums are made in it).
    sensitive: one for each sensitive attribute.
    """

    hierarchies: tuple[Hierarchy, ...]
    levels: Levels
    blocks: tuple[Block, ...]
    codes: tuple[Codes, ...]
    count: Float64
    sensitive: tuple[Entries, ...] = ()

    @property
    def size(self) -> int:
        """Count the cells."""
        return int(self.count.size)

    @cached_property
    def records(self) -> float:
        """Count the records."""
        return float(self.count.sum())

    def histograms(self, chosen: NDArray[np.intp] | None = None) -> list[Float64]:
        """Count the records of each value of each quasi-identifier, in all cells or the chosen ones."""
        found: list[Float64] = []
        for block, code in zip(self.blocks, self.codes, strict=True):
            some = (code, self.count) if chosen is None else (code[chosen], self.count[chosen])
            found += block.histograms(*some)
        return found


@dataclass(frozen=True)
class Grouped:
    """The equivalence classes of cells at some levels.

    member: each cell's class. sizes: records of each class; a class may be empty, since it is numbered by its key
    where that saves sorting.
    """

    levels: Levels
    cells: Cells
    member: Int64
    sizes: Float64


def tally(place: NDArray[np.integer], count: Float64, number: int) -> Float64:
    """Add up the counts of each place, also where there are none: NumPy would count those in integers."""
    return np.bincount(place, weights=count, minlength=number).astype(np.float64, copy=False)


def group(cells: Cells, levels: Levels) -> Grouped:
    """Find the classes of the cells at these levels, which must not be finer than the cells themselves."""
    key, span = _keys(cells, levels)
    if span <= max(4 * cells.size, 1 << 12):
        return Grouped(levels, cells, key, tally(key, cells.count, span))
    member, number = _rank(key)
    return Grouped(levels, cells, member, tally(member, cells.count, number))


def _keys(cells: Cells, levels: Levels) -> tuple[Int64, int]:
    """Number each cell's class, and give the number that all stay below."""
    key: Int64 = np.zeros(1, dtype=np.int64)
    span = 1
    for block, code in zip(cells.blocks, cells.codes, strict=True):
        strides, wide = [0] * len(cells.hierarchies), 1
        for member in block.members:
            strides[member] = wide
            wide *= len(cells.hierarchies[member].labels[levels[member]])
        if wide == 1:
            continue
        if span * wide > _KEY_LIMIT:
            key, span = _rank(key)
        part = block.table(cells.hierarchies, levels, strides)
        part *= span
        key = part[code] if span == 1 else key + part[code]
        span *= wide
    return (np.broadcast_to(key, cells.size).copy() if key.size != cells.size else key), span


def _rank(key: Int64) -> tuple[Int64, int]:
    """Number the distinct keys from 0 in ascending order; give each its number, and how many there are."""
    order = np.argsort(key)
    ordered = key[order]
    first = np.empty(ordered.size, dtype=np.int64)
    first[:1] = 0
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:], casting="unsafe")
    np.cumsum(first, out=first)
    member = np.empty_like(first)
    member[order] = first
    return member, int(first[-1]) + 1 if first.size else 0


def roll_up(cells: Cells, levels: Levels) -> Cells:
    """Merge the cells that are one at these levels; each is told by one of its cells."""
    found = group(cells, levels)
    used = np.flatnonzero(found.sizes)
    number = np.empty(found.sizes.size, dtype=np.int64)
    number[used] = np.arange(used.size)
    member = number[found.member]
    one = np.empty(used.size, dtype=np.int64)
    # Of several writes to one place any may stand: the cells of a class are alike at these levels.
    one[member] = np.arange(cells.size)
    return Cells(
        cells.hierarchies,
        levels,
        cells.blocks,
        tuple(code[one] for code in cells.codes),
        found.sizes[used],
        tuple(_merge(entries, member) for entries in cells.sensitive),
    )


def _merge(entries: Entries, member: Int64) -> Entries:
    place, number = _rank(member[entries.cell] * entries.values + entries.value)
    cell, value = np.empty(number, dtype=np.int64), np.empty(number, dtype=np.int64)
    cell[place], value[place] = member[entries.cell], entries.value
    return Entries(cell, value, tally(place, entries.count, number), entries.values)
