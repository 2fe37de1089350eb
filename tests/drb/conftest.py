"""Boards as they stand at some stage of the story, on SQLite and PostgreSQL. A stage is played once and copied."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine

from cdm.server import Server
from drb import database
from drb.board import Board, open_board
from drb.models import Base
from drb.quorum import Settings
from tests.drb import cast
from tests.drb.cast import Clock, board_with_people

NewBoard = Callable[..., Board]
TABLES = sorted(Base.metadata.tables)
# stage: the one before it, and how it is reached from there
STAGES: dict[str, tuple[str, Callable[[Board], None]]] = {
    "in_review": ("people", cast.in_review),
    "voted": ("people", cast.voted),
    "approved_case": ("people", cast.approved_case),
    "reviewed": ("approved_case", cast.reviewed),
    "approved": ("reviewed", cast.approved_after_review),
    "released": ("approved", cast.published),
}


@dataclass
class Files:
    """Stages as SQLite files."""

    folder: Path

    def file(self, stage: str) -> Path:
        path = self.folder / f"{stage}.sqlite"
        if not path.exists():
            if stage == "people":
                board_with_people(path).close()
            else:
                before, play = STAGES[stage]
                shutil.copy(self.file(before), path)
                with open_board(f"sqlite:///{path}", clock=Clock()) as board:
                    play(board)
        return path

    def address(self, stage: str) -> str:
        path = self.folder / "any.sqlite"
        for suffix in ("", "-wal", "-shm"):
            path.with_name(f"any.sqlite{suffix}").unlink(missing_ok=True)
        shutil.copy(self.file(stage), path)
        return f"sqlite:///{path}"


@dataclass
class Schemas:
    """Stages as copies of every table beside the board's own, in one database."""

    url: str
    made: set[str] = field(default_factory=set)

    def address(self, stage: str) -> str:
        if stage not in self.made:
            if stage == "people":
                board_with_people(self.url).close()
            else:
                before, play = STAGES[stage]
                self.address(before)
                with open_board(self.url, clock=Clock()) as board:
                    play(board)
            self._keep(stage)
        self._come_back(stage)
        return self.url

    def _keep(self, stage: str) -> None:
        with psycopg.connect(self.url) as connection:
            connection.execute(f"CREATE SCHEMA {stage}")
            for table in TABLES:
                connection.execute(f'CREATE TABLE {stage}."{table}" AS TABLE public."{table}"')
        self.made.add(stage)

    def _come_back(self, stage: str) -> None:
        with psycopg.connect(self.url) as connection:
            # Triggers and keys do not fire for a superuser who asks so.
            connection.execute("SET session_replication_role = replica")
            connection.execute(f"TRUNCATE {', '.join(TABLES)}")
            for table in TABLES:
                connection.execute(f'INSERT INTO public."{table}" SELECT * FROM {stage}."{table}"')


@pytest.fixture(scope="session", autouse=True)
def _no_power_cut() -> None:
    """Nobody cuts the power of a test: do not wait for the disk."""
    database.SYNCHRONOUS = "OFF"


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Every stage as a file."""
    return Files(tmp_path_factory.mktemp("boards"))


@pytest.fixture(scope="session")
def schemas(postgres_server: Server) -> Schemas:
    """Every stage in PostgreSQL."""
    postgres_server.create_database("board")
    return Schemas(postgres_server.url("board"))


@pytest.fixture(scope="session")
def engines() -> Iterator[dict[str, Engine]]:
    """One engine for each address: what SQLAlchemy compiled for one test serves the next."""
    opened: dict[str, Engine] = {}
    yield opened
    for engine in opened.values():
        engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def new_board(request: pytest.FixtureRequest, engines: dict[str, Engine]) -> Iterator[NewBoard]:
    """Make a board at a stage, on each kind of database; closed at the end of the test."""
    opened: list[Board] = []
    stages: Files | Schemas = request.getfixturevalue("files" if request.param == "sqlite" else "schemas")

    def make(stage: str = "people", settings: Settings | None = None, clock: Clock | None = None) -> Board:
        address = stages.address(stage)
        if address not in engines:
            engines[address] = database.connect(address)
        opened.append(Board(engines[address], settings or Settings(), clock or Clock()))
        return opened[-1]

    yield make
    for board in opened:
        board.close()


@pytest.fixture
def any_board(new_board: NewBoard) -> Board:
    """A board with people, once on SQLite and once on PostgreSQL."""
    return new_board()


@pytest.fixture
def in_review(new_board: NewBoard) -> Board:
    """A board with a case in review."""
    return new_board("in_review")


@pytest.fixture
def voted(new_board: NewBoard) -> Board:
    """A board with a case that three members voted to approve."""
    return new_board("voted")


@pytest.fixture
def approved_case(new_board: NewBoard) -> Board:
    """A board with an approved case."""
    return new_board("approved_case")


@pytest.fixture
def reviewed(new_board: NewBoard) -> Board:
    """A board with a release that two members approved."""
    return new_board("reviewed")


@pytest.fixture
def approved(new_board: NewBoard) -> Board:
    """A board with an approved release."""
    return new_board("approved")


@pytest.fixture
def released(new_board: NewBoard) -> Board:
    """A board with a release that is out."""
    return new_board("released")


def own_file(files: Files, folder: Path, stage: str) -> Board:
    """A board in an SQLite file of its own: `board.sqlite` in the folder."""
    shutil.copy(files.file(stage), folder / "board.sqlite")
    return open_board(f"sqlite:///{folder}/board.sqlite", clock=Clock())


@pytest.fixture
def board(files: Files, tmp_path: Path) -> Iterator[Board]:
    """A board with people, in a file of its own."""
    with own_file(files, tmp_path, "people") as board:
        yield board


@pytest.fixture
def story(files: Files, tmp_path: Path) -> Iterator[Board]:
    """A board with an approved release, in a file of its own."""
    with own_file(files, tmp_path, "approved") as board:
        assert board.verify().ok
        yield board
