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
from tests.flows.hospital import PERSONS, SEED, home_with_case, small_study
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


# What runs beside the tests ends with this room: a Prefect server that waits is not idle.
@pytest.fixture(scope="package")
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


@pytest.fixture(scope="package")
def command() -> Iterator[Ready]:
    """`naru`, ready to run, for what needs no Prefect."""
    with ready() as run:
        yield run


@pytest.fixture(scope="package")
def extraction() -> Iterator[Alone]:
    """Begins extractions that can be killed."""
    with alone() as begin:
        yield begin


@pytest.fixture(scope="package")
def gi_bleed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small study; not to be changed."""
    return small_study("gi_bleed", tmp_path_factory.mktemp("studies"))


@pytest.fixture(scope="package")
def ready_home(gi_bleed: Path, gibleed: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home in which its extraction may begin; to be copied, not changed."""
    return home_with_case(tmp_path_factory.mktemp("ready") / "home", gi_bleed, first.SITE, f"parquet://{gibleed}")


@pytest.fixture(scope="package")
def undisturbed(
    ready_home: Home, gi_bleed: Path, extraction: Alone, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Home, str]:
    """The same home after an extraction that nobody disturbed, to be copied, and its manifest digest."""
    home = first.copied(ready_home, tmp_path_factory.mktemp("undisturbed") / "home")
    return home, first.extract(home, gi_bleed, extraction)


@pytest.fixture(scope="package")
def first_version(
    undisturbed: tuple[Home, str], gi_bleed: Path, gibleed: Path, tmp_path_factory: pytest.TempPathFactory
) -> FirstVersion:
    """Version 1.0.0 of a small study, published; to be copied, not changed."""
    home = first.copied(undisturbed[0], tmp_path_factory.mktemp("first_version") / "home")
    first.publish(home, first.FIRST)
    return FirstVersion(home, gi_bleed, gibleed)
