"""Small CDMs whose rows are written beside them, on every engine."""

from __future__ import annotations

import pytest

from tests.cohorts.conformance.engines import Engine, in_duckdb, reference, with_base
from tests.cohorts.conformance.small_cases import CASES
from tests.cohorts.small import expected


@pytest.mark.parametrize("name", CASES)
def test_every_engine_finds_the_rows(engine: Engine, name: str) -> None:
    case = CASES[name]
    url = engine.write(f"case{list(CASES).index(name)}", with_base(case.tables))
    found, _ = engine.find(url, {"1": case.definition})
    assert [row[1:] for row in found] == expected(case.rows)


@pytest.mark.parametrize("name", CASES)
def test_so_does_the_fast_engine(tmp_path: object, tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    case, folder = CASES[name], tmp_path_factory.mktemp("fast")
    url = in_duckdb(folder)("case", with_base(case.tables))
    found, _ = reference(folder, url, {"1": case.definition})
    assert [row[1:] for row in found] == expected(case.rows)
