"""`naru cohort run --in-place`: the same bytes as from a copy, and one sentence where a database cannot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cdm.cdms import connected, write_postgres
from tests.cohorts.conformance.engines import with_base
from tests.cohorts.small import condition, conditions, definition, drug, drugs, group, occurs
from tests.flows.commands import Ready
from tests.spark import needs_spark
from tests.tables import write_parquet

TABLES = conditions("""
    1 | 1 | 10 | 2011-01-01 | 2011-01-05
    2 | 2 | 10 | 2011-01-01 | 2011-01-05""") | drugs("1 | 1 | 20 | 2011-01-02 | 2011-01-03 | -")


@pytest.fixture
def url(postgres: str) -> str:
    return write_postgres(postgres, with_base(TABLES))


@pytest.fixture
def definitions(tmp_path: Path) -> Path:
    folder = tmp_path / "definitions"
    folder.mkdir()
    (folder / "7.json").write_text(json.dumps(definition(condition(), rules=[group(occurs(drug()))])), encoding="utf-8")
    (folder / "8.json").write_text(json.dumps(definition(condition(), drug())), encoding="utf-8")
    return folder


def test_in_place_writes_the_same_bytes(command: Ready, url: str, definitions: Path, tmp_path: Path) -> None:
    compare(command, url, definitions, tmp_path)


@needs_spark
def test_so_does_spark(command: Ready, definitions: Path, tmp_path: Path) -> None:
    folder = write_parquet(tmp_path / "cdm", with_base(TABLES))
    compare(command, f"spark://local[2]{folder}?memory=1g", definitions, tmp_path)


def compare(command: Ready, url: str, definitions: Path, tmp_path: Path) -> None:
    written = {}
    for name, asked in (("copied", []), ("in-place", ["--in-place"])):
        one, told, every = (tmp_path / f"{name}.{end}" for end in ("one.parquet", "one.json", "all.parquet"))
        command.ok(
            tmp_path,
            "cohort",
            "run",
            definitions / "7.json",
            "--source",
            url,
            "--out",
            one,
            "--attrition",
            told,
            *asked,
        )
        command.ok(tmp_path, "cohort", "run-all", definitions, "--source", url, "--out", every, *asked)
        steps = [{k: v for k, v in s.items() if k != "strata"} for s in json.loads(told.read_bytes())["steps"]]
        written[name] = [one.read_bytes(), every.read_bytes(), steps]  # sex and age are told where rows were copied
    assert written["in-place"] == written["copied"]
    assert written["in-place"][2][-1] == {"rule": "cohort", "people": 1, "entries": 1}


def test_a_database_that_cannot_says_so(command: Ready, url: str, definitions: Path, tmp_path: Path) -> None:
    with connected(url.replace("&schema=cdm", "")) as administrator:
        administrator.execute("ALTER TABLE cdm.person ALTER person_id TYPE text")
    old = {"Age": {"Value": 18, "Op": "gt"}}
    (definitions / "7.json").write_text(json.dumps(definition(condition(**old))), encoding="utf-8")
    out = tmp_path / "cohort.parquet"
    ended = command(tmp_path, "cohort", "run", definitions / "7.json", "--source", url, "--out", out, "--in-place")
    assert ended.code == 2
    assert "person.person_id is of another type than the CDM's integer" in ended.err
    assert "run it without --in-place" in ended.err
    assert ended.err.count("\n") == 1
    assert not out.exists()
