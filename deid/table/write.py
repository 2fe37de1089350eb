"""Writing what may leave of a flat table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from deid.lattice.cells import Grouped, Int64, Levels, group
from deid.lattice.privacy import Privacy, judge
from deid.parquet import ROW_GROUP, write_groups
from deid.table.aggregate import records
from deid.table.read import Table
from deid.table.scan import collect


def write(table: Table, privacy: Privacy, levels: Levels, out: Path) -> int:
    """Write the records of good classes, sorted by all their columns; give their number.

    A quasi-identifier is the text of its group at its level, the other columns are as they were read.
    """
    found = group(records(table), levels)
    good = np.flatnonzero(~judge(found, privacy).bad & (found.sizes > 0))
    labels = _labels(table, found, good)
    # Labels are numbered in their own order, so that numbers sort as texts do.
    order = np.lexsort(labels[::-1])
    good, labels = good[order], [label[order] for label in labels]
    others = [name for name in table.rows.collect_schema().names() if name not in table.quasi]
    if others:
        place = np.full(found.sizes.size, -1, dtype=np.int32)
        place[good] = np.arange(good.size, dtype=np.int32)
        beside = (
            collect(table.rows.select(others))
            .with_columns(pl.Series(_CLASS, place[found.member]))
            .filter(pl.col(_CLASS) >= 0)
            .sort(_CLASS, *others)
        )
        member = beside[_CLASS].to_numpy().astype(np.int64)
        rest = _arrow(beside.drop(_CLASS))
    else:
        # Records of a class are alike in all that leaves: there is nothing to sort.
        member, rest = np.repeat(np.arange(good.size), found.sizes[good].astype(np.int64)), None
    groups = _groups(table, levels, labels, member, rest)
    fields = [pa.field(name, pa.dictionary(pa.int32(), pa.string())) for name in table.quasi]
    schema = pa.schema([*fields, *(rest.schema if rest is not None else ())])
    return write_groups(schema, groups, out)


# No column of a CSV or Parquet file that a person names has this name.
_CLASS = "\x00class"


def _labels(table: Table, found: Grouped, classes: Int64) -> list[Int64]:
    """Give each class's group in every quasi-identifier, of any of its records, which agree."""
    one = np.empty(found.sizes.size, dtype=np.int64)
    one[found.member] = np.arange(found.member.size)
    some = table.codes[pl.Series(one[classes])] if classes.size else table.codes.clear()
    return [
        hierarchy.codes[level][some[hierarchy.name].to_numpy()].astype(np.int64)
        for hierarchy, level in zip(table.hierarchies, found.levels, strict=True)
    ]


def _groups(
    table: Table, levels: Levels, labels: list[Int64], member: Int64, rest: pa.Table | None
) -> Iterator[pa.Table]:
    """Give the rows, a row group at a time."""
    texts = [pa.array(h.labels[level], pa.string()) for h, level in zip(table.hierarchies, levels, strict=True)]
    for start in range(0, member.size, ROW_GROUP):
        part = member[start : start + ROW_GROUP]
        columns: dict[str, pa.Array[Any]] = {
            name: pa.DictionaryArray.from_arrays(label[part].astype(np.int32), text)
            for name, label, text in zip(table.quasi, labels, texts, strict=True)
        }
        rows = pa.table(columns)
        if rest is not None:
            beside = rest.slice(start, part.size).combine_chunks()
            for field, column in zip(beside.schema, beside.columns, strict=True):
                rows = rows.append_column(field, column)
        yield rows


def _arrow(rows: pl.DataFrame) -> pa.Table:
    found = rows.to_arrow(compat_level=pl.CompatLevel.oldest())
    plain = [f.with_type(pa.string()) if pa.types.is_large_string(f.type) else f for f in found.schema]
    return found.cast(pa.schema(plain))
