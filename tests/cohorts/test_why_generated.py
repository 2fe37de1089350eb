"""Generated definitions on a tiny hospital: what is told of everybody agrees with what the engine finds."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import cdm
from cdm.errors import BadInput
from cohorts.engine import generate
from cohorts.expression import Expression, parse
from cohorts.plan.build import build
from cohorts.why import Why, _plans, _trees, facts, judge, questions, variants, why_all
from tests.cohorts import compare
from tests.cohorts.strategies import expressions
from tests.cohorts.tiny import PEOPLE

EVERYBODY = range(1, PEOPLE + 1)
many = settings(
    max_examples=int(os.environ.get("EXAMPLES", "12")), derandomize="EXAMPLES" not in os.environ, database=None, deadline=None,
    phases=[Phase.generate], suppress_health_check=list(HealthCheck),
)  # fmt: skip


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("why") / "cohort.parquet"


def read(given_: dict[str, Any]) -> Expression:
    return parse(json.dumps(given_), "generated")


@many
@given(expression=expressions(), seed=st.integers(1, 4))
def test_whoever_enters_has_rows_that_end_for_a_reason_and_nobody_else_has(
    out: Path, expression: dict[str, Any], seed: int
) -> None:
    path, _ = compare.hospital(seed)
    with cdm.open_source(f"duckdb://{path}?schema=cdm", path.parent) as source:
        try:
            generate(source, {"1": read(expression)}, out)
        except BadInput:
            return
        told = why_all(source, read(expression), EVERYBODY)
    rows = duckdb.sql(f"SELECT subject_id, cohort_start_date, cohort_end_date FROM '{out}' ORDER BY ALL").fetchall()
    assert [(one.person_id, row.start, row.end) for one in told for row in one.rows] == [
        row for row in rows if row[0] in EVERYBODY
    ]
    for one in told:
        assert all(row.ends_by for row in one.rows), one
        assert bool(one.rows) == any(entry.kept_out_by is None for entry in one.entries)
        assert _every_start_is_an_entry(one)


def _every_start_is_an_entry(one: Why) -> bool:
    entered = [entry for entry in one.entries if entry.kept_out_by is None]
    return all(
        any(row.start <= entry.start_date <= row.end or row.start > entry.start_date for entry in entered)
        for row in one.rows
    )


@many
@given(expression=expressions(), seed=st.integers(1, 4))
def test_a_rule_holds_where_its_criteria_do_one_by_one(expression: dict[str, Any], seed: int) -> None:
    path, _ = compare.hospital(seed)
    plan = build({"1": read(expression)})
    with cdm.open_source(f"duckdb://{path}?schema=cdm", path.parent) as source:
        try:
            with facts.opened(source, _plans(plan, read(expression)), EVERYBODY, None) as con:
                found = facts.found(con, plan, EVERYBODY)
                trees = _trees(plan, read(expression), judge.broken_bits(plan.definitions[0], found))
                sheet = questions.sheet(list(trees.values()))
                answers = facts.answers(con, variants.judged_by(plan, sheet.questions)) if sheet.questions else {}
        except BadInput:
            return
    for event in found.events:
        for bit, branch in trees.items():
            kept = bool(event.mask >> bit & 1)
            assert questions.holds(branch, sheet, answers.get(event.key, 0)) == kept
