"""Distances between the extracted and the released: what they tell, and what they leave to other checks."""

from __future__ import annotations

from pathlib import Path

import pytest

from quality.gate import judge_release
from tests.quality.runs import Run, clean

TABLE, CODE = "deid.measurement", "measurement_concept_id"


def distances(run: Run, folder: Path) -> dict[str, float]:
    """Check -> the distance of the measurements' main concept, or of their values."""
    named = {"fidelity.concepts": CODE, "fidelity.numbers": "value_as_number"}
    found = judge_release(run.write(folder)).findings
    return {f.check: f.measured for f in found if f.place == f"measurement.{named.get(f.check)}"}


def released(*replaced: str) -> Run:
    """A run in which codes are generalised, with some columns of the released measurements changed."""
    changed = f"SELECT * REPLACE ({', '.join(replaced)}) FROM it"
    return clean().put(TABLE, changed).record("measurement", CODE, "generalise")


def test_a_rare_code_that_became_0_says_nothing_of_its_numbers(tmp_path: Path) -> None:
    """Of 3000 and 3001 the first, a hundred rows with a value, is gone from the release; its values stand at 0."""
    found = distances(released(f"CASE WHEN {CODE} = 3000 THEN 0 ELSE {CODE} END AS {CODE}"), tmp_path)
    assert found["fidelity.concepts"] > 0.5
    assert found["fidelity.numbers"] == 0


@pytest.mark.parametrize("value", ["value_as_number / 2", "NULL"])
def test_a_code_that_is_still_there_must_have_its_numbers(tmp_path: Path, value: str) -> None:
    rare = f"CASE WHEN {CODE} = 3001 THEN 0 ELSE {CODE} END AS {CODE}"
    found = distances(released(rare, f"({value})::DOUBLE AS value_as_number"), tmp_path)
    assert found["fidelity.numbers"] == 1
