"""Asking DuckDB without letting a patient's value into an error text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from cdm.errors import BadInput

BATCH = 1 << 18


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


def repeated(con: duckdb.DuckDBPyConnection, sql: str, what: str) -> int:
    """Count how many of a query's whole numbers, its only column, are there already; NULLs are none. Raises BadInput.

    Sorting them is several times quicker than DuckDB's count(DISTINCT), and as exact; it takes 16 bytes for each row.
    """
    parts = [np.empty(0, np.int64)]
    try:
        reader = con.sql(sql).to_arrow_reader(BATCH)
        parts += [batch.column(0).drop_null().to_numpy(zero_copy_only=False).view(np.int64) for batch in reader]
    except duckdb.Error as error:
        raise _unreadable(what, error) from None
    values = np.concatenate(parts)
    values.sort()
    return int(np.count_nonzero(values[1:] == values[:-1]))


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
