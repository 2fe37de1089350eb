"""PostgreSQL computing by itself: what it may, what it refuses, and that nothing of ours stays."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pytest

from cdm import open_source
from cdm.errors import BadInput, SourceUnavailable
from cdm.server import Server
from cdm.source import InPlace, Kind, Need, Source
from tests.cdm.cdms import connected, tiny, write_postgres

PEOPLE = Need({"person": ("person_id", "year_of_birth")})
NUMBERS: Mapping[str, Mapping[str, Kind]] = {"numbers": {"number": "long"}}
EVERYTHING = (
    "SELECT relname, relnamespace, relpersistence, reltuples FROM pg_class WHERE relkind IN ('r', 'v') ORDER BY oid"
)


@pytest.fixture
def url(postgres: str) -> str:
    return write_postgres(postgres, tiny())


@pytest.fixture
def source(url: str, tmp_path: Path) -> Iterator[Source]:
    with open_source(url, tmp_path) as opened:
        yield opened


def ask(place: InPlace, query: str) -> list[tuple[object, ...]]:
    with place.work({}) as work:
        return [tuple(row.values()) for row in work.fetch(query).to_pylist()]


def test_the_tables_of_a_need_are_shown_under_their_names(source: Source) -> None:
    with source.in_place(PEOPLE) as place:
        assert place.engine == "postgresql"
        assert ask(place, "SELECT * FROM cdm_person ORDER BY 1") == [(1, 1950), (2, 1960), (3, 1970)]


def test_a_table_is_loaded_filled_and_asked(source: Source) -> None:
    with source.in_place(PEOPLE) as place, place.work({**NUMBERS, "given": {"number": "int", "said": "text"}}) as work:
        said = ["it's", "a\\b", '"', "환자", None]
        work.load("given", pa.table({"number": pa.array(range(5), pa.int32()), "said": said}))
        work.fill("numbers", "SELECT number FROM given WHERE number > 2 UNION ALL SELECT person_id FROM cdm_person")
        assert sorted(row["number"] for row in work.fetch("SELECT number FROM numbers").to_pylist()) == [1, 2, 3, 3, 4]
        assert work.fetch("SELECT said FROM given ORDER BY number").column("said").to_pylist() == said


def test_the_server_itself_refuses_to_write_into_the_cdm(source: Source) -> None:
    read_only = pytest.raises(SourceUnavailable, match="25006")  # read_only_sql_transaction
    with source.in_place(PEOPLE) as place, place.work(NUMBERS) as work, read_only:
        work.fetch("DELETE FROM cdm_person RETURNING person_id")
    with source.in_place(PEOPLE) as place:
        assert ask(place, "SELECT count(*) AS n FROM cdm_person") == [(3,)]


def test_the_hospital_s_schemas_stay_as_they_are(url: str, tmp_path: Path) -> None:
    with connected(url.replace("&schema=cdm", "")) as administrator:
        before = administrator.execute(EVERYTHING).fetchall()
        with open_source(url, tmp_path) as source, source.in_place(PEOPLE) as place, place.work(NUMBERS) as work:
            work.fill("numbers", "SELECT person_id FROM cdm_person")
        alone(administrator)
        assert administrator.execute(EVERYTHING).fetchall() == before


def alone(administrator: psycopg.Connection[tuple[Any, ...]]) -> None:
    """Wait until every other session has ended: a server drops a session's own tables a moment after it has gone."""
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    for _ in range(500):
        if administrator.execute(others).fetchall() == [(0,)]:
            return
        time.sleep(0.02)
    raise AssertionError("a session is left")


def test_the_tables_of_one_piece_of_work_are_gone_in_the_next(source: Source) -> None:
    with source.in_place(PEOPLE) as place:
        for _ in range(2):
            with place.work(NUMBERS) as work:
                assert work.fetch("SELECT count(*) AS n FROM numbers").to_pylist() == [{"n": 0}]
                work.fill("numbers", "SELECT 1")


def test_all_work_sees_the_state_in_which_the_source_was_opened(url: str, source: Source) -> None:
    with connected(url.replace("&schema=cdm", "")) as administrator, source.in_place(PEOPLE) as place:
        administrator.execute("INSERT INTO cdm.person SELECT 4, 8507, 1980, 0, 0")
        assert ask(place, "SELECT count(*) AS n FROM cdm_person") == [(3,)]
        administrator.execute("DELETE FROM cdm.person")
        assert ask(place, "SELECT count(*) AS n FROM cdm_person") == [(3,)]


