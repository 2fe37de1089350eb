"""Small CDMs whose rows are written beside them, on every engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cohorts.conformance.engines import Engine, with_base
from tests.cohorts.conformance.small_cases import CASES
from tests.cohorts.small import cohort, expected


@pytest.mark.parametrize("name", CASES)
def test_every_engine_finds_the_rows(engine: Engine, name: str) -> None:
    case = CASES[name]
    url = engine.write(f"case{list(CASES).index(name)}", with_base(case.tables))
    found, _ = engine.find(url, {"1": case.definition})
    assert [row[1:] for row in found] == expected(case.rows)


@pytest.mark.parametrize("name", CASES)
def test_so_does_the_fast_engine(tmp_path: Path, name: str) -> None:
    case = CASES[name]
    assert cohort(tmp_path, case.tables, case.definition) == expected(case.rows)
