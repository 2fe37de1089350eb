"""For all tests: groups that stay on one worker, and a real PostgreSQL server with a fresh database for each test."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from _pytest.nodeid import coerce_node_id

from cdm.engine import THREADS
from cdm.server import Server, start

_numbers = count(1)


# Rooms whose fixtures serve several files: each is one group, so that a worker builds them once.
TOGETHER = ("tests/cdm/synthetic", "tests/cohorts/conformance", "tests/extract/delivery")


def pytest_configure(config: pytest.Config) -> None:
    # A test leaves little that only the collector finds, and looking costs a tenth of the time.
    gc.set_threshold(50_000, 20, 20)
    # Two workers share the machine; an engine's second thread costs a tenth more for tables as small as these.
    os.environ.setdefault(THREADS, "1")
    # The flows take longest, so they go first (below); xdist would begin with groups of many tests.
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Groups for xdist's workers; where none is named the file is one: its fixtures are built on one worker, not on both."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            file = item.nodeid.partition("::")[0]
            item.add_marker(pytest.mark.xdist_group(next((r for r in TOGETHER if file.startswith(r)), file)))
    yield
    # xdist 3.8 has written the groups to an attribute that pytest 9.2 no longer reads.
    for item in items:
        grouped = getattr(item, "_nodeid", item.nodeid)
        if grouped != item.nodeid:
            item._id = coerce_node_id(grouped)
    items.sort(key=lambda item: not item.nodeid.startswith("tests/flows"))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A running server. Its folder is a short-lived one of its own: pytest's stands too deep for a server's user."""
    folder = Path(tempfile.mkdtemp(prefix="naru-test-"))
    folder.chmod(0o755)
    try:
        with start(folder) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def spark_running() -> Iterator[None]:
    """Spark's Java process, kept for all tests of this process: starting it takes seconds."""
    from cdm.sources import spark_session

    kept = spark_session.local("spark://local[2]", "2", "2g")
    yield
    spark_session.give_back(kept)


@pytest.fixture
def postgres(postgres_server: Server) -> Iterator[str]:
    """The address of a fresh, empty database."""
    name = f"fresh_{next(_numbers)}"
    postgres_server.create_database(name)
    yield postgres_server.url(name)
    with psycopg.connect(host=str(postgres_server.sockets), user="postgres", dbname="postgres", autocommit=True) as con:
        con.execute(f"DROP DATABASE {name} WITH (FORCE)")
