"""Columns of a query's answer as NumPy arrays."""

from __future__ import annotations

from typing import Any, cast

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cohorts.columns.events import NO_ID
from cohorts.columns.keys import FIRST_DAY, LAST_DAY, MISSING, Days, Flags, Whole
from cohorts.sql.conditions import Bound


def ask(con: duckdb.DuckDBPyConnection, sql: str, bound: Bound | None = None) -> pa.Table:
    """The answer to a query."""
    relation = con.sql(sql, params=dict(bound.values) if bound and bound.values else None)
    return cast("pa.Table", relation.to_arrow_table())


def days(column: pa.ChunkedArray[Any]) -> Days:
    """Dates as days since 1970-01-01; MISSING where NULL. Days beyond the calendar (infinity) become its ends."""
    one = column.combine_chunks()
    found = one.view(pa.int32()).fill_null(int(MISSING)).to_numpy(zero_copy_only=False)
    if len(found) and found.max() > LAST_DAY:
        found = np.minimum(found, LAST_DAY)
    if len(found) and found.min() < FIRST_DAY:
        found = np.where(found == MISSING, found, np.maximum(found, FIRST_DAY)).astype(np.int32)
    return found


def whole(column: pa.ChunkedArray[Any]) -> Whole:
    """Whole numbers; NO_ID where NULL."""
    one = column.combine_chunks()
    if one.type != pa.int64():
        one = pc.cast(one, pa.int64())
    return one.fill_null(int(NO_ID)).to_numpy(zero_copy_only=False)


def fractions(column: pa.ChunkedArray[Any]) -> npt.NDArray[np.float64]:
    """Numbers; NaN where NULL."""
    return column.combine_chunks().to_numpy(zero_copy_only=False).astype(np.float64)


def flags(column: pa.ChunkedArray[Any]) -> Flags:
    """Booleans without NULL."""
    return column.combine_chunks().to_numpy(zero_copy_only=False)


def known(column: pa.ChunkedArray[Any]) -> Flags:
    """Where a column is not NULL."""
    return cast("Flags", pc.is_valid(column.combine_chunks()).to_numpy(zero_copy_only=False))


def small(column: pa.ChunkedArray[Any]) -> npt.NDArray[np.int16]:
    """Small whole numbers without NULL."""
    return column.combine_chunks().to_numpy(zero_copy_only=False)
