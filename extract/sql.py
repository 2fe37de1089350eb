"""How this room speaks to DuckDB: quoted names, total orders, errors without values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import duckdb
import pyarrow as pa

from cdm.errors import BadInput

BATCH_ROWS = 1 << 17


def quote(name: str) -> str:
    """`name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def names(columns: Sequence[str], alias: str = "") -> str:
    """Give a column list for SELECT, each taken from `alias` when one is given."""
    prefix = f"{quote(alias)}." if alias else ""
    return ", ".join(prefix + quote(column) for column in columns)


def total_order(keys: Sequence[str], columns: Sequence[str]) -> str:
    """ORDER BY terms: the keys that exist, then every other column.

    Keys that a source repeats or a policy empties would leave ties, and ties come out as the threads happen
    to run. DuckDB sorts by all columns at the price of sorting by the keys.
    """
    first = [key for key in keys if key in columns]
    return names([*first, *(column for column in columns if column not in first)])


def stream(con: duckdb.DuckDBPyConnection, query: str, values: Sequence[object] = ()) -> pa.RecordBatchReader:
    """Give the result as Arrow batches, made as they are asked for."""
    reader = con.sql(query, params=list(values)).to_arrow_reader(BATCH_ROWS)
    assert isinstance(reader, pa.RecordBatchReader)
    return reader


def figures(con: duckdb.DuckDBPyConnection, query: str, values: Sequence[object] = ()) -> tuple[Any, ...]:
    """Give the one row of a query that gives one row."""
    (row,) = con.execute(query, list(values)).fetchall()
    return tuple(row)


@contextmanager
def without_values(doing: str) -> Iterator[None]:
    """Turn an engine's error into a sentence of ours: DuckDB and Arrow quote cell values in theirs."""
    try:
        yield
    except (duckdb.Error, pa.ArrowException) as error:
        failed = f"{doing} failed in the engine ({type(error).__name__})"
        if isinstance(error, duckdb.OutOfMemoryException):
            failed += ": memory and spill space are used up; give the step more memory or a larger spill folder"
        raise BadInput(failed) from None
    except OSError as error:
        raise BadInput(
            f"{doing} failed: {error.strerror or 'the disk refused'}; check space and rights there"
        ) from None
