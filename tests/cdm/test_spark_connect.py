"""A Spark Connect server on this machine, whose catalogue holds a CDM."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cdm import open_source
from cdm.engine import connect
from cdm.errors import BadInput, SourceUnavailable
from cdm.source import Need
from tests.cdm.cdms import tiny
from tests.spark import needs_spark
from tests.tables import write_parquet

PEOPLE = Need({"person": ("person_id", "year_of_birth")})
CLASS = "org.apache.spark.sql.connect.service.SparkConnectServer"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with an empty catalogue in memory; its address."""
    import pyspark

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    home, folder = Path(pyspark.__file__).parent, tmp_path_factory.mktemp("spark")
    settings = {
        "spark.connect.grpc.binding.address": "127.0.0.1", "spark.connect.grpc.binding.port": port,
        "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1", "spark.ui.enabled": "false",
        "spark.sql.warehouse.dir": folder / "warehouse", "spark.local.dir": folder, "spark.sql.shuffle.partitions": 2,
    }  # fmt: skip
    given = [part for name, value in settings.items() for part in ("--conf", f"{name}={value}")]
    nowhere = subprocess.DEVNULL
    process = subprocess.Popen(
        [str(home / "bin" / "spark-submit"), "--master", "local[2]", "--class", CLASS, *given, "spark-internal"],
        stdin=nowhere, stdout=nowhere, stderr=nowhere, cwd=folder, env={**os.environ, "SPARK_HOME": str(home)},
    )  # fmt: skip
    try:
        _await(process, port)
        yield f"spark://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _await(process: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(600):
        assert process.poll() is None, "the server ended"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.5)
        else:
            return
    raise AssertionError("the server does not listen")


@pytest.fixture(scope="module")
def url(server: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The tiny CDM in schema cdm of the server."""
    from cdm.sources import spark_session

    folder = write_parquet(tmp_path_factory.mktemp("cdm"), tiny())
    session = spark_session.connected(server, "127.0.0.1", int(server.rpartition(":")[2]), "")
    session.sql("CREATE DATABASE cdm").collect()
    for file in folder.glob("*.parquet"):
        session.sql(f"CREATE TABLE cdm.{file.stem} USING parquet LOCATION '{file.parent}/{file.name}'").collect()
    session.stop()
    return f"{server}?schema=cdm"


@needs_spark
def test_a_catalogue_is_the_cdm_that_its_files_are(url: str, tmp_path: Path) -> None:
    folder = write_parquet(tmp_path / "cdm", tiny())
    with open_source(url, tmp_path) as there, open_source(f"parquet://{folder}", tmp_path) as files:
        assert there.release() == files.release()
        assert there.tables() == files.tables()


@needs_spark
def test_work_is_done_there_and_rows_are_not_copied_out(url: str, tmp_path: Path) -> None:
    with open_source(url, tmp_path) as source:
        with source.in_place(PEOPLE) as place, place.work({"numbers": {"number": "long"}}) as work:
            work.fill("numbers", "SELECT person_id FROM cdm_person WHERE year_of_birth < 1970")
            assert sorted(work.fetch("SELECT number FROM numbers").column(0).to_pylist()) == [1, 2]
        with (
            connect() as con,
            pytest.raises(BadInput, match="rows are not copied out of Spark Connect; use --in-place"),
        ):
            source.attach(con, PEOPLE)


@needs_spark
def test_a_value_that_fails_is_in_no_error_and_on_no_output(
    url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    refused = pytest.raises(BadInput, match="a column holds a value that its type in the CDM cannot hold")
    with (
        open_source(url, tmp_path) as source,
        source.in_place(PEOPLE) as place,
        place.work({}) as work,
        refused as told,
    ):
        work.fetch("SELECT CAST(concat('canary-', person_id) AS INT) FROM cdm_person")
    written = capfd.readouterr()
    assert "canary" not in str(told.value) + written.out + written.err + caplog.text


@needs_spark
def test_a_schema_that_is_not_there_is_told(server: str, tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="a table or column that was there is gone"):
        open_source(f"{server}?schema=nowhere", tmp_path)


@needs_spark
def test_a_schema_without_a_cdm_is_told(server: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is not an OMOP CDM"):
        open_source(server, tmp_path)
