"""Copy the rows of a need out of PostgreSQL: COPY BINARY streams by ADBC, several connections on one snapshot."""

from __future__ import annotations

import os
import queue
import re
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import adbc_driver_manager
import adbc_driver_postgresql.dbapi as adbc
import duckdb
import numpy as np
import pyarrow as pa

from cdm.arrays import values
from cdm.errors import BadInput
from cdm.schema import Table
from cdm.sources.found import Catalog, FoundColumn, FoundTable, Wanted, quoted
from cdm.sources.in_engine import forget, unreadable
from cdm.sources.postgres_errors import refused
from cdm.sources.shown import check_values, shown, shown_type

# Of this transaction only: a pooler between us and the server may refuse settings that come with the connection.
SETTINGS = {
    "idle_in_transaction_session_timeout": "0",
    "lock_timeout": "60s",
    "datestyle": "ISO, YMD",
    "naru.people": "{}",
}
PEOPLE_AT_ONCE = 20_000
# Two row groups of DuckDB: smaller ones cost three times as much to insert.
BATCH_BYTES = "16777216"
CONNECTIONS = max(1, min(4, os.cpu_count() or 1))
# What ADBC makes of -infinity: (-2^31 + 10957) days, (-2^63 + 946684800000000) microseconds.
_MINUS_INFINITY = {"DATE": "DATE '5877612-06-22 (BC)'", "TIMESTAMP": "make_timestamp(-9222425352054775808)"}
_THEM = "unnest(current_setting('naru.people')::int8[])"


@dataclass(frozen=True)
class Session:
    """What a further connection needs to see the same state. conninfo may hold the password: never printed."""

    url: str
    conninfo: str
    snapshot: str
    settings: dict[str, str]

    def __repr__(self) -> str:
        return f"Session({self.url})"


@dataclass(frozen=True)
class Part:
    """A stream of rows: one table, and one range of the people asked for (an array literal), or everybody."""

    table: str
    query: str
    people: str | None


def pull(
    con: duckdb.DuckDBPyConnection,
    session: Session,
    asked: list[Wanted],
    catalog: Catalog,
    people: pa.Table | None,
) -> None:
    """Create and fill `cdm.<table>` for every table asked; on an error none of them is left."""
    arrived = {table.table.name: _arrived(table) for table in asked}
    try:
        con.execute("CREATE SCHEMA IF NOT EXISTS cdm")
        for table in asked:
            forget(con, table.table.name)
            columns = ", ".join(
                f"{quoted(c.name)} {shown_type(c, table.found.columns.get(c.name))}" for c in table.columns
            )
            con.execute(f"CREATE TABLE {quoted('cdm', table.table.name)} ({columns})")
        for name, batch in _streams(session, _parts(asked, catalog, people)):
            _insert(con, arrived[name], batch, session.url)
    except BaseException as error:
        for table in asked:
            forget(con, table.table.name)
        if isinstance(error, duckdb.Error):
            raise unreadable(session.url, error) from None
        raise


def _arrived(asked: Wanted) -> Wanted:
    """Describe the batches as they come: columns under their CDM names."""
    columns = {
        column.name: _finite(quoted(column.name), asked.found.columns[column.name].type)
        for column in asked.columns
        if column.name in asked.found.columns
    }
    return Wanted(asked.table, FoundTable("cdm_arrived", columns), asked.columns)


def _finite(name: str, kind: str) -> FoundColumn:
    """Put infinity right: PostgreSQL's is the end of the range of its days since 2000, and ADBC's shift to 1970 wraps it.

    No other value comes to lie before 4714 BC, where PostgreSQL's calendar begins.
    """
    if kind not in _MINUS_INFINITY:
        return FoundColumn(name, kind)
    ends = f"CASE WHEN {name} = {_MINUS_INFINITY[kind]} THEN {kind} '-infinity' ELSE {kind} 'infinity' END"
    sane = f"{name} IS NULL OR {name} >= {kind} '4714-01-01 (BC)'"
    return FoundColumn(f"CASE WHEN {sane} THEN {name} ELSE {ends} END", kind)


def _insert(con: duckdb.DuckDBPyConnection, asked: Wanted, batch: pa.RecordBatch, url: str) -> None:
    con.register("cdm_arrived", pa.Table.from_batches([batch]))
    try:
        check_values(con, asked, "cdm_arrived", url)
        columns = ", ".join(shown(column, asked.found.columns.get(column.name)) for column in asked.columns)
        con.execute(f"INSERT INTO {quoted('cdm', asked.table.name)} SELECT {columns} FROM cdm_arrived")
    finally:
        con.unregister("cdm_arrived")


def _parts(asked: list[Wanted], catalog: Catalog, people: pa.Table | None) -> list[Part]:
    """List the streams: a table for each range of the people, so that what is in flight stays small."""
    ranges = None if people is None else _ranges(people)
    parts = []
    for table in asked:
        limited = table.table.person_key or table.table.person_through
        if ranges is None or not limited:
            parts.append(Part(table.table.name, _query(table, ""), None))
        else:
            query = _query(table, _limit(table.table, table.found, catalog))
            parts += [Part(table.table.name, query, ids) for ids in ranges]
    return parts


def _ranges(people: pa.Table) -> list[str]:
    """Cut the people into ranges of ascending ids, each as the text of a PostgreSQL array."""
    if people.column_names != ["person_id"] or people.schema.field(0).type != pa.int64():
        raise BadInput("the people of a need must be one int64 column person_id")
    given = people.column(0)
    ids = np.unique(values(given.drop_null() if given.null_count else given))
    starts = range(0, len(ids), PEOPLE_AT_ONCE)
    return ["{" + ",".join(ids[start : start + PEOPLE_AT_ONCE].astype(str)) + "}" for start in starts]


