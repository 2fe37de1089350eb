"""A hospital made of text tables, for this room's tests: the whole `Source`, over tables in memory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from cdm import schema
from cdm.source import CdmVersion, Need, Release, Source
from tests.tables import table


class Hospital(Source):
    """The given tables; columns left out are NULL, tables left out are empty."""

    kind = "memory"
    url = "memory://"

    def __init__(self, tables: Mapping[str, str | pa.Table], version: CdmVersion = "5.4") -> None:
        self.version = version
        self.given = {name: table(content) if isinstance(content, str) else content for name, content in tables.items()}

    def tables(self) -> Mapping[str, tuple[str, ...]]:
        return {name: known.names for name, known in schema.tables(self.version).items() if name in self.given}

    def release(self) -> Release:
        return Release("test", self.version, None, None)

    def attach(self, con: duckdb.DuckDBPyConnection, need: Need) -> None:
        con.execute("CREATE SCHEMA IF NOT EXISTS cdm")
        for name, wanted in need.columns.items():
            known = schema.tables(self.version)[name]
            given = self.given.get(name)
            if given is not None:
                con.register("given", given)
            there = () if given is None else given.column_names
            columns = ", ".join(
                f'CAST("{c.name}" AS {c.duckdb_type}) AS "{c.name}"'
                if c.name in there
                else f'CAST(NULL AS {c.duckdb_type}) AS "{c.name}"'
                for c in known.columns
                if c.name in (wanted or known.names)
            )
            con.execute(
                f'CREATE OR REPLACE TABLE cdm."{name}" AS SELECT {columns} '
                + ("FROM given" if given is not None else "FROM (SELECT 1) WHERE false")
            )
            if given is not None:
                con.unregister("given")

    def close(self) -> None:
        """Nothing to give back."""


def draw(path: Path, text: str) -> Path:
    """draw.parquet from `person_id | role | index_date | set_id`; the weight is 1."""
    drawn = table(text)
    drawn = drawn.append_column("weight", pa.array([1.0] * drawn.num_rows, pa.float64()))
    pq.write_table(drawn, path)
    return path
