"""Generated definitions over the whole language on tiny CDMs full of edges: the rows of circe-be's SQL.

`EXAMPLES=10000 pytest tests/cohorts/test_generated.py` makes a long, random run of it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cohorts import compare, oracle
from tests.cohorts.strategies import expressions

EXAMPLES = int(os.environ.get("EXAMPLES", "0"))


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("generated") / "cohort.parquet"


@settings(
    max_examples=EXAMPLES or 25,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(expression=expressions(), seed=st.integers(1, 4))
def test_generated_definitions_find_what_circe_finds(out: Path, expression: dict[str, Any], seed: int) -> None:
    path, tables = compare.hospital(seed)
    found = compare.ours(path, expression, out)
    try:
        wanted = oracle.rows(tables, expression)
    except oracle.NoAnswer:
        return  # we do what the definition evidently means
    assert found == wanted or compare.depends_on_order(tables, expression, found)


@settings(max_examples=4, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
@given(expression=expressions())
def test_the_short_translation_of_circe_sql_says_what_sqlrender_says(expression: dict[str, Any]) -> None:
    _, tables = compare.hospital(1)
    try:
        assert oracle.rows(tables, expression) == oracle.rows(tables, expression, oracle.by_sqlrender)
    except oracle.NoAnswer:
        return