def test_a_reader_who_may_make_no_temporary_tables_is_told_what_to_grant(url: str, tmp_path: Path) -> None:
    with connected(url.replace("&schema=cdm", "")) as administrator:
        (database,) = administrator.execute("SELECT current_database()").fetchone() or ("",)
        administrator.execute(f"REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC")
        administrator.execute("DROP ROLE IF EXISTS reader")
        administrator.execute("CREATE ROLE reader LOGIN")
        administrator.execute("GRANT USAGE ON SCHEMA cdm TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA cdm TO reader")
        administrator.execute("ALTER ROLE reader SET default_transaction_read_only = on")
        theirs = url.replace("postgres@", "reader@")
        try:
            with open_source(theirs, tmp_path) as source:
                with pytest.raises(BadInput, match=f"GRANT TEMPORARY ON DATABASE {database} to it"):
                    source.in_place(PEOPLE)
                administrator.execute(f"GRANT TEMPORARY ON DATABASE {database} TO reader")
                with source.in_place(PEOPLE) as place:
                    assert ask(place, "SELECT count(*) AS n FROM cdm_person") == [(3,)]
        finally:
            administrator.execute("DROP OWNED BY reader; DROP ROLE reader")


def test_a_column_of_another_type_than_the_cdm_s_is_refused_by_name(url: str, tmp_path: Path) -> None:
    with connected(url.replace("&schema=cdm", "")) as administrator:
        administrator.execute("ALTER TABLE cdm.person ALTER year_of_birth TYPE text")
    with (
        open_source(url, tmp_path) as source,
        pytest.raises(BadInput, match=r"person\.year_of_birth is of another type"),
    ):
        source.in_place(PEOPLE)


def test_a_timestamp_serves_as_a_date_and_a_lacking_column_is_null(url: str, tmp_path: Path) -> None:
    with connected(url.replace("&schema=cdm", "")) as administrator:
        administrator.execute("ALTER TABLE cdm.measurement ALTER measurement_date TYPE timestamp")
    need = Need({"measurement": ("measurement_date", "unit_concept_id")})
    with open_source(url, tmp_path) as source, source.in_place(need) as place:
        assert ask(place, "SELECT * FROM cdm_measurement ORDER BY 1 LIMIT 1") == [(date(2020, 1, 1), None)]


def test_infinite_dates_arrive_as_the_engine_has_them(source: Source) -> None:
    import duckdb

    with source.in_place(PEOPLE) as place, place.work({}) as work:
        found = work.fetch(
            "SELECT unnest(ARRAY['-infinity', '4714-11-24 BC', '2020-01-01', 'infinity', NULL]::date[]) AS d"
        )
    assert found.num_rows == 5
    assert duckdb.sql("SELECT CAST(d AS VARCHAR) FROM found").fetchall() == [
        ("-infinity",), ("4714-11-24 (BC)",), ("2020-01-01",), ("infinity",), (None,),
    ]  # fmt: skip


def test_an_error_in_a_statement_quotes_no_cell(source: Source) -> None:
    need = Need({"note": ("note_id", "note_text")})
    with source.in_place(need) as place, place.work(NUMBERS) as work:
        with pytest.raises(BadInput) as refused:
            work.fill("numbers", "SELECT CAST(note_text AS int8) FROM cdm_note")
        assert "one" not in str(refused.value)
        assert refused.value.__cause__ is None


def test_a_server_that_ends_the_session_leaves_a_sentence(url: str, source: Source) -> None:
    others = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
    )
    ended = pytest.raises(SourceUnavailable, match="ended the connection|connection was lost")
    with connected(url.replace("&schema=cdm", "")) as administrator, source.in_place(PEOPLE) as place:
        with ended, place.work(NUMBERS) as work:
            administrator.execute(others)
            work.fill("numbers", "SELECT 1")
        with pytest.raises(SourceUnavailable), place.work(NUMBERS):
            pass


def test_a_statement_that_takes_too_long_is_cancelled(url: str, tmp_path: Path) -> None:
    with open_source(f"{url}&statement_timeout=1", tmp_path) as source, source.in_place(PEOPLE) as place:
        with place.work(NUMBERS) as work, pytest.raises(SourceUnavailable, match="longer than statement_timeout"):
            work.fill("numbers", "SELECT 1 FROM pg_sleep(20)")
        assert ask(place, "SELECT 1 AS n") == [(1,)]


def test_a_closed_place_says_so(source: Source) -> None:
    place = source.in_place(PEOPLE)
    place.close()
    place.close()
    with pytest.raises(SourceUnavailable, match="was closed already"), place.work({}):
        pass


def test_the_server_is_left_without_sessions(postgres_server: Server, url: str, tmp_path: Path) -> None:
    with open_source(url, tmp_path) as source, source.in_place(PEOPLE) as place, place.work(NUMBERS):
        pass
    with connected(url.replace("&schema=cdm", "")) as administrator:
        administrator.execute("SELECT pg_sleep(0.2)")
        left = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        assert administrator.execute(left).fetchall() == [(0,)]
