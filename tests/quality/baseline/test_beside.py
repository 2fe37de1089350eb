"""Several small tables at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from cdm import open_source
from cdm.engine import connect
from quality.baseline.measure.beside import AT_ONCE, beside, small
from quality.baseline.measure.database import Database
from tests.cdm.cdms import tiny
from tests.tables import write_parquet


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    """A hospital of few rows, every table opened once."""
    with open_source(f"parquet://{write_parquet(tmp_path / 'cdm', tiny())}", tmp_path) as source, connect() as con:
        found = Database(con, source, date(2026, 1, 1))
        for table in found.present:
            found.open(table)
        yield found


def test_what_is_found_comes_in_the_order_of_the_tables_though_the_first_takes_longest(db: Database) -> None:
    second = threading.Event()

    def rows(mine: Database, table: str) -> tuple[str, int]:
        if table == "person":
            assert second.wait(20)  # is measured meanwhile
        else:
            second.set()
        mine.open(table)
        return table, mine.rows

    found = list(beside(db, ["person", "observation_period"], rows))
    assert found == [(table, db.size(table)) for table in ("person", "observation_period")]


def test_what_one_connection_made_the_others_have(db: Database) -> None:
    db.make("known", "SELECT 7 AS n")
    assert list(beside(db, ["person", "observation_period"], lambda mine, _: mine.one("FROM known"))) == [(7,), (7,)]


def test_a_fault_is_raised_and_every_connection_is_closed(db: Database) -> None:
    used: list[Database] = []

    def fail(mine: Database, table: str) -> None:
        used.append(mine)
        raise ValueError(table)

    with pytest.raises(ValueError, match="person"):
        list(beside(db, ["person", "observation_period"], fail))
    for one in used:
        with pytest.raises(duckdb.ConnectionException):
            one.con.execute("SELECT 1")
    assert db.one("SELECT 1") == (1,)


def test_what_still_runs_when_somebody_gives_up_is_broken_off(db: Database) -> None:
    began, ended = threading.Event(), threading.Event()

    def long(mine: Database, table: str) -> str:
        if table == "person":
            assert began.wait(20)
            return table
        began.set()
        try:
            mine.con.execute("SELECT sum(a.range * b.range % 7) FROM range(10_000_000) a, range(10_000_000) b")
        except duckdb.InterruptException:
            ended.set()
        return table

    coming = beside(db, ["person", "observation_period"], long)
    assert next(coming) == "person"
    coming.close()
    assert ended.is_set()


def test_a_database_whose_tables_are_copies_is_measured_table_by_table(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert small(db, list(db.present)) == list(db.present)
    monkeypatch.setattr(Database, "shows_views", property(lambda self: False))
    assert small(db, list(db.present)) == []
    assert AT_ONCE > 1
