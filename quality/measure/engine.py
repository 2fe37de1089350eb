"""Asking DuckDB without letting a patient's value into an error text."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cdm import arrays
from cdm.errors import BadInput

BATCH = 1 << 17
WORD = 1 << 64


def quote(name: str) -> str:
    """Quote an identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str | Path) -> str:
    """Quote a string of our own, such as a path, where SQL takes no bound value (a view)."""
    return "'" + str(text).replace("'", "''") + "'"


def run(con: duckdb.DuckDBPyConnection, sql: str, what: str, values: Sequence[Any] = ()) -> None:
    """Execute a statement; `what` names its subject for the error. Raises BadInput."""
    _execute(con, sql, what, values)


def rows(con: duckdb.DuckDBPyConnection, sql: str, what: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Fetch every row of a small answer. Raises BadInput."""
    return _execute(con, sql, what, values).fetchall()


def row(con: duckdb.DuckDBPyConnection, sql: str, what: str, values: Sequence[Any] = ()) -> tuple[Any, ...]:
    """Fetch the one row of an aggregate. Raises BadInput."""
    return rows(con, sql, what, values)[0]


def batches(con: duckdb.DuckDBPyConnection, sql: str, what: str) -> Iterator[pa.RecordBatch]:
    """Stream a query in its own order. Raises BadInput."""
    try:
        yield from con.sql(sql).to_arrow_reader(BATCH)
    except duckdb.Error as error:
        raise _unreadable(what, error) from None


def repeated(con: duckdb.DuckDBPyConnection, sql: str, what: str) -> int:
    """Count how many of a query's whole numbers, its only column, are there already; NULLs are none. Raises BadInput."""
    parts = [np.empty(0, np.int64)]
    columns = (batch.column(0) for batch in batches(con, sql, what))
    parts += [arrays.values(column.drop_null() if column.null_count else column).view(np.int64) for column in columns]
    return repeats(np.concatenate(parts))


def repeats(values: npt.NDArray[Any]) -> int:
    """Count how many numbers of an array, which is sorted for it, are there already.

    Sorting them is several times quicker than DuckDB's count(DISTINCT), and as exact; it takes 8 bytes for each row.
    """
    values.sort()
    return int(np.count_nonzero(values[1:] == values[:-1]))


def order_kept(con: duckdb.DuckDBPyConnection, sql: str, what: str) -> float:
    """How much of the order of a query's first column is that of its second: |rank correlation|, 0 where there is none.

    Neither holds NULLs; equal values share the rank of the first of them. Raises BadInput.
    """
    try:
        found = con.sql(sql).to_arrow_table()
    except duckdb.Error as error:
        raise _unreadable(what, error) from None
    first, second = (_ranks(arrays.values(column)) for column in found.columns)
    if not (first.any() and second.any()):  # nobody, or all alike
        return 0.0
    return abs(float(np.corrcoef(first, second)[0, 1]))


def _ranks(values: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """For each value the number of smaller ones."""
    places = np.argsort(values, kind="stable")
    ascending = values[places]
    firsts = np.arange(len(values))
    firsts[1:][ascending[1:] == ascending[:-1]] = 0
    ranks = np.empty(len(values), np.int64)
    ranks[places] = np.maximum.accumulate(firsts) if len(firsts) else firsts
    return ranks


def finite(value: float | None, otherwise: float) -> float:
    """Give a statistic, or `otherwise` where there was nothing to work it out from (NULL, NaN)."""
    return otherwise if value is None or math.isnan(value) else float(value)


def _execute(con: duckdb.DuckDBPyConnection, sql: str, what: str, values: Sequence[Any]) -> duckdb.DuckDBPyConnection:
    try:
        return con.execute(sql, list(values))
    except duckdb.Error as error:
        raise _unreadable(what, error) from None


def _unreadable(what: str, error: duckdb.Error) -> BadInput:
    """Say what cannot be read. DuckDB quotes the offending cell in its messages; only the kind of error may be told."""
    return BadInput(
        f"The quality checks cannot read {what} ({type(error).__name__}); expected whole Parquet files as the earlier "
        "stages write them: run those stages again."
    )
