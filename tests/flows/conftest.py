"""One small world for all tests of the flows: two hospitals, two studies, a board, a startup, a Prefect server.

Everything happens in real processes; the world is built once for the tests of group `flows_world`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cdm.samples import sample
from cdm.synthetic import materialise
from flows.home import Home
from tests.flows import first_version as first
from tests.flows.commands import Alone, Ready, alone, ready
from tests.flows.first_version import FirstVersion
from tests.flows.hospital import PERSONS, SEED, small_study
from tests.flows.server import prefect_server
from tests.flows.story import World, extract_elsewhere, play


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where samples and synthetic hospitals stand, made once for all workers."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "naru-flows-data"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def gibleed(data: Path) -> Path:
    """A public sample as a hospital's folder of Parquet."""
    return sample("gibleed", data)


@pytest.fixture(scope="session")
def world(data: Path, gibleed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    studies = {name: small_study(name, folder / "studies") for name in ("gi_bleed", "deterioration")}
    home, other = Home(folder / "home"), Home(folder / "other")
    with prefect_server(folder / "prefect") as server, ready(PREFECT_API_URL=server.api) as run:
        hospital = materialise("hanbit", PERSONS, SEED, data)
        sources = {"gibleed": f"parquet://{gibleed}", "hanbit": f"parquet://{hospital}"}
        server.wait()
        told = play(run, home, studies, sources) | extract_elsewhere(run, other, studies, sources)
        yield World(run, server, home, other, hospital, studies, sources, told)


@pytest.fixture(scope="session")
def command() -> Iterator[Ready]:
    """`naru`, ready to run, for what needs no Prefect."""
    with ready() as run:
        yield run


@pytest.fixture(scope="session")
def extraction() -> Iterator[Alone]:
    """Begins extractions that can be killed."""
    with alone() as begin:
        yield begin


@pytest.fixture(scope="session")
def first_version(gibleed: Path, tmp_path_factory: pytest.TempPathFactory, extraction: Alone) -> FirstVersion:
    """Version 1.0.0 of a small study; to be copied, not changed."""
    return first.make(tmp_path_factory.mktemp("first_version"), gibleed, extraction)
