"""The records of a flat table as cells: each on its own, or alike ones counted once."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deid.lattice.cells import Block, Cells, Codes, Entries, Float64, Int64, blocks, tally
from deid.table.read import Table

AT_ONCE = 1 << 16


def records(table: Table) -> Cells:
    """Give every record as a cell of its own, in the order of the table."""
    parts = blocks(table.hierarchies)
    return Cells(
        table.hierarchies,
        (0,) * len(table.hierarchies),
        parts,
        tuple(table.codes.select(_joint(table, part)).to_series().to_numpy() for part in parts),
        np.ones(table.records),
        tuple(
            Entries(np.arange(table.records), table.codes[name].to_numpy().astype(np.int64), np.ones(table.records), n)
            for name, n in ((name, len(values)) for name, values in table.sensitive.items())
        ),
    )


def cells(table: Table) -> Cells:
    """Count the records that share every quasi-identifier, in the order of their values."""
    # Few cells: their number, not the tables over a block's values, has to be what a look costs.
    parts = blocks(table.hierarchies, int(np.clip(table.records // 8, 1 << 8, 1 << 15)))
    codes, values, count = _count(table, parts)
    first = np.ones(count.size, dtype=bool)
    first[1:] = np.any([code[1:] != code[:-1] for code in codes], axis=0)
    cell = np.cumsum(first) - 1
    return Cells(
        table.hierarchies,
        (0,) * len(table.hierarchies),
        parts,
        tuple(code[first] for code in codes),
        tally(cell, count, int(first.sum())),
        tuple(
            Entries(cell, value, count, len(known))
            for value, known in zip(values, table.sensitive.values(), strict=True)
        ),
    )


def _count(table: Table, parts: Sequence[Block]) -> tuple[list[Codes], list[Int64], Float64]:
    """Count each combination of blocks and sensitive values, in their order."""
    joints = [_joint(table, part).alias(f"block {place}") for place, part in enumerate(parts)]
    sizes = [prod(part.shape) for part in parts] + [len(known) for known in table.sensitive.values()]
    columns = [*joints, *(pl.col(name).cast(pl.UInt32) for name in table.sensitive)]
    if prod(sizes) >= 1 << 63:
        counted = table.codes.lazy().select(columns).group_by(pl.all()).agg(pl.len().alias("count")).collect()
        counted = counted.sort(counted.columns[:-1])
        found: list[NDArray[Any]] = [counted[name].to_numpy() for name in counted.columns]
        blocks_, values = found[: len(parts)], found[len(parts) : -1]
        return blocks_, [value.astype(np.int64) for value in values], found[-1].astype(np.float64)
    # Sorting one number for each record takes half of what grouping them does.
    ordered = _numbers(table)
    ordered.sort()
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    rest = ordered[starts]
    codes: list[Codes] = []
    for size in reversed(sizes):
        above = rest // size  # a remainder would be divided for anew, which takes longer than to multiply
        codes.append((rest - above * np.uint64(size)).astype(np.uint32 if size > 1 << 16 else np.uint16))
        rest = above
    codes.reverse()
    return (
        codes[: len(parts)],
        [v.astype(np.int64) for v in codes[len(parts) :]],
        np.diff(starts, append=ordered.size).astype(np.float64),
    )


def _numbers(table: Table) -> NDArray[np.uint64]:
    """Number each record's combination of all values, in the order of the columns; a part at a time, for the cache's sake."""
    columns = [table.codes[name].to_numpy() for name in table.codes.columns]
    sizes = [h.values for h in table.hierarchies] + [len(known) for known in table.sensitive.values()]
    found = np.zeros(table.records, dtype=np.uint64)
    for start in range(0, table.records, AT_ONCE):
        part = found[start : start + AT_ONCE]
        for column, size in zip(columns, sizes, strict=True):
            part *= np.uint64(size)
            part += column[start : start + AT_ONCE]
    return found


def _joint(table: Table, block: Block) -> pl.Expr:
    """Give the place of a record's combination in a block."""
    found, names = pl.lit(0, dtype=pl.UInt32), table.codes.columns
    for member, values in zip(block.members, block.shape, strict=True):
        found = found * values + pl.col(names[member]).cast(pl.UInt32)
    return found.cast(pl.UInt16 if prod(block.shape) <= 1 << 16 else pl.UInt32)


def overall(distinct: Cells, place: int) -> Float64:
    """Count the records of each value of a sensitive attribute."""
    entries = distinct.sensitive[place]
    return tally(entries.value, entries.count, entries.values)
