"""A DuckDB file, attached read-only."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb

from cdm.engine import connect
from cdm.errors import BadInput, SourceUnavailable
from cdm.sources.found import (
    Catalog,
    FoundColumn,
    FoundTable,
    by_lower_name,
    cdm_tables,
    check_is_cdm,
    quoted,
    with_vocabulary,
)
from cdm.sources.in_engine import InEngineSource


def open_duckdb(url: str, file: Path, schema: str, vocabulary_schema: str | None = None) -> InEngineSource:
    """Open a DuckDB file's CDM in `schema`; the vocabulary may stand in another one of the same file.

    Raises BadInput for a missing file, another format, a missing schema, no CDM; SourceUnavailable when it is locked.
    """
    if not file.is_file():
        raise BadInput(f"there is no file {file} ({url}); check the path, which is absolute after duckdb://")
    own = connect()
    try:
        alias = _attach(own, file, url)
        catalog = _catalog(own, alias, schema, url)
        if vocabulary_schema:
            catalog = with_vocabulary(catalog, _catalog(own, alias, vocabulary_schema, url))
        check_is_cdm(catalog, url, lambda: _elsewhere(own, alias))
        files = [file, file.with_name(f"{file.name}.wal")]
        return InEngineSource(url, "duckdb", own, catalog, lambda con: _attach_again(con, file, url), files)
    except BaseException:
        own.close()
        raise


def _alias(file: Path) -> str:
    """Name the attached file after its path: one engine refuses the same file under two names."""
    return "source_" + hashlib.sha256(str(file.resolve()).encode()).hexdigest()[:12]


def _attach(con: duckdb.DuckDBPyConnection, file: Path, url: str) -> str:
    """Attach the file once.

    Not with IF NOT EXISTS: where another engine of this process holds the same file, DuckDB 2.0 may wait for ever.
    """
    path = str(file.resolve()).replace("'", "''")
    try:
        if not con.execute("SELECT 1 FROM duckdb_databases() WHERE database_name = ?", [_alias(file)]).fetchall():
            con.execute(f"ATTACH '{path}' AS {_alias(file)} (READ_ONLY)")
    except duckdb.Error as error:
        raise _refusal(url, str(error).replace(str(file.resolve()), "")) from None
    return _alias(file)


def _attach_again(con: duckdb.DuckDBPyConnection, file: Path, url: str) -> None:
    _attach(con, file, url)


def _refusal(url: str, text: str) -> BadInput:
    """Sort DuckDB's words on a file it will not open; none of them speaks of rows."""
    if "lock" in text:
        return SourceUnavailable(f"{url} is being written by another program; close that one and run again")
    if "not a valid DuckDB database" in text:
        return BadInput(f"{url} is not a DuckDB database file")
    if "ermission denied" in text:
        return SourceUnavailable(f"{url} may not be read by this user; allow reading it")
    if "version" in text:
        return BadInput(f"{url} was written by a DuckDB of another format version; export it to Parquet there")
    return SourceUnavailable(f"{url} cannot be opened as a DuckDB database file; check that it is whole")


def _catalog(con: duckdb.DuckDBPyConnection, alias: str, asked: str, url: str) -> Catalog:
    """Find the CDM tables of a schema, whose name may be given in any case."""
    schemas = "SELECT schema_name FROM duckdb_schemas() WHERE database_name = ? AND NOT internal"
    there = by_lower_name(name for (name,) in con.execute(schemas, [alias]).fetchall()) | {"main": "main"}
    if asked.lower() not in there:
        raise BadInput(f"{url}: the file has no schema {asked}; it has {', '.join(sorted(there.values()))}")
    return _tables(con, alias, there[asked.lower()])


def _tables(con: duckdb.DuckDBPyConnection, alias: str, schema: str) -> dict[str, FoundTable]:
    rows = con.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns()"
        " WHERE database_name = ? AND schema_name = ? ORDER BY table_name, column_index",
        [alias, schema],
    ).fetchall()
    columns: dict[str, dict[str, str]] = {}
    for table, column, kind in rows:
        columns.setdefault(table, {})[column] = kind
    return {
        lower: FoundTable(
            quoted(alias, schema, name),
            {
                low: FoundColumn(quoted(column), columns[name][column])
                for low, column in by_lower_name(columns[name]).items()
            },
        )
        for lower, name in by_lower_name(columns).items()
        if lower in cdm_tables()
    }


def _elsewhere(con: duckdb.DuckDBPyConnection, alias: str) -> str:
    rows = con.execute(
        "SELECT DISTINCT schema_name FROM duckdb_columns() WHERE database_name = ? AND lower(table_name) = 'person'"
        " AND lower(column_name) = 'person_id' ORDER BY 1",
        [alias],
    ).fetchall()
    return "".join(f"; there is one in schema {name}: add ?schema={name}" for (name,) in rows[:1])
