"""One engine after another."""

from __future__ import annotations

import pytest

from cdm.server import Server
from tests.cohorts.conformance.engines import Engine, in_duckdb, in_postgres, in_spark
from tests.spark import NEEDS_SPARK


@pytest.fixture(scope="session", params=["duckdb", "postgresql", pytest.param("spark", marks=NEEDS_SPARK)])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """An engine under test; small CDMs are written once for a session."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "duckdb":
        return Engine(request.param, in_duckdb(folder), folder)
    if request.param == "spark":
        request.getfixturevalue("spark_running")
        return Engine(request.param, in_spark(folder), folder)
    server: Server = request.getfixturevalue("postgres_server")
    server.create_database("conformance")
    return Engine(request.param, in_postgres(server.url("conformance")), folder)
