"""Numbers as wide as the columns that they are compared with.

The CDM's whole numbers are of 32 bits in most hospitals. Compared with numbers of 64 bits, each row would be widened first, and
DuckDB could not tell while it reads which parts of a table to pass over.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import numpy as np
import numpy.typing as npt

from cohorts.columns.keys import Whole

_NARROW = np.iinfo(np.int32)


class Widths:
    """What is known of the columns of schema `cdm` of an engine; each is asked about once."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        self._known: dict[tuple[str, str], str] = {}

    def fit(self, given: Whole, columns: Sequence[tuple[str, str]]) -> npt.NDArray[np.integer]:
        """The numbers that columns (table, column) of 32 bits can hold, so wide; as they are where a column is wider."""
        if not columns or any(self._type(*column) != "INTEGER" for column in columns):
            return given
        return given[(given >= _NARROW.min) & (given <= _NARROW.max)].astype(np.int32)

    def _type(self, table: str, column: str) -> str:
        if (table, column) not in self._known:
            (kind,) = self._con.sql(f"SELECT {column} FROM cdm.{table} LIMIT 0").types
            self._known[table, column] = str(kind)
        return self._known[table, column]
