"""One engine after another."""

from __future__ import annotations

import pytest

from tests.cohorts.conformance.engines import Engine, in_duckdb


@pytest.fixture(scope="session", params=["duckdb"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """An engine under test; small CDMs are written once for a session."""
    folder = tmp_path_factory.mktemp(request.param)
    return Engine(request.param, in_duckdb(folder), folder)
