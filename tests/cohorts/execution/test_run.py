"""Runs in parts, and concept sets that are kept."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import numpy as np
import pytest

import cdm
from cohorts import engine
from cohorts.execution import concept_sets, parts
from cohorts.expression import parse
from tests.cohorts import compare
from tests.cohorts.small import condition, definition, drug, group, occurs

DEFINITIONS = {
    "1": parse(json.dumps(definition(condition(), rules=[group(occurs(drug()))])), "every event"),
    "2": parse(json.dumps(definition(condition(First=True), drug(), limit="Last")), "the last one"),
    "3": parse(json.dumps(definition({"VisitOccurrence": {}}, CensoringCriteria=[condition()])), "visits"),
}


def generated(source: cdm.Source, out: Path, kept: Path | None = None) -> bytes:
    engine.generate(source, DEFINITIONS, out, kept=kept)
    return out.read_bytes()


@pytest.fixture
def hospital(tmp_path: Path) -> cdm.Source:
    path, _ = compare.hospital(1)
    with cdm.open_source(f"duckdb://{path}?schema=cdm", tmp_path) as source:
        yield source


@pytest.mark.parametrize("rows", [1, 20, 40])
def test_people_in_parts_make_the_same_file_and_attrition(
    hospital: cdm.Source, tmp_path: Path, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = engine.generate(hospital, DEFINITIONS, tmp_path / "whole.parquet")
    made: list[int] = []

    def few(con, plan, _):
        made.append(parts.how_many(con, plan, rows))
        return made[-1]

    monkeypatch.setattr("cohorts.execution.run.how_many", few)
    assert engine.generate(hospital, DEFINITIONS, tmp_path / "parts.parquet") == whole
    assert made[0] > 1
    assert (tmp_path / "parts.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()


def test_every_person_is_in_one_part(hospital: cdm.Source) -> None:
    from cohorts.columns.observed import observed
    from cohorts.plan.build import build

    ids = np.array([3, 5, 8, 13, 21], np.int64)
    there = observed(ids, np.zeros(5, np.int32), np.ones(5, np.int32))
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA cdm; CREATE TABLE cdm.visit_occurrence AS SELECT range AS x FROM range(100)")
        plan = build({"3": parse(json.dumps(definition({"VisitOccurrence": {}})), "visits")})
        found = parts.parts(there, parts.how_many(con, plan, 40))
    assert [(part.people, part.span) for part in found] == [(1, (3, 3)), (2, (5, 8)), (2, (13, 21))]


def test_a_kept_concept_set_is_not_resolved_again(
    hospital: cdm.Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = generated(hospital, tmp_path / "first.parquet", kept=tmp_path / "sets")
    monkeypatch.setattr(concept_sets, "resolve", lambda con, sets: [] if not sets else pytest.fail("resolved again"))
    assert generated(hospital, tmp_path / "second.parquet", kept=tmp_path / "sets") == first


def test_a_damaged_file_of_a_kept_set_is_made_again(hospital: cdm.Source, tmp_path: Path) -> None:
    first = generated(hospital, tmp_path / "first.parquet", kept=tmp_path / "sets")
    files = sorted((tmp_path / "sets").rglob("*.npy"))
    assert files
    for file in files:
        file.write_bytes(file.read_bytes()[:-3])
    assert generated(hospital, tmp_path / "second.parquet", kept=tmp_path / "sets") == first
    assert all(np.load(file) is not None for file in files)


def test_another_state_of_the_vocabulary_resolves_anew(tmp_path: Path) -> None:
    """A hospital that loads a new vocabulary is never answered from the old one."""
    path, tables = compare.hospital(1)
    copy = tmp_path / "hospital.duckdb"
    copy.write_bytes(path.read_bytes())
    with cdm.open_source(f"duckdb://{copy}?schema=cdm", tmp_path) as source:
        before = generated(source, tmp_path / "before.parquet", kept=tmp_path / "sets")
    copy.unlink()
    without = {**tables, "concept": tables["concept"].slice(0, 0)}
    from tests.cohorts import tiny

    tiny.write(copy, without)
    with cdm.open_source(f"duckdb://{copy}?schema=cdm", tmp_path) as source:
        after = generated(source, tmp_path / "after.parquet", kept=tmp_path / "sets")
    assert after != before
    assert len(list((tmp_path / "sets").iterdir())) == 2


def test_a_folder_that_cannot_be_written_costs_time_and_nothing_else(hospital: cdm.Source, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    first = generated(hospital, tmp_path / "first.parquet")
    assert generated(hospital, tmp_path / "second.parquet", kept=tmp_path / "file") == first
