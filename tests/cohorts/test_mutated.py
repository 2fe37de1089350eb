"""Whatever is broken in a definition: it is read, or refused in one sentence; it runs, or is refused. Nothing else.

`EXAMPLES=10000 pytest tests/cohorts/test_mutated.py` makes a long, random run of it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings

import cdm
from cdm.engine import Limits
from cdm.errors import BadInput
from cohorts import needs
from cohorts.engine import generate
from cohorts.expression import Expression, parse
from cohorts.lint import lint
from cohorts.plan.build import build
from cohorts.prose import explain
from cohorts.why import why
from tests.cohorts import tiny
from tests.cohorts.mutations import absurd, mutated

EXAMPLES = int(os.environ.get("EXAMPLES", "0"))


def some(few: int) -> settings:
    return settings(
        max_examples=EXAMPLES or few, derandomize=not EXAMPLES, database=None, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip


def one_sentence(refused: BadInput) -> None:
    said = str(refused)
    assert said
    assert "\n" not in said
    assert said.isprintable()
    assert len(said) < 600


def read_or_refused(expression: Any) -> Expression | None:
    try:
        return parse(json.dumps(expression), "a.json")
    except BadInput as error:
        refused = error
    one_sentence(refused)
    assert str(refused).startswith("a.json")
    return None


@some(250)
@given(expression=mutated())
def test_a_broken_definition_is_read_or_refused_in_one_sentence(expression: Any) -> None:
    found = read_or_refused(expression)
    if found is None:
        return
    assert explain(found, "ko")
    assert explain(found, "en")
    try:
        needs.need(build({"a": found}))
    except BadInput as refused:
        one_sentence(refused)


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny CDM with names in its vocabulary, which the linter reads."""
    tables = tiny.tables(1)
    concept = tables["concept"]
    for name in ("concept_name", "vocabulary_id", "concept_class_id", "concept_code"):
        concept = concept.append_column(name, pa.array(["x"] * concept.num_rows))
    for name, values in (("domain_id", ["Condition", "Drug", "Visit"]), ("standard_concept", ["S", None])):
        concept = concept.append_column(name, pa.array([values[n % len(values)] for n in range(concept.num_rows)]))
    return tiny.write(tmp_path_factory.mktemp("mutated") / "tiny.duckdb", {**tables, "concept": concept})


def run_or_refused(expression: Any, hospital: Path) -> None:
    found = read_or_refused(expression)
    if found is None:
        return
    limits = Limits(threads=1)
    with cdm.open_source(f"duckdb://{hospital}?schema=cdm", hospital.parent) as source:
        for ask in (
            lambda: generate(source, {"a": found}, hospital.parent / "cohort.parquet", limits=limits),
            lambda: why(source, found, 1, limits=limits).to_json(),
            lambda: [finding.to_json() for finding in lint(source, found, limits=limits)],
        ):
            try:
                ask()
            except BadInput as refused:
                one_sentence(refused)


@some(15)
@given(expression=mutated())
def test_a_broken_definition_runs_or_is_refused(hospital: Path, expression: Any) -> None:
    run_or_refused(expression, hospital)


@some(15)
@given(expression=absurd())
def test_absurd_numbers_run_or_are_refused(hospital: Path, expression: Any) -> None:
    run_or_refused(expression, hospital)
