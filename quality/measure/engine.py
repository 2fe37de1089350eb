"""Asking DuckDB without letting a patient's value into an error text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from cdm.errors import BadInput


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


def finite(value: float | None, otherwise: float) -> float:
    """Give a statistic, or `otherwise` where there was nothing to work it out from (NULL, NaN)."""
    return otherwise if value is None or math.isnan(value) else float(value)


def _execute(con: duckdb.DuckDBPyConnection, sql: str, what: str, values: Sequence[Any]) -> duckdb.DuckDBPyConnection:
    try:
        return con.execute(sql, list(values))
    except duckdb.Error as error:
        # DuckDB quotes the offending cell in its messages; only the kind of error may be told.
        raise BadInput(
            f"The quality checks cannot read {what} ({type(error).__name__}); expected whole Parquet files as the earlier "
            "stages write them: run those stages again."
        ) from None
