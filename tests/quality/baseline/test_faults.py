"""The tool that seeds mistakes: every statement runs, and what it finds stands on the page."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from benchmarks._fault_kinds import KINDS, Kind
from benchmarks._fault_pages import page
from benchmarks.faults import measure
from cdm.synthetic.hospital import materialise


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return materialise("faults", 200, 1, tmp_path_factory.mktemp("faults"))


def test_there_are_fifty_kinds_by_names_of_their_own() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS) == 50


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_mistake_can_be_made(hospital: Path, kind: Kind) -> None:
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA cdm")
        for table in ("person", "death", "measurement", "condition_occurrence", "drug_exposure", "visit_occurrence", "concept",
                      "observation_period", "condition_era", "procedure_occurrence"):  # fmt: skip
            con.execute(f"CREATE TABLE cdm.{table} AS FROM read_parquet('{hospital / f'{table}.parquet'}')")
        con.execute(kind.sql)


@pytest.mark.slow
def test_what_is_caught_and_what_is_not_stands_on_the_page() -> None:
    chosen = tuple(kind for kind in KINDS if kind.name in ("sexes re-coded", "codes cut short"))
    found = measure(200, {"faults": 1}, chosen)
    caught = {one["kind"]: (one["first"], one["against_last"]) for one in found["kinds"]}
    assert caught == {"sexes re-coded": (1, 1), "codes cut short": (0, 0)}
    for lang, never in (("en", "not at all"), ("ko", "보이지 않음")):
        text = page(found, lang)
        assert "| sexes re-coded |" in text
        assert never in text
