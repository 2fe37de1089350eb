"""PostgreSQL computes by itself: a session with temporary tables, and a snapshot that it may only read.

The temporary tables are made empty in a transaction of their own, which touches nothing else. They are filled in a read-only
REPEATABLE READ transaction on the source's snapshot: there PostgreSQL itself refuses to write anything but temporary
tables (its manual, SET TRANSACTION). No extension, no function, no right but SELECT and TEMPORARY is needed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

import adbc_driver_manager
import adbc_driver_postgresql.dbapi as adbc
import pyarrow as pa
import pyarrow.compute as pc

from cdm.errors import BadInput, SourceUnavailable
from cdm.source import ARROW_TYPES, Capabilities, InPlace, Kind, Work
from cdm.sources.found import FoundColumn, Wanted, quoted
from cdm.sources.postgres_errors import refused
from cdm.sources.postgres_pull import Session, begin_on_snapshot, settled

# What one query can give at most (MaxTupleAttributeNumber is 1664, and sorting adds columns of its own).
COLUMNS = 1600
_TYPES: Mapping[Kind, str] = {"long": "int8", "int": "int4", "number": "float8", "date": "date", "text": "text"}
_POSTGRES: Mapping[str, str] = {
    "integer": "int8",
    "number": "float8",
    "date": "date",
    "datetime": "timestamp",
    "text": "text",
}
_WHOLE = frozenset({"SMALLINT", "INTEGER", "BIGINT"})
_SAFE: Mapping[str, frozenset[str]] = {
    "number": _WHOLE | {"FLOAT", "DOUBLE"},
    "date": frozenset({"DATE", "TIMESTAMP"}),
    "datetime": frozenset({"DATE", "TIMESTAMP"}),
}
# PostgreSQL's infinite dates are the ends of the range of days since 2000; ADBC's shift to 1970 wraps the later one.
_INFINITY, _MINUS_INFINITY = -(2**31) + 10956, -(2**31) + 10957
_LAST, _FIRST = 2**31 - 1, -(2**31) + 1  # as DuckDB has them


class PostgresInPlace(InPlace):
    """A session of the hospital's server. Shut it before the source, whose snapshot it reads."""

    engine = "postgresql"

    def __init__(self, session: Session, asked: list[Wanted], *, text_filters: bool) -> None:
        self.capabilities = Capabilities(columns=COLUMNS, text_filters=text_filters)
        self._session = session
        views = [_view(one, session.url) for one in asked]
        try:
            self._con: adbc.Connection | None = adbc.connect(session.conninfo, autocommit=True)
        except adbc_driver_manager.Error as error:
            raise refused(session.url, error.sqlstate) from None
        try:
            settled(self._con, session, local=False)
            # Compiling costs more than it saves in many short statements.
            self._write(["SET jit = off", *views])
        except BaseException:
            self.close()
            raise

    @contextmanager
    def work(self, tables: Mapping[str, Mapping[str, Kind]]) -> Iterator[Work]:
        """See `InPlace.work`."""
        made = []
        for name, columns in tables.items():
            listed = ", ".join(f"{quoted(column)} {_TYPES[kind]}" for column, kind in columns.items())
            made.append(f"CREATE TEMPORARY TABLE {quoted(name)} ({listed})")
        self._write(made)
        con = self._alive()
        try:
            with translated(self._session.url):
                begin_on_snapshot(con, self._session)
            yield _PostgresWork(con, self._session.url)
        finally:
            with suppress(adbc_driver_manager.Error), con.cursor() as cursor:
                cursor.execute("ROLLBACK")
            with suppress(BadInput):
                self._write([f"DROP TABLE {quoted(name)}" for name in tables])

    def close(self) -> None:
        """See `InPlace.close`. The server drops what is left of the session."""
        if self._con is not None:
            with suppress(adbc_driver_manager.Error):
                self._con.close()
            self._con = None

    def _alive(self) -> adbc.Connection:
        if self._con is None:
            raise SourceUnavailable(f"{self._session.url} was closed already")
        return self._con

    def _write(self, statements: list[str]) -> None:
        """Do what a read-only transaction may not: make and drop what is temporary."""
        with translated(self._session.url), self._alive().cursor() as cursor:
            cursor.execute("BEGIN READ WRITE")
            try:
                for statement in statements:
                    cursor.execute(statement)
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
            cursor.execute("COMMIT")


