"""The layout goes up and down with data in it, and what is not a board is refused in one sentence."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from drb import migrate
from drb.board import open_board
from drb.database import connect
from drb.errors import BadInput
from drb.models import Base
from tests.drb import cast
from tests.drb.cast import board_with_people
from tests.drb.conftest import Files


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    if request.param == "sqlite":
        return connect(f"sqlite:///{tmp_path}/fresh.sqlite")
    return connect(request.getfixturevalue("postgres"))


def test_the_migrations_make_exactly_the_tables_of_the_models(engine: Engine) -> None:
    migrate.upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_down_and_up_again_keeps_every_row(engine: Engine) -> None:
    address = engine.url.render_as_string(hide_password=False)
    with board_with_people(address) as board:
        cast.approved_case(board)
        cast.submitted(board)
        before = board.verify()
        assert before.ok
        migrate.downgrade(board.engine, "0001")
        with board.engine.begin() as connection:  # no trigger stands in the way down there
            connection.execute(text("UPDATE event SET actor = actor"))
        migrate.upgrade(board.engine)
        assert board.verify() == before
        with pytest.raises(DBAPIError, match="never changed"), board.engine.begin() as connection:
            connection.execute(text("UPDATE event SET actor = actor"))
        board.releases.vote("member1", cast.RELEASE, cast.V1, True)
        migrate.downgrade(board.engine, "base")
        assert inspect(board.engine).get_table_names() == ["alembic_version"]
        migrate.upgrade(board.engine)
    engine.dispose()


def test_a_board_of_a_newer_naru_is_left_alone(files: Files, tmp_path: Path) -> None:
    path = tmp_path / "newer.sqlite"
    shutil.copy(files.file("people"), path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(BadInput, match="newer Naru"):
        open_board(f"sqlite:///{path}")


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "text.sqlite"
    path.write_text("not a database, but long enough to have a header " * 10)
    with pytest.raises(BadInput, match="not a whole SQLite database"):
        open_board(f"sqlite:///{path}")


def test_a_database_with_other_tables_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE event (x)")
    with pytest.raises(BadInput, match="other tables"):
        open_board(f"sqlite:///{path}")


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("mysql://somewhere/board", "not understood"),
        ("nonsense", "not understood"),
        ("sqlite://", "needs a file"),
        ("postgresql://nobody:secret@127.0.0.1:1/board", "cannot be reached"),
    ],
)
def test_an_address_that_leads_nowhere_is_told_without_its_password(address: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence) as told:
        open_board(address)
    assert "secret" not in str(told.value)
