"""A table of the hospital as SQL: expressions for some columns of a CDM table, and where its rows come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cdm.schema import Column, tables

VERSION = "5.4"


@dataclass(frozen=True)
class Recipe:
    """How one CDM table is made.

    columns: column -> SQL expression over `source`; a column without one is NULL. source: what follows FROM.
    ordered: the source is a sorted subquery, and the columns are a plain projection of it, which keeps its order. For
        the largest table: sorting its few drawn columns costs a fraction of sorting all of the CDM's.
    """

    table: str
    columns: Mapping[str, str]
    source: str
    ordered: bool = False

    def select(self) -> str:
        """The query: every column of the CDM table in CDM order with its type, rows in the table's order."""
        table = tables("5.4")[self.table]
        unknown = set(self.columns) - set(table.names)
        if unknown:
            raise KeyError(f"{self.table}: {sorted(unknown)}")
        shown = ", ".join(
            f'CAST({self.columns.get(c.name, "NULL")} AS {engine_type(c)}) AS "{c.name}"' for c in table.columns
        )
        rows = f"SELECT {shown} FROM {self.source}"
        order = ", ".join(f'"{name}"' for name in table.order)
        return rows if self.ordered else f"SELECT * FROM ({rows}) ORDER BY {order}"


def engine_type(column: Column) -> str:
    """32 bits for concept ids and small numbers as in the CDM's DDL, 64 for the ids of people and rows."""
    if column.family == "integer" and (column.is_concept or not column.name.endswith("_id")):
        return "INTEGER"
    return column.duckdb_type
