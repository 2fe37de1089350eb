"""What goes wrong with databases: one sentence each, and nothing half-done left."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from cdm import open_source
from cdm.engine import connect
from cdm.errors import BadInput, SourceUnavailable
from cdm.server import Server, start
from cdm.source import Need
from tests.cdm.cdms import connected, tiny, write_postgres
from tests.tables import write_duckdb, write_parquet


def test_a_file_that_is_no_duckdb_database(tmp_path: Path) -> None:
    (tmp_path / "h.duckdb").write_text("a note of the archive " * 500)
    with pytest.raises(BadInput, match="h.duckdb is not a DuckDB database file"):
        open_source(f"duckdb://{tmp_path}/h.duckdb", tmp_path)


def test_a_duckdb_file_that_another_program_writes(tmp_path: Path) -> None:
    file = write_duckdb(tmp_path / "h.duckdb", tiny())
    code = f"import duckdb, sys; con = duckdb.connect({str(file)!r}); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout
        writer.stdout.readline()
        with pytest.raises(SourceUnavailable, match="is being written by another program"):
            open_source(f"duckdb://{file}?schema=cdm", tmp_path)


def test_a_damaged_parquet_file(tmp_path: Path) -> None:
    folder = write_parquet(tmp_path / "cdm", tiny())
    (folder / "measurement.parquet").write_bytes(b"PAR1 SECRET PAR1")
    with pytest.raises(BadInput, match="the files of table measurement are not Parquet") as refused:
        open_source(f"parquet://{folder}", tmp_path)
    assert "SECRET" not in str(refused.value)


def test_a_parquet_table_that_is_there_twice_or_empty(tmp_path: Path) -> None:
    folder = write_parquet(tmp_path / "cdm", tiny())
    (folder / "MEASUREMENT").mkdir()
    with pytest.raises(BadInput, match=r"folder MEASUREMENT holds no \*\.parquet file"):
        (folder / "measurement.parquet").unlink()
        open_source(f"parquet://{folder}", tmp_path)
    shutil.copy(folder / "person.parquet", folder / "MEASUREMENT" / "part-0.parquet")
    shutil.copy(folder / "person.parquet", folder / "measurement.parquet")
    with pytest.raises(BadInput, match="holds table measurement twice"):
        open_source(f"parquet://{folder}", tmp_path)


def test_a_parquet_file_that_goes_away_while_open(tmp_path: Path) -> None:
    folder = write_parquet(tmp_path / "cdm", tiny())
    with open_source(f"parquet://{folder}", tmp_path) as source, connect() as con:
        (folder / "measurement.parquet").unlink()
        with pytest.raises(SourceUnavailable, match="cannot be read: a file is gone"):
            source.attach(con, Need({"measurement": ()}))


@pytest.fixture
def cdm(postgres: str) -> str:
    return write_postgres(postgres, tiny())


def test_a_host_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="no server listens there"):
        open_source("postgresql://u@127.0.0.1:1/db", tmp_path)
    with pytest.raises(SourceUnavailable, match="the host name is unknown"):
        open_source("postgresql://u@no-such-host.invalid/db", tmp_path)
    with pytest.raises(SourceUnavailable, match="no server listens there"):
        open_source(f"postgresql://u@/db?host={tmp_path}", tmp_path)


def test_a_database_user_or_schema_that_the_server_does_not_know(cdm: str, tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="no database of this name"):
        open_source(cdm.replace("/fresh_", "/other_"), tmp_path)
    with pytest.raises(SourceUnavailable, match="no user of this name"):
        open_source(cdm.replace("postgres@", "nobody@"), tmp_path)
    with pytest.raises(BadInput, match="has no schema omop; it has cdm, public"):
        open_source(cdm.replace("schema=cdm", "schema=omop"), tmp_path)
    with pytest.raises(BadInput, match="is not an OMOP CDM"):
        open_source(cdm.replace("schema=cdm", "schema=public"), tmp_path)


def test_a_user_without_the_right_to_read(cdm: str, tmp_path: Path) -> None:
    role = f"reader_{os.getpid()}_{time.monotonic_ns()}"
    url = cdm.replace("postgres@", f"{role}@")
    with connected(cdm.replace("&schema=cdm", "")) as con:
        con.execute(f"CREATE ROLE {role} LOGIN")
        with pytest.raises(SourceUnavailable, match="this user may not use schema cdm; GRANT USAGE"):
            open_source(url, tmp_path)
        con.execute(f"GRANT USAGE ON SCHEMA cdm TO {role}")
        con.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA cdm TO {role}; REVOKE SELECT ON cdm.note FROM {role}")
        with pytest.raises(SourceUnavailable, match="this user may not read note in schema cdm"):
            open_source(url, tmp_path)
        con.execute(f"GRANT SELECT (note_id, person_id) ON cdm.note TO {role}")
        with open_source(url, tmp_path) as source:
            assert source.tables()["note"] == ("note_id", "person_id")


def test_a_pull_cannot_write(cdm: str, tmp_path: Path) -> None:
    with open_source(cdm, tmp_path) as source, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        source._main.execute("CREATE TABLE cdm.mine (x int)")


def test_an_open_source_shows_one_state_whatever_the_hospital_writes(cdm: str, tmp_path: Path) -> None:
    with open_source(cdm, tmp_path) as source, connect() as con, connected(cdm.replace("&schema=cdm", "")) as hospital:
        before = source.release()
        hospital.execute("DELETE FROM cdm.measurement; INSERT INTO cdm.person VALUES (9, 0, 1990, 0, 0)")
        source.attach(con, Need({"person": ("person_id",), "measurement": ("person_id",)}))
        assert con.execute("SELECT count(*) FROM cdm.person").fetchall() == [(3,)]
        assert con.execute("SELECT count(*) FROM cdm.measurement").fetchall() == [(3,)]
        assert source.release() == before


def many(url: str) -> None:
    """A view that streams rows for as long as anybody reads."""
    with connected(url.replace("&schema=cdm", "")) as con:
        con.execute(
            "ALTER TABLE cdm.measurement RENAME TO stored; CREATE VIEW cdm.measurement AS SELECT * FROM cdm.stored"
            " UNION ALL"
            " SELECT i, 1, 1, DATE '2020-01-01', 1, 1.0 FROM generate_series(1, 50000000) AS t(i)"
        )


def test_a_connection_that_an_administrator_ends_in_the_middle_of_a_pull(cdm: str, tmp_path: Path) -> None:
    many(cdm)
    with open_source(cdm, tmp_path) as source, connect() as con, connected(cdm.replace("&schema=cdm", "")) as admin:

        def end() -> None:
            for _ in range(200):
                time.sleep(0.05)
                ended = admin.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE query LIKE 'COPY%' AND state = 'active' AND datname = current_database()"
                ).fetchall()
                if ended:
                    return

        killer = threading.Thread(target=end)
        killer.start()
        with pytest.raises(SourceUnavailable, match="connection was lost|ended the connection"):
            source.attach(con, Need({"person": ("person_id",), "measurement": ("person_id",)}))
        killer.join()
        assert (
            con.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'cdm'").fetchall() == []
        )
        assert not [thread for thread in threading.enumerate() if thread.name == "naru-source"]


def test_a_query_that_takes_longer_than_allowed(cdm: str, tmp_path: Path) -> None:
    many(cdm)
    with (
        open_source(f"{cdm}&statement_timeout=1", tmp_path) as source,
        connect() as con,
        pytest.raises(SourceUnavailable, match="took longer than statement_timeout"),
    ):
        source.attach(con, Need({"measurement": ("person_id",)}))


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server that a test may stop."""
    folder = Path(tempfile.mkdtemp(prefix="naru-test-"))
    folder.chmod(0o755)
    server = start(folder)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


