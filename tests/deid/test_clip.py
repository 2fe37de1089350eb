"""Values beyond the declared bounds of their concept and unit leave as the bound."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from cdm.errors import BadInput
from deid.policy import HospitalPolicy, StudyPolicy, compose, programme
from deid.policy.file import parse
from tests.deid.extracts import PEOPLE, policy, run

MEASUREMENTS = """
measurement_id | person_id | measurement_concept_id | measurement_date | value_as_number | unit_concept_id
             1 |        11 |                3025315 | 2018-02-02       |           250.0 |            9529
             2 |        12 |                3025315 | 2018-01-04       |            70.5 |            9529
             3 |        13 |                3025315 | 2019-01-04       |            12.0 |            9529
             4 |        14 |                3025315 | 2019-01-04       |           250.0 |            8739
             5 |        14 |                3036277 | 2019-01-04       |           250.0 |            8582
             6 |        14 |                3025315 | 2019-01-05       |               - |            9529
             7 |        14 |                3025315 | 2019-01-05       |           250.0 |               -
"""
CONTENT = {"person": PEOPLE, "measurement": MEASUREMENTS}


def asked(*bounds: str) -> StudyPolicy:
    listed = ", ".join(f"{{column: measurement.value_as_number, concept: 3025315, {one}}}" for one in bounds)
    return parse(f"bounds: [{listed}]", StudyPolicy, "study.yaml")


def values(out: dict[str, pa.Table]) -> list[float | None]:
    rows = out["measurement"].select(["measurement_concept_id", "unit_concept_id", "value_as_number"]).to_pylist()
    return [row["value_as_number"] for row in sorted(rows, key=str)]


def test_a_value_is_clipped_to_the_bounds_of_its_concept_and_unit(tmp_path: Path) -> None:
    before, _ = run(tmp_path / "before", CONTENT)
    after, report = run(tmp_path / "after", CONTENT, given=policy(asked("unit: 9529, low: 30, high: 150")))
    assert sorted(map(str, values(before))) == sorted(["250.0", "70.5", "12.0", "250.0", "250.0", "None", "250.0"])
    assert sorted(map(str, values(after))) == sorted(["150.0", "70.5", "30.0", "250.0", "250.0", "None", "250.0"])
    assert [one.to_json() for one in report.clipped] == [
        {"table": "measurement", "column": "value_as_number", "values": 2}
    ]


def test_without_a_unit_the_bounds_hold_whatever_the_unit(tmp_path: Path) -> None:
    after, report = run(tmp_path, CONTENT, given=policy(asked("high: 150")))
    assert sorted(map(str, values(after))) == sorted(["150.0", "70.5", "12.0", "150.0", "250.0", "None", "150.0"])
    assert report.clipped[0].values == 3


def test_a_study_may_narrow_the_bounds_of_its_hospital_and_not_widen_them() -> None:
    text = "bounds: [{column: measurement.value_as_number, concept: 3025315, low: 30, high: 150}]"
    hospital = parse(text, HospitalPolicy, "hospital.yaml")
    narrow = compose(programme(), hospital, asked("low: 40, high: 120"))
    assert [(one.low, one.high) for one in narrow.bounds] == [(40, 120)]
    for wide in ("low: 20, high: 150", "low: 30"):
        with pytest.raises(BadInput, match="may only tighten"):
            compose(programme(), hospital, asked(wide))


@pytest.mark.parametrize(
    ("bounds", "said"),
    [
        ("{column: measurement.value_as_number, concept: 1}", "give low, high or both"),
        ("{column: measurement.value_as_number, concept: 1, low: 2, high: 1}", "low 2 is above high 1"),
        ("{column: measurement.measurement_date, concept: 1, low: 2}", "only a number that is kept"),
        ("{column: person.value, concept: 1, low: 2}", "only a number that is kept"),
    ],
)
def test_bounds_that_mean_nothing_are_refused(bounds: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        compose(programme(), None, parse(f"bounds: [{bounds}]", StudyPolicy, "study.yaml"))
