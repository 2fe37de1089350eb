"""The board's database: SQLite embedded, or PostgreSQL; connections, transactions and the sentences for its faults."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.orm import Session

from drb.errors import BadInput

BUSY_SECONDS = 30
READ_ONLY = "naru_read_only"
# NORMAL may lose the last decisions at a power cut.
SYNCHRONOUS = "FULL"
# Opening a connection costs more than most pages: as many stay open as a busy hour of 20 people uses.
KEPT, AT_MOST = 20, 40


def connect(url: str) -> Engine:
    """Open the board's database. Raises BadInput for an address that is not one of a board."""
    try:
        address = make_url(url)
    except ArgumentError:
        address = None
    if address is None or address.get_backend_name() not in {"sqlite", "postgresql"}:
        raise BadInput(
            "the address of the board's database is not understood; give sqlite:///path/board.sqlite "
            "or postgresql://user@host/database"
        )
    return _sqlite(address) if address.get_backend_name() == "sqlite" else _postgresql(address)


def _postgresql(address: URL) -> Engine:
    kept = {"pool_size": KEPT, "max_overflow": AT_MOST - KEPT, "pool_use_lifo": True}
    return create_engine(address.set(drivername="postgresql+psycopg"), pool_pre_ping=True, **kept)


def _sqlite(address: URL) -> Engine:
    if not address.database or address.database == ":memory:":
        raise BadInput("the board needs a file: give sqlite:///path/board.sqlite")
    path = Path(address.database)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Made by us, so that nobody else on the machine can read it from its first byte on.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise BadInput(
            f"the board's database {path} cannot be opened: {error.strerror}; choose another place"
        ) from None
    kept = {"pool_size": KEPT, "max_overflow": AT_MOST - KEPT, "pool_use_lifo": True}
    engine = create_engine(address, connect_args={"timeout": BUSY_SECONDS}, **kept)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _: object) -> None:
    # The driver's own BEGIN comes too late: a transaction that will write must be IMMEDIATE from its first read on.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {BUSY_SECONDS * 1000}",
        "journal_mode = WAL",
        f"synchronous = {SYNCHRONOUS}",
        "foreign_keys = ON",
        "recursive_triggers = ON",  # REPLACE deletes: without this it would pass the triggers by
        "trusted_schema = OFF",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    reading = connection.get_execution_options().get(READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


@contextmanager
def transaction(engine: Engine, *, read_only: bool = False) -> Iterator[Session]:
    """Open a session in one transaction: committed at the end, rolled back by any exception.

    Raises BadInput when the database is away, full or locked; its own text, which may quote values, is not shown.
    """
    try:
        with engine.connect() as connection:
            connection.execution_options(**{READ_ONLY: read_only})
            with connection.begin(), Session(connection, expire_on_commit=False) as session:
                yield session
                session.flush()
    except OperationalError as error:
        raise BadInput(fault(error)) from None


def fault(error: DBAPIError) -> str:
    """Say what is wrong with the database in one sentence."""
    text = str(error.orig).lower()
    if "locked" in text or "busy" in text:
        return f"the board's database was busy for {BUSY_SECONDS} seconds; nothing was changed, try again"
    if "full" in text or "space" in text:
        return "the disk of the board's database is full; nothing was changed, free some space and try again"
    if "malformed" in text or "not a database" in text:
        return "the file of the board's database is not a whole SQLite database; restore it from a backup"
    if "password" in text or "authentication" in text:
        return "the board's database refuses the user or password; look at the address in NARU_BOARD_URL"
    return "the board's database cannot be reached or went away; nothing was changed, start it and try again"
