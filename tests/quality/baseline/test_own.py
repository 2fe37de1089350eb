"""What the dashboard does not ask: values by unit, units mixed up, times of day, months without rows."""

from __future__ import annotations

import pytest

from cdm.engine import connect
from quality.baseline.declared import everything
from quality.baseline.declared.limits import limits
from quality.baseline.measure import Database, measure
from quality.baseline.status import Result, judge
from tests.quality.baseline.databases import SOUND, TODAY, Given, figures

HEAD = (
    "measurement_id | person_id | measurement_concept_id | measurement_date | measurement_datetime | "
    "measurement_type_concept_id | value_as_number | unit_concept_id"
)


def _measured(*rows: tuple[int, float, int]) -> tuple[Result, ...]:
    """Measurements (concept, value, unit) on one day each."""
    lines = [
        f"{i} | 1 | {concept} | 2020-01-01 | 2020-01-01 0{i % 2}:00:00 | 32817 | {value} | {unit}"
        for i, (concept, value, unit) in enumerate(rows)
    ]
    return _judged("measurement", "\n".join([HEAD, *lines]))


def _judged(table: str, text: str) -> tuple[Result, ...]:
    checks = [check for check in everything("5.4") if check.table == table]
    with connect() as con:
        found = measure(Database(con, Given({**SOUND, table: text}), TODAY), checks)
    return judge({check: found[check] for check in checks})


# Glucose, haemoglobin, creatinine, temperature; mg/dL, g/dL, degrees Celsius.
@pytest.mark.parametrize(
    ("concept", "unit", "value", "beyond", "mixed"),
    [
        (3004501, 8840, 95, False, False),
        (3004501, 8840, 5.6, False, True),  # mmol/L
        (3004501, 8840, 25, False, False),  # a real and dangerous hypoglycaemia
        (3004501, 8840, 1200, False, False),  # a real hyperglycaemia
        (3000963, 8713, 140, True, True),  # g/L
        (3000963, 8713, 5.1, False, False),
        (3016723, 8840, 80, True, True),  # umol/L
        (3016723, 8840, 11, False, False),  # dialysis
        (3020891, 586323, 98.6, True, True),  # degrees Fahrenheit
        (3020891, 586323, 41.5, False, False),
        (3036277, 8582, 1.7, True, True),  # metres
        (3036277, 8582, 999, True, False),  # a placeholder
    ],
)
def test_a_result_beyond_life_is_told_from_one_in_another_unit(
    concept: int, unit: int, value: float, beyond: bool, mixed: bool
) -> None:
    found = _measured((concept, value, unit))
    place = ("measurement", "measurement_concept_id", f"{concept} in {unit}")
    assert figures(found, "valueWithinLimits", *place)[:2] == (int(beyond), 1)
    assert figures(found, "unitMixUp", *place)[:2] == (int(mixed), 1)


def test_every_usual_value_lies_within_the_limits_of_every_unit() -> None:
    for one in limits():
        assert one.least < one.usual / one.times + one.offset < one.greatest


def test_midnights_are_counted_among_times() -> None:
    found = _measured((3004501, 95, 8840), (3004501, 95, 8840), (3004501, 95, 8840))
    assert figures(found, "timeOfDay", "measurement", "measurement_datetime") == (2, 3, "passed")


def test_a_month_with_hardly_a_row_is_a_hole_and_the_months_around_the_record_are_not() -> None:
    days = [f"{year}-{month:02}-{day:02}" for year in (2019, 2020) for month in range(1, 13) for day in range(1, 21)]
    kept = [day for day in days if not day.startswith("2019-06") or day == "2019-06-01"] + ["1960-01-01"]
    head = (
        "visit_occurrence_id | person_id | visit_concept_id | visit_start_date | visit_end_date | visit_type_concept_id"
    )
    lines = [f"{i} | {i} | 9201 | {day} | {day} | 32817" for i, day in enumerate(kept)]
    found = _judged("visit_occurrence", "\n".join([head, *lines]))
    assert figures(found, "monthsWithoutRows", "visit_occurrence", "visit_start_date") == (1, 24, "failed")


def test_a_month_in_which_one_long_stay_fills_another_is_no_measure_of_the_rest() -> None:
    days = [f"2020-{month:02}-{1 + i % 28:02}" for month in range(1, 13) for i in range(300 if month % 2 else 5)]
    head = (
        "visit_occurrence_id | person_id | visit_concept_id | visit_start_date | visit_end_date | visit_type_concept_id"
    )
    lines = [f"{i} | {i % 5} | 9201 | {day} | {day} | 32817" for i, day in enumerate(days)]
    found = _judged("visit_occurrence", "\n".join([head, *lines]))
    assert figures(found, "monthsWithoutRows", "visit_occurrence", "visit_start_date")[0] == 0


def test_a_slow_beginning_is_no_hole() -> None:
    months = [f"{year}-{month:02}" for year in (2018, 2019, 2020) for month in range(1, 13)]
    days = [f"{month}-{1 + i % 28:02}" for n, month in enumerate(months) for i in range(min(2 * n, 40))]
    head = (
        "visit_occurrence_id | person_id | visit_concept_id | visit_start_date | visit_end_date | visit_type_concept_id"
    )
    lines = [f"{i} | {i} | 9201 | {day} | {day} | 32817" for i, day in enumerate(days)]
    found = _judged("visit_occurrence", "\n".join([head, *lines]))
    assert figures(found, "monthsWithoutRows", "visit_occurrence", "visit_start_date")[0] == 0


def test_a_date_beside_a_time_of_another_day_is_told() -> None:
    text = SOUND["visit_occurrence"].replace("visit_type_concept_id", "visit_type_concept_id | visit_start_datetime")
    for time, wrong in (("2020-03-01 23:59:00", 0), ("2020-02-29 15:00:00", 1)):
        found = _judged("visit_occurrence", text.replace("32817", f"32817 | {time}"))
        assert figures(found, "dateOfTime", "visit_occurrence", "visit_start_datetime")[:2] == (wrong, 1)


def test_a_row_in_another_person_s_visit_is_told() -> None:
    assert figures(_judged("condition_occurrence", SOUND["condition_occurrence"]), "visitOfAnother",
                   "condition_occurrence", "visit_occurrence_id") == (0, 2, "passed")  # fmt: skip
    other = SOUND["condition_occurrence"].replace("101                     | 1", "101                     | 2")
    assert figures(_judged("condition_occurrence", other), "visitOfAnother",
                   "condition_occurrence", "visit_occurrence_id") == (1, 2, "failed")  # fmt: skip
