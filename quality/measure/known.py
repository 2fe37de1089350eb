"""How many rows a file has, and how many of each column's are filled: told by the file itself, so nothing is read.

Every writer of Parquet counts the NULLs of each part of a column in the file's footer. These counts are trusted as the
limits beside them are, by which DuckDB passes over parts of a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import permutations
from pathlib import Path

import duckdb

from quality.measure.engine import literal, quote, rows

ROWS = "count(*)"


@dataclass(frozen=True)
class Filled:
    """rows: how many there are, None where the file does not tell; columns: the filled ones of each column that it tells of."""

    rows: int | None = None
    columns: Mapping[str, int] = field(default_factory=dict)

    @property
    def answers(self) -> dict[str, int]:
        """SQL over `t`, as `filled`, `empty` and `both` spell it -> what it would give."""
        if self.rows is None:
            return {}
        found = {ROWS: self.rows}
        for name, count in self.columns.items():
            found |= {filled(name): count, empty(name): self.rows - count}
        full = [name for name, count in self.columns.items() if count == self.rows]
        return found | {both(one, other): self.rows for one, other in permutations(full, 2)}


def filled(name: str) -> str:
    """SQL of the number of rows in which a column is filled."""
    return f"count(t.{quote(name)})"


def empty(name: str) -> str:
    """SQL of the number of rows in which it is not."""
    return f"count(*) - count(t.{quote(name)})"


def both(one: str, other: str) -> str:
    """SQL of the number of rows in which two columns are filled."""
    return f"count(*) FILTER (WHERE t.{quote(one)} IS NOT NULL AND t.{quote(other)} IS NOT NULL)"


def read_filled(con: duckdb.DuckDBPyConnection, path: Path) -> Filled:
    """Read the counts of a Parquet file. Raises BadInput."""
    found = rows(
        con,
        "SELECT path_in_schema, sum(num_values)::BIGINT, sum(stats_null_count)::BIGINT, count(*) = count(stats_null_count) "
        f"FROM parquet_metadata({literal(path)}) GROUP BY ALL ORDER BY ALL",
        str(path),
    )
    if not found:
        return Filled()
    return Filled(max(count for _, count, _, _ in found), {name: n - nulls for name, n, nulls, told in found if told})