@contextmanager
def translated(url: str) -> Iterator[None]:
    """Say what went wrong in our words: the server's may quote a value."""
    try:
        yield
    except adbc_driver_manager.Error as error:
        raise refused(url, error.sqlstate) from None


class _PostgresWork(Work):
    def __init__(self, con: adbc.Connection, url: str) -> None:
        self._con = con
        self._url = url

    def load(self, table: str, rows: pa.Table) -> None:
        # As one bound JSON text: ADBC's own way looks the table up in a catalogue as old as the snapshot.
        kinds = {kind: name for name, kind in ARROW_TYPES.items()}
        listed = ", ".join(f"{quoted(field.name)} {_TYPES[kinds[field.type]]}" for field in rows.schema)
        given = json.dumps(rows.to_pylist())
        with translated(self._url), self._con.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {quoted(table)} SELECT * FROM json_to_recordset($1::json) AS r({listed})", (given,)
            )
            cursor.execute(f"ANALYZE {quoted(table)}")

    def fill(self, table: str, query: str) -> None:
        with translated(self._url), self._con.cursor() as cursor:
            cursor.execute(f"INSERT INTO {quoted(table)} {query}")
            # Nobody else does it for a temporary table, and the plans of what follows depend on it.
            cursor.execute(f"ANALYZE {quoted(table)}")

    def fetch(self, query: str) -> pa.Table:
        with translated(self._url), self._con.cursor() as cursor:
            cursor.execute(query)
            # Not fetch_arrow_table(): the reader inside this one forgets the SQLSTATE of an error in mid-stream.
            reader = cursor._results.reader
            return _with_infinities(pa.Table.from_batches(list(reader), reader.schema))


def _with_infinities(rows: pa.Table) -> pa.Table:
    """Infinite dates as DuckDB has them. No other date comes to lie where theirs do: PostgreSQL's begin in 4714 BC."""
    for number, field in enumerate(rows.schema):
        if field.type == pa.date32():
            days = rows.column(number).cast(pa.int32())
            for arrived, meant in ((_INFINITY, _LAST), (_MINUS_INFINITY, _FIRST)):
                days = pc.if_else(pc.equal(days, _day(arrived)), _day(meant), days)
            rows = rows.set_column(number, field.name, days.cast(pa.date32()))
    return rows


def _day(number: int) -> pa.Int32Scalar:
    return pa.scalar(number, pa.int32())


def _view(asked: Wanted, url: str) -> str:
    items = [f"{_value(asked, column.name, url)} AS {quoted(column.name)}" for column in asked.columns]
    return f"CREATE TEMPORARY VIEW {quoted(f'cdm_{asked.table.name}')} AS SELECT {', '.join(items)} FROM {asked.found.relation}"


def _value(asked: Wanted, name: str, url: str) -> str:
    """A column in the CDM's family, bare where it has it already, so that an index on it serves."""
    column, found = asked.table.column(name), asked.found.columns.get(name)
    kind = _POSTGRES[column.family]
    if found is None:
        return f"CAST(NULL AS {kind})"
    if column.family == "text":
        return f"CAST({found.sql} AS text)"
    if column.family == "integer" and found.type in _WHOLE:
        return found.sql
    if found.type in _SAFE.get(column.family, frozenset()):
        return found.sql if _is(found, column.family) else f"CAST({found.sql} AS {kind})"
    raise BadInput(
        f"{url}: {asked.table.name}.{name} is of another type than the CDM's {column.family}, which only a copy can mend; "
        "run it without --in-place"
    )


def _is(found: FoundColumn, family: str) -> bool:
    return (found.type, family) in {("DOUBLE", "number"), ("DATE", "date"), ("TIMESTAMP", "datetime")}
