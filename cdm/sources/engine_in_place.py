"""DuckDB as one more database that computes in place: it checks the SQL of the others, on a hospital's own data if asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import duckdb
import pyarrow as pa

from cdm.engine import Limits, connect
from cdm.source import Capabilities, InPlace, Kind, Need, Source, Work
from cdm.sources.found import quoted
from cdm.sources.in_engine import unreadable

_TYPES: Mapping[Kind, str] = {"long": "BIGINT", "int": "INTEGER", "number": "DOUBLE", "date": "DATE", "text": "VARCHAR"}


class EngineInPlace(InPlace):
    """An engine in memory over the files of a source."""

    engine = "duckdb"
    capabilities = Capabilities()

    def __init__(self, source: Source, need: Need, limits: Limits | None) -> None:
        self._url = source.url
        self._con = connect(limits)
        try:
            source.attach(self._con, need)
            for name in need.columns:
                self._con.execute(f"CREATE TEMP VIEW {quoted(f'cdm_{name}')} AS FROM {quoted('cdm', name)}")
        except BaseException:
            self._con.close()
            raise

    @contextmanager
    def work(self, tables: Mapping[str, Mapping[str, Kind]]) -> Iterator[Work]:
        """See `InPlace.work`."""
        try:
            for name, columns in tables.items():
                listed = ", ".join(f"{quoted(column)} {_TYPES[kind]}" for column, kind in columns.items())
                self._con.execute(f"CREATE TEMP TABLE {quoted(name)} ({listed})")
            yield _EngineWork(self._con, self._url)
        finally:
            self._con.execute("; ".join(f"DROP TABLE IF EXISTS {quoted(name)}" for name in tables))

    def close(self) -> None:
        """See `InPlace.close`."""
        self._con.close()


class _EngineWork(Work):
    def __init__(self, con: duckdb.DuckDBPyConnection, url: str) -> None:
        self._con = con
        self._url = url

    def load(self, table: str, rows: pa.Table) -> None:
        self._con.register("given", rows)
        try:
            self._con.execute(f"INSERT INTO {quoted(table)} FROM given")
        finally:
            self._con.unregister("given")

    def fill(self, table: str, query: str) -> None:
        try:
            self._con.execute(f"INSERT INTO {quoted(table)} {query}")
        except duckdb.Error as error:
            raise unreadable(self._url, error) from None

    def fetch(self, query: str) -> pa.Table:
        try:
            found: pa.Table = self._con.sql(query).to_arrow_table()
            return found
        except duckdb.Error as error:
            raise unreadable(self._url, error) from None