def test_a_server_that_stops_under_an_open_source(own_server: Server, tmp_path: Path) -> None:
    own_server.create_database("hospital")
    url = write_postgres(own_server.url("hospital"), tiny())
    with open_source(url, tmp_path) as source, connect() as con:
        own_server.stop()
        with pytest.raises(SourceUnavailable, match="lost|ended"):
            source.attach(con, Need({"person": ("person_id",)}))
        with pytest.raises(SourceUnavailable, match="lost|ended"):
            source.release()
    with pytest.raises(SourceUnavailable, match="no server listens there"):
        open_source(url, tmp_path)


def test_a_wrong_password_and_where_the_right_one_is_taken_from(
    own_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_server.create_database("hospital")
    url = write_postgres(own_server.url("hospital"), tiny())
    with connected(own_server.url("hospital")) as con:
        con.execute("CREATE ROLE reader LOGIN PASSWORD 'RIGHT'; GRANT pg_read_all_data TO reader")
    (own_server.data / "pg_hba.conf").write_text("local all postgres trust\nlocal all all scram-sha-256\n")
    with connected(own_server.url("hospital")) as con:
        con.execute("SELECT pg_reload_conf()")
    time.sleep(0.3)
    url = url.replace("postgres@", "reader@")
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "none"))
    with pytest.raises(SourceUnavailable, match="a password is wanted"):
        open_source(url, tmp_path)
    monkeypatch.setenv("NARU_SOURCE_PASSWORD", "WRONG")
    with pytest.raises(SourceUnavailable, match="the password or the user is wrong") as refused:
        open_source(url, tmp_path)
    assert "WRONG" not in str(refused.value)
    monkeypatch.setenv("NARU_SOURCE_PASSWORD", "RIGHT")
    with open_source(url, tmp_path) as source, connect() as con:
        source.attach(con, Need({"person": ("person_id",)}))
        assert "RIGHT" not in source.url + repr(source._session)
    monkeypatch.delenv("NARU_SOURCE_PASSWORD")
    monkeypatch.setenv("PGPASSWORD", "RIGHT")
    with open_source(url, tmp_path) as source:
        assert source.version == "5.4"
