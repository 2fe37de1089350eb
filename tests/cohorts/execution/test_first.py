"""Looking at those alone who have primary events finds what looking at everybody finds."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import cdm
from cohorts import engine
from cohorts.execution import run
from cohorts.execution.first import fetch_first
from cohorts.expression import parse
from tests.cohorts import compare
from tests.cohorts.small import condition, definition, drug, group, occurs

NESTED = group(occurs(drug()))
DEFINITIONS = {
    "one concept set": definition(condition()),
    "two tables": definition(condition(), drug()),
    "first in history": definition(condition(First=True), rules=[group(occurs(drug()))]),
    "kept by a group of its own": definition(condition(CorrelatedCriteria=NESTED), limit="Last"),
    "eras": definition({"ConditionEra": {}}, {"DrugEra": {}}),
    "everything": definition({"VisitOccurrence": {}}, CensoringCriteria=[condition()]),
    "periods": definition({"ObservationPeriod": {}}),
    "by age": definition(condition(Age={"Value": 30, "Op": "gt"})),
    "nobody": definition({"Death": {}}, condition(Age={"Value": 300, "Op": "gt"})),
}


@pytest.fixture(params=[1, 2, 3], scope="module")
def hospital(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> cdm.Source:
    path, _ = compare.hospital(request.param)
    with cdm.open_source(f"duckdb://{path}?schema=cdm", tmp_path_factory.mktemp("home")) as source:
        yield source


@pytest.mark.parametrize("name", DEFINITIONS)
def test_the_same_rows_and_attrition_whoever_is_looked_at(
    hospital: cdm.Source, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {name: parse(json.dumps(DEFINITIONS[name]), name)}
    found = {}
    for few in (-1.0, 1e9):
        monkeypatch.setattr(run, "fetch_first", partial(fetch_first, few=few))
        out = tmp_path / f"{few}.parquet"
        found[few] = engine.generate(hospital, asked, out, demographics=True), out.read_bytes()
    assert found[-1.0] == found[1e9]


def test_where_few_have_primary_events_the_others_are_not_read(
    hospital: cdm.Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[np.ndarray | None] = []
    whole = run.read_observed
    monkeypatch.setattr(run, "fetch_first", partial(fetch_first, few=1e9))
    monkeypatch.setattr(run, "read_observed", lambda con, among: (read.append(among), whole(con, among))[1])
    asked = {"1": parse(json.dumps(DEFINITIONS["one concept set"]), "1")}
    engine.generate(hospital, asked, tmp_path / "out.parquet")
    assert read[0] is not None
    assert (np.diff(read[0]) > 0).all()
