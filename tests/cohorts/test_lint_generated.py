"""What the linter says can never or always happen, checked by running generated definitions on a tiny hospital."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import cdm
from cdm.errors import BadInput
from cohorts.engine import generate
from cohorts.expression import parse
from cohorts.lint import lint
from tests.cohorts import tiny
from tests.cohorts.strategies import expressions


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lint")


@cache
def hospital(folder: Path, seed: int) -> Path:
    """A tiny hospital of which many concepts have no record: half of each table's rows are gone."""
    tables = dict(tiny.tables(seed))
    concept = tables["concept"]
    for name in ("concept_name", "domain_id", "vocabulary_id", "concept_class_id", "concept_code"):
        concept = concept.append_column(name, pa.array(["Condition"] * len(concept)))
    tables["concept"] = concept.append_column("standard_concept", pa.array(["S"] * len(concept)))
    for name in ("condition_occurrence", "drug_exposure", "measurement", "visit_occurrence"):
        concepts = tables[name].column(f"{name.split('_')[0]}_concept_id")
        tables[name] = tables[name].filter(pa.compute.less(pa.compute.fill_null(concepts, 0), 12))
    return tiny.write(folder / f"tiny{seed}.duckdb", tables)


@settings(
    max_examples=int(os.environ.get("EXAMPLES", "15")), derandomize="EXAMPLES" not in os.environ, database=None, deadline=None,
    phases=[Phase.generate], suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(expression=expressions(), seed=st.integers(1, 3))
def test_nobody_enters_where_it_says_so_and_rules_that_hold_always_leave_nobody_out(
    folder: Path, expression: dict[str, Any], seed: int
) -> None:
    out, read = folder / "cohort.parquet", parse(json.dumps(expression), "generated")
    with cdm.open_source(f"duckdb://{hospital(folder, seed)}?schema=cdm", folder) as source:
        try:
            attrition = generate(source, {"1": read}, out)["1"]
        except BadInput:
            return
        told = {(one.code, one.path) for one in lint(source, read)}
    people = [step.people for step in attrition.steps]
    if {code for code, _ in told} & {"nobody_enters", "rule_never"}:
        assert duckdb.sql(f"SELECT count(*) FROM '{out}'").fetchall() == [(0,)]
    first = len(people) - 1 - len(read.inclusion_rules)
    for number in range(len(read.inclusion_rules)):
        if ("rule_always", f"$.InclusionRules[{number}]") in told:
            assert people[first + number] == people[first + number - 1]
