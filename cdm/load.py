"""Put a Parquet CDM into a PostgreSQL schema, as a hospital would have it: official types, keys, person indexes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import psycopg
import pyarrow as pa
from psycopg import sql
from pyarrow import csv

from cdm.address import parse
from cdm.engine import connect
from cdm.errors import BadInput
from cdm.schema import Table, tables
from cdm.source import Need
from cdm.sources.found import quoted
from cdm.sources.parquet_folder import open_parquet
from cdm.sources.postgres import OPTIONS, conninfo_of
from cdm.sources.postgres_errors import not_connected, refused

BATCH_ROWS = 50_000
Connection = psycopg.Connection[tuple[object, ...]]


def load_into_postgres(folder: Path, url: str, schema: str) -> dict[str, int]:
    """Copy every table of the folder's CDM into a new schema of the database; give the rows per table.

    One transaction: the whole CDM is there, or nothing of it. Raises BadInput when the schema is there already or a
    value does not fit its official type, SourceUnavailable when the server is away.
    """
    with _connected(url) as con:
        if _has(con, schema):
            raise BadInput(f"{url} has a schema {schema} already; drop it first, or load into another")
        return _load(con, folder, schema)


def is_loaded(url: str, schema: str) -> bool:
    """Whether the database has the schema: since loading is all or nothing, the whole CDM then."""
    with _connected(url) as con:
        return _has(con, schema)


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    """Open a connection that commits when its block ends well; every error of the server is said in our words."""
    address = parse(url)
    try:
        con = psycopg.connect(conninfo_of(address.place, address.only(*OPTIONS)))
    except psycopg.Error as error:
        raise not_connected(url, str(error)) from None
    try:
        with con:
            yield con
    except psycopg.Error as error:
        raise refused(url, error.sqlstate) from None


def _has(con: Connection, schema: str) -> bool:
    return con.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (schema,)).fetchone() is not None


def _load(con: Connection, folder: Path, schema: str) -> dict[str, int]:
    con.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    counts = {}
    with open_parquet(f"parquet://{folder.resolve()}", folder) as source, connect() as engine:
        known = tables(source.version)
        source.attach(engine, Need(source.tables()))
        for name, columns in source.tables().items():
            con.execute(_definition(schema, known[name]))
            order = ", ".join(map(quoted, (column for column in known[name].order if column in columns)))
            relation = engine.sql(f"SELECT * FROM {quoted('cdm', name)} ORDER BY {order}")
            counts[name] = _copy(con, schema, name, columns, relation.to_arrow_reader(BATCH_ROWS))
            for statement in _keys(schema, known[name]):
                con.execute(statement)
    return counts


def _definition(schema: str, table: Table) -> str:
    columns = ", ".join(
        f"{quoted(column.name)} {column.sql_type}{' NOT NULL' if column.required else ''}" for column in table.columns
    )
    return f"CREATE TABLE {quoted(schema, table.name)} ({columns})"


def _keys(schema: str, table: Table) -> Iterator[str]:
    relation = quoted(schema, table.name)
    if table.primary_key:
        yield f"ALTER TABLE {relation} ADD PRIMARY KEY ({', '.join(map(quoted, table.primary_key))})"
    if table.person_key and table.primary_key != (table.person_key,):
        yield f"CREATE INDEX ON {relation} ({quoted(table.person_key)})"
    yield f"ANALYZE {relation}"


def _copy(
    con: Connection,
    schema: str,
    name: str,
    columns: tuple[str, ...],
    rows: pa.RecordBatchReader,
) -> int:
    count = 0
    into = f"COPY {quoted(schema, name)} ({', '.join(map(quoted, columns))}) FROM STDIN (FORMAT csv)"
    with con.cursor() as cursor, cursor.copy(into) as copy:
        for batch in rows:
            buffer = BytesIO()
            csv.write_csv(batch, buffer, csv.WriteOptions(include_header=False, quoting_style="needed"))
            copy.write(buffer.getvalue())
            count += batch.num_rows
    return count
