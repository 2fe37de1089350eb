"""Sources that DuckDB reads in place: the need becomes views, nothing is copied."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from cdm.engine import Limits
from cdm.errors import BadInput, SourceUnavailable
from cdm.schema import Table, tables
from cdm.source import CdmVersion, InPlace, Need, Release, Source
from cdm.sources import fingerprint
from cdm.sources.found import Catalog, FoundTable, Wanted, present, quoted, version_of, wanted
from cdm.sources.shown import check_values, shown, value

_numbers = count(1)


class InEngineSource(Source):
    """A source whose tables any DuckDB engine can read once `prepare` was called on it.

    own: the engine that the source itself asks. vocabulary: the files that hold the vocabulary tables.
    """

    def __init__(
        self,
        url: str,
        kind: str,
        own: duckdb.DuckDBPyConnection,
        catalog: Catalog,
        prepare: Callable[[duckdb.DuckDBPyConnection], None],
        vocabulary: Sequence[Path],
    ) -> None:
        self.url = url
        self.kind = kind
        self._own: duckdb.DuckDBPyConnection | None = own
        self._catalog = catalog
        self._prepare = prepare
        self._vocabulary = vocabulary
        self._release: Release | None = None
        claimed = self._one(fingerprint.source_query(catalog))
        self.version: CdmVersion = version_of(catalog, claimed[2] if claimed else None, url)

    def tables(self) -> Mapping[str, tuple[str, ...]]:
        """See `Source.tables`."""
        return present(self._catalog, self.version)

    def release(self) -> Release:
        """See `Source.release`. Counted once and kept."""
        if self._release is None:
            names = fingerprint.counted(self._catalog, self.version)
            parts = [f"(SELECT count(*) FROM {self._catalog[name].relation})" for name in names]
            counts = self._one(f"SELECT {', '.join(parts)}") or ()
            vocabulary = self._one(fingerprint.vocabulary_query(self._catalog))
            self._release = fingerprint.fingerprint(
                self.version,
                self._one(fingerprint.source_query(self._catalog)),
                vocabulary[0] if vocabulary else None,
                dict(zip(names, counts, strict=True)),
            )
        return self._release

    def vocabulary_key(self) -> str | None:
        """See `Source.vocabulary_key`. Name, size and time of change of the files that hold it."""
        stats = [(str(file), file.stat()) for file in sorted(self._vocabulary) if file.exists()]
        told = [(name, stat.st_ino, stat.st_size, stat.st_mtime_ns) for name, stat in stats]
        return hashlib.sha256(repr(told).encode()).hexdigest()

    def attach(self, con: duckdb.DuckDBPyConnection, need: Need) -> None:
        """See `Source.attach`. Views over the files; the people asked for become a small table beside them."""
        asked = wanted(need, self._catalog, self.version, self.url)
        self._alive()
        try:
            self._prepare(con)
            people = None if need.people is None else keep_people(con, need.people)
            con.execute("CREATE SCHEMA IF NOT EXISTS cdm")
            for table in asked:
                self._show(con, table, people)
        except duckdb.Error as error:
            raise unreadable(self.url, error) from None

    def in_place(self, need: Need, limits: Limits | None = None) -> InPlace:
        """See `Source.in_place`: an engine of its own that reads the files, for the SQL that every engine understands."""
        from cdm.sources.engine_in_place import EngineInPlace

        return EngineInPlace(self, need, limits)

    def close(self) -> None:
        """See `Source.close`. An engine that views were made in lets the files go when it is closed itself."""
        if self._own is not None:
            self._own.close()
            self._own = None

    def _show(self, con: duckdb.DuckDBPyConnection, asked: Wanted, people: str | None) -> None:
        rows = asked.found.relation + self._limit(asked, people)
        check_values(con, asked, rows, self.url)
        columns = ", ".join(shown(column, asked.found.columns.get(column.name)) for column in asked.columns)
        forget(con, asked.table.name)
        con.execute(f"CREATE VIEW {quoted('cdm', asked.table.name)} AS SELECT {columns} FROM {rows}")

    def _limit(self, asked: Wanted, people: str | None) -> str:
        """Build the WHERE clause that leaves the people asked for."""
        if people is None:
            return ""
        them = f"(SELECT person_id FROM {people})"
        if key := asked.table.person_key:
            return f" WHERE {_value(asked.table, asked.found, key)} IN {them}"
        if asked.table.person_through:
            link, name = asked.table.person_through
            through, known = self._catalog.get(name), tables(self.version)[name]
            if through is None or not {link, known.person_key} <= set(through.columns):
                return " WHERE false"
            theirs = f"{_value(known, through, str(known.person_key))} IN {them}"
            linked = f"SELECT {_value(known, through, link)} FROM {through.relation} WHERE {theirs}"
            return f" WHERE {_value(asked.table, asked.found, link)} IN ({linked})"
        return ""

    def _one(self, query: str | None) -> tuple[Any, ...] | None:
        if query is None:
            return None
        try:
            rows = self._alive().execute(query).fetchall()
            return rows[0] if rows else None
        except duckdb.Error as error:
            raise unreadable(self.url, error) from None

    def _alive(self) -> duckdb.DuckDBPyConnection:
        if self._own is None:
            raise SourceUnavailable(f"{self.url} was closed already")
        return self._own


def _value(table: Table, found: FoundTable, name: str) -> str:
    return value(table.column(name), found.columns.get(name))


def keep_people(con: duckdb.DuckDBPyConnection, people: pa.Table) -> str:
    """Copy the people into a table of `con` and return its quoted name: a view made on it stays good."""
    if people.column_names != ["person_id"] or people.schema.field(0).type != pa.int64():
        raise BadInput("the people of a need must be one int64 column person_id")
    name = quoted("cdm_people", f"asked_{next(_numbers)}")
    con.execute("CREATE SCHEMA IF NOT EXISTS cdm_people")
    con.register("cdm_people_given", people)
    try:
        con.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT person_id FROM cdm_people_given")
    finally:
        con.unregister("cdm_people_given")
    return name


def forget(con: duckdb.DuckDBPyConnection, table: str) -> None:
    """Drop `cdm.<table>`, be it a view or a table.

    By trial: the catalog would say which it is, but a new engine that is asked makes its own 150 views first, in 14 ms.
    """
    try:
        con.execute(f"DROP VIEW IF EXISTS {quoted('cdm', table)}")
    except duckdb.CatalogException:
        con.execute(f"DROP TABLE IF EXISTS {quoted('cdm', table)}")


def unreadable(url: str, error: duckdb.Error) -> Exception:
    """Say that a file could not be read, by the kind of error alone: DuckDB's own text may quote a cell."""
    if isinstance(error, duckdb.OutOfMemoryException):
        return BadInput(f"reading {url} needs more memory than allowed; allow more, or give it a disk to spill to")
    if isinstance(error, duckdb.IOException):
        return SourceUnavailable(f"{url} cannot be read: a file is gone, damaged or not readable for this user")
    return BadInput(f"{url} cannot be read as an OMOP CDM ({type(error).__name__}); check the types of its tables")
