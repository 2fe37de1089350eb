"""The baseline in Great Expectations: its verdicts are ours, its pages speak both languages and hold no row."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from quality.baseline.status import Result
from tests.quality.baseline.databases import SOUND, judged

pytestmark = pytest.mark.xdist_group("great_expectations")
Validate = Callable[[Sequence[Result], Path], None]
WRONG = SOUND["measurement"].replace("8554", "8840", 1).replace("2020-05-02", "2030-01-01")


@pytest.fixture(scope="module")
def validate() -> Validate:
    # The import takes four seconds, which only the worker of these tests has to spend.
    from quality.baseline.expectations import validate

    return validate


@pytest.fixture(scope="module")
def results() -> tuple[Result, ...]:
    return tuple(one for one in judged("measurement", measurement=WRONG) if one.check.table == "measurement")


def test_the_checkpoint_judges_each_rule_of_a_table_by_its_worst_place(
    tmp_path: Path, results: tuple[Result, ...], validate: Validate
) -> None:
    validate(results, tmp_path / "gx")
    runs = [json.loads(path.read_text()) for path in (tmp_path / "gx" / "uncommitted").rglob("*.json")]
    found = {one["expectation_config"]["kwargs"]["key"]: one for run in runs for one in run["results"]}
    failed = {f"measurement/{one.check.type}" for one in results if one.failed}
    assert {key for key, one in found.items() if not one["success"]} == failed
    units = found["measurement/plausibleUnitConceptIds"]
    assert units["expectation_config"]["severity"] == "info"
    assert units["expectation_config"]["meta"]["where"] == ["measurement.measurement_concept_id 3004410"]
    assert units["result"]["details"] == {"measured": 1, "denominator": 2}
    page = "".join(path.read_text() for path in (tmp_path / "gx" / "data_docs" / "validations").rglob("*.html"))
    assert "해당 검사에 쓰지 않는 단위로 적힌 행" in page
    assert "Rows in a unit that this measurement does not come in" in page
    assert "2030-01-01" not in page


def test_verdicts_that_part_are_a_fault(tmp_path: Path, results: tuple[Result, ...], validate: Validate) -> None:
    lying = [replace(one, status="passed") if one.failed else one for one in results]
    with pytest.raises(RuntimeError, match="disagree"):
        validate(lying, tmp_path / "gx")
