"""One small database; each type of check, what it counts there and what one mistake makes of it."""

from __future__ import annotations

import pytest

from quality.baseline.declared import TYPES
from quality.baseline.status import Result
from tests.quality.baseline.databases import SOUND, figures, judged


def _with(table: str, old: str, new: str) -> dict[str, str]:
    """The table with one cell changed; spaces do not matter."""
    assert old in SOUND[table]
    return {table: SOUND[table].replace(old, new, 1)}


# type, table, field, concept | what the sound database gives | the mistake | what it then gives
CASES = [
    ("cdmTable", "death", "", "", (0, 1, "passed"), {"death": None}, (1, 1, "failed")),
    ("cdmField", "death", "death_date", "", (0, 1, "passed"), {"death": None}, (1, 1, "not_applicable")),
    ("cdmField", "measurement", "provider_id", "", (1, 1, "failed"), {}, (1, 1, "failed")),
    ("isRequired", "visit_occurrence", "visit_end_date", "", (0, 1, "passed"),
     _with("visit_occurrence", "2020-03-05", "-"), (1, 1, "not_applicable")),
    ("isRequired", "condition_occurrence", "condition_start_date", "", (0, 3, "passed"),
     _with("condition_occurrence", "2020-05-01", "-"), (1, 3, "failed")),
    ("measureValueCompleteness", "condition_occurrence", "condition_end_date", "", (1, 3, "passed"),
     _with("condition_occurrence", "2020-03-04", "-"), (2, 3, "passed")),
    ("isPrimaryKey", "condition_occurrence", "condition_occurrence_id", "", (0, 3, "passed"),
     _with("condition_occurrence", "101  ", "100  "), (2, 3, "failed")),
    ("isForeignKey", "condition_occurrence", "visit_occurrence_id", "", (0, 3, "passed"),
     _with("condition_occurrence", "| 10     ", "| 11     "), (1, 3, "failed")),
    ("isForeignKey", "condition_occurrence", "condition_concept_id", "", (0, 3, "passed"),
     _with("condition_occurrence", "201826", "9999999"), (1, 3, "failed")),
    ("fkDomain", "condition_occurrence", "condition_concept_id", "", (0, 3, "passed"),
     _with("condition_occurrence", "201826", "3004410"), (1, 3, "failed")),
    ("isStandardValidConcept", "condition_occurrence", "condition_concept_id", "", (0, 3, "passed"),
     _with("condition_occurrence", "201826", "44"), (1, 3, "failed")),
    ("standardConceptRecordCompleteness", "condition_occurrence", "condition_concept_id", "", (0, 3, "passed"),
     _with("condition_occurrence", "201826", "0"), (1, 3, "failed")),
    # An optional concept that is empty beside a source value is unmapped too.
    ("standardConceptRecordCompleteness", "measurement", "unit_concept_id", "", (0, 2, "passed"),
     _with("measurement", "8554", "-"), (1, 2, "failed")),
    ("sourceValueCompleteness", "condition_occurrence", "condition_source_value", "", (0, 2, "passed"),
     _with("condition_occurrence", "4127886", "0"), (1, 2, "failed")),
    ("plausibleValueLow", "person", "month_of_birth", "", (0, 1, "passed"), _with("person", "| 5 ", "| 0 "),
     (1, 1, "failed")),
    ("plausibleValueHigh", "measurement", "measurement_date", "", (0, 2, "passed"),
     _with("measurement", "2020-05-02", "2024-06-03"), (1, 2, "failed")),
    # The day after the run's day is still allowed.
    ("plausibleValueHigh", "measurement", "measurement_date", "", (0, 2, "passed"),
     _with("measurement", "2020-05-02", "2024-06-02"), (0, 2, "passed")),
    ("plausibleStartBeforeEnd", "condition_occurrence", "condition_start_date", "", (0, 2, "passed"),
     _with("condition_occurrence", "2020-03-04", "2020-02-28"), (1, 2, "failed")),
    # The older check counts rows without an end as well.
    ("plausibleTemporalAfter", "condition_occurrence", "condition_end_date", "", (0, 3, "passed"),
     _with("condition_occurrence", "2020-03-04", "2020-02-28"), (1, 3, "failed")),
    ("plausibleAfterBirth", "measurement", "measurement_date", "", (0, 2, "passed"),
     _with("measurement", "2020-03-02", "1960-05-19"), (1, 2, "failed")),
    # Only the year is known: born on the first of January, or (the older check) in June.
    ("plausibleAfterBirth", "measurement", "measurement_date", "", (0, 2, "passed"),
     _with("measurement", "2020-05-02", "1970-01-01"), (0, 2, "passed")),
    ("plausibleTemporalAfter", "measurement", "measurement_date", "", (0, 2, "passed"),
     _with("measurement", "2020-05-02", "1970-01-01"), (1, 2, "failed")),
    # Sixty days after death are allowed; only the dead count.
    ("plausibleBeforeDeath", "measurement", "measurement_date", "", (0, 1, "passed"),
     _with("measurement", "2020-05-02", "2020-07-31"), (0, 1, "passed")),
    ("plausibleBeforeDeath", "measurement", "measurement_date", "", (0, 1, "passed"),
     _with("measurement", "2020-05-02", "2020-08-01"), (1, 1, "failed")),
    ("plausibleDuringLife", "condition_occurrence", "condition_start_date", "", (0, 1, "passed"),
     _with("condition_occurrence", "2020-05-01", "2021-05-01"), (1, 1, "failed")),
    ("withinVisitDates", "condition_occurrence", "condition_start_date", "", (0, 2, "passed"),
     _with("condition_occurrence", "2020-03-01", "2020-02-22"), (1, 2, "failed")),
    ("measurePersonCompleteness", "observation_period", "", "", (0, 2, "passed"),
     _with("observation_period", "| 2         | 2020-01-01", "| 1         | 2022-01-01"), (1, 2, "failed")),
    ("measureConditionEraCompleteness", "condition_era", "", "", (0, 2, "passed"),
     _with("condition_era", "| 2         | 4127886", "| 1         | 4127886"), (1, 2, "failed")),
    # A day without observation lies between the two periods of person 1; without it they are one.
    ("measureObservationPeriodOverlap", "observation_period", "", "", (0, 2, "passed"),
     _with("observation_period", "2020-01-02", "2020-01-01"), (1, 2, "failed")),
    ("plausibleGenderUseDescendants", "condition_occurrence", "condition_concept_id",
     "4095793, 443343, 4024004, 4172857, 444094, 197810, 4158481", (0, 1, "passed"),
     _with("person", "8532", "8507"), (1, 1, "failed")),
    ("plausibleGender", "condition_occurrence", "condition_concept_id", "192367", (0, 0, "not_applicable"),
     _with("condition_occurrence", "201826", "192367"), (1, 1, "failed")),
    ("plausibleUnitConceptIds", "measurement", "measurement_concept_id", "3004410", (0, 2, "passed"),
     _with("measurement", "8554", "8840"), (1, 2, "failed")),
    # A row without a unit is not in a wrong one.
    ("plausibleUnitConceptIds", "measurement", "measurement_concept_id", "3004410", (0, 2, "passed"),
     _with("measurement", "8554", "-"), (0, 2, "passed")),
    # A unit that is not mapped is told by standardConceptRecordCompleteness.
    ("plausibleUnitConceptIds", "measurement", "measurement_concept_id", "3004410", (0, 2, "passed"),
     _with("measurement", "8554", "0"), (0, 1, "passed")),
]  # fmt: skip


@pytest.fixture(scope="module")
def sound() -> tuple[Result, ...]:
    return tuple(one for table in SOUND for one in judged(table) if one.check.table == table)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def test_a_mistake_changes_the_figures_of_its_check(sound: tuple[Result, ...], case: tuple) -> None:
    type_, table, field, concept, before, mistake, after = case
    assert figures(sound, type_, table, field, concept) == before
    assert figures(judged(table, **mistake) if mistake else sound, type_, table, field, concept) == after


def test_every_type_of_check_has_a_golden_case_or_is_proven_elsewhere() -> None:
    elsewhere = {
        "cdmDatatype",
        "fkClass",
        "sourceConceptRecordCompleteness",
    }  # test_types.py, test_against_reference.py
    assert {case[0] for case in CASES} | elsewhere == {name for name, kind in TYPES.items() if not kind.own}
