"""Columns of a query's answer as NumPy arrays."""

from __future__ import annotations

from typing import Any, cast

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cdm import arrays
from cohorts.columns.events import NO_ID
from cohorts.columns.keys import FIRST_DAY, LAST_DAY, MISSING, Days, Flags, Whole
from cohorts.sql.conditions import Bound


def ask(con: duckdb.DuckDBPyConnection, sql: str, bound: Bound | None = None) -> pa.Table:
    """The answer to a query."""
    relation = con.sql(sql, params=dict(bound.values) if bound and bound.values else None)
    return cast("pa.Table", relation.to_arrow_table())


def days(column: pa.ChunkedArray[Any]) -> Days:
    """Dates as days since 1970-01-01; MISSING where NULL. Days beyond the calendar (infinity) become its ends."""
    found: Days = arrays.filled(column, int(MISSING))
    if len(found) and found.max() > LAST_DAY:
        found = np.minimum(found, LAST_DAY)
    if len(found) and found.min() < FIRST_DAY:
        found = np.where(found == MISSING, found, np.maximum(found, FIRST_DAY)).astype(np.int32)
    return found


def whole(column: pa.ChunkedArray[Any]) -> Whole:
    """Whole numbers; NO_ID where NULL."""
    one = arrays.whole(column)
    if not pa.types.is_integer(one.type):
        one = one.cast(pa.int64())
    found = arrays.filled(one, 0).astype(np.int64, copy=False)
    return np.where(arrays.known(one), found, NO_ID) if one.null_count else found


def fractions(column: pa.ChunkedArray[Any]) -> npt.NDArray[np.float64]:
    """Numbers; NaN where NULL."""
    one = arrays.whole(column)
    if one.type != pa.float64():
        one = one.cast(pa.float64())
    return arrays.filled(one, float("nan"))


def flags(column: pa.ChunkedArray[Any]) -> Flags:
    """Booleans without NULL."""
    return arrays.values(column)


def known(column: pa.ChunkedArray[Any]) -> Flags:
    """Where a column is not NULL."""
    return arrays.known(column)


def small(column: pa.ChunkedArray[Any]) -> npt.NDArray[np.int16]:
    """Small whole numbers without NULL."""
    return arrays.values(column)