def _query(asked: Wanted, limit: str) -> str:
    columns = ", ".join(
        f"{asked.found.columns[c.name].sql} AS {quoted(c.name)}" for c in asked.columns if c.name in asked.found.columns
    )
    return f"SELECT {columns} FROM {asked.found.relation} AS found{limit}"


def _limit(table: Table, found: FoundTable, catalog: Catalog) -> str:
    """Limit to the people of the setting `naru.people`: bound to the session, so no id stands in a query's text.

    As a join with unnest, which PostgreSQL plans as index look-ups or as a hash join; a long `= ANY(setting)` would be
    searched from its start for every row.
    """
    if table.person_key:
        return f" WHERE {found.columns[table.person_key].sql} IN (SELECT {_them(found.columns[table.person_key])})"
    assert table.person_through is not None
    link, name = table.person_through
    through = catalog.get(name)
    if through is None or not {link, "person_id"} <= set(through.columns):
        return " WHERE false"
    theirs = f"{through.columns['person_id'].sql} IN (SELECT {_them(through.columns['person_id'])})"
    return f" WHERE {found.columns[link].sql} IN (SELECT {through.columns[link].sql} FROM {through.relation} WHERE {theirs})"


def _them(key: FoundColumn) -> str:
    """Write the ids in the family of the key, so that an index on the key serves."""
    return f"{_THEM}::text" if key.type == "VARCHAR" else _THEM


def _streams(session: Session, parts: list[Part]) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Yield the batches of every part as they come from several connections; no order is promised."""
    crew = _Crew(session, parts)
    readers = [
        threading.Thread(target=crew.read, name="naru-source", daemon=True) for _ in range(min(CONNECTIONS, len(parts)))
    ]
    for reader in readers:
        reader.start()
    left = len(readers)
    try:
        while left:
            item = crew.came.get()
            if item is None:
                left -= 1
            elif isinstance(item, BaseException):
                raise refused(session.url, getattr(item, "sqlstate", None))
            else:
                yield item
    finally:
        crew.dismiss()
        while any(reader.is_alive() for reader in readers):
            crew.drain()
            for reader in readers:
                reader.join(0.01)


class _Crew:
    """The connections that read parts until none waits; what came is handed over in a queue of a few batches."""

    def __init__(self, session: Session, parts: list[Part]) -> None:
        self.session = session
        self.waiting: queue.SimpleQueue[Part] = queue.SimpleQueue()
        for part in parts:
            self.waiting.put(part)
        self.came: queue.Queue[tuple[str, pa.RecordBatch] | BaseException | None] = queue.Queue(maxsize=CONNECTIONS)
        self.dismissed = threading.Event()
        self.open: set[adbc.Connection] = set()

    def read(self) -> None:
        """Do the work of one connection; ends with a None in the queue, an error before it if there was one."""
        try:
            with _connected(self.session) as con, con.cursor() as cursor:
                self.open.add(con)
                cursor.adbc_statement.set_options(**{"adbc.postgresql.batch_size_hint_bytes": BATCH_BYTES})
                while (part := self._next()) is not None:
                    self._stream(cursor, part)
                self.open.discard(con)
        except (adbc_driver_manager.Error, OSError, pa.ArrowException) as error:
            self.came.put(error)
        finally:
            self.came.put(None)

    def _next(self) -> Part | None:
        try:
            return None if self.dismissed.is_set() else self.waiting.get_nowait()
        except queue.Empty:
            return None

    def _stream(self, cursor: adbc.Cursor, part: Part) -> None:
        if part.people is not None:
            cursor.execute("SELECT set_config('naru.people', $1, true)", (part.people,))
            cursor.fetchall()
        cursor.execute(part.query)
        # Not fetch_record_batch(): the reader inside this one forgets the SQLSTATE of an error in mid-stream.
        for batch in cursor._results.reader:
            if self.dismissed.is_set():
                return
            if batch.num_rows:
                self.came.put((part.table, batch))

    def dismiss(self) -> None:
        """Have every connection stop, a query that is still thinking too."""
        self.dismissed.set()
        for con in tuple(self.open):
            # It may have ended meanwhile.
            with suppress(adbc_driver_manager.Error):
                con.adbc_cancel()

    def drain(self) -> None:
        """Throw away what came: a reader may be waiting for room in the queue."""
        with suppress(queue.Empty):
            while True:
                self.came.get_nowait()


def _connected(session: Session) -> adbc.Connection:
    """Open a connection that sees the snapshot; read-only as the first one is."""
    con = adbc.connect(session.conninfo, autocommit=True)
    try:
        begin_on_snapshot(con, session)
        settled(con, session, local=True)
    except BaseException:
        con.close()
        raise
    return con


def begin_on_snapshot(con: adbc.Connection, session: Session) -> None:
    """Begin a read-only transaction that sees the snapshot."""
    if not re.fullmatch(r"[0-9A-F-]+", session.snapshot):
        raise BadInput(f"{session.url}: the server gave a snapshot of an unknown form")
    with con.cursor() as cursor:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute(f"SET TRANSACTION SNAPSHOT '{session.snapshot}'")


def settled(con: adbc.Connection, session: Session, *, local: bool) -> None:
    """Make the session's settings; local: for the transaction alone."""
    with con.cursor() as cursor:
        for name, value in session.settings.items():
            cursor.execute(f"SELECT set_config($1, $2, {str(local).lower()})", (name, value))
            cursor.fetchall()
