"""When a check fails, passes, is not applicable or could not be counted: the dashboard's rules, one by one."""

from __future__ import annotations

import pytest

from quality.baseline.declared import Check
from quality.baseline.measure import Figure
from quality.baseline.status import exceeds
from tests.quality.baseline.databases import SOUND, figures, judged, result


@pytest.mark.parametrize(
    ("threshold", "violated", "rows", "failed"),
    [
        (0, 0, 10, False),  # nothing violates
        (0, 1, 1_000_000, True),  # a threshold of 0 tolerates no row
        (0, 1, 0, True),  # ... even among none
        (5, 5, 100, False),  # the threshold itself is tolerated
        (5, 51, 1000, True),
        (100, 10, 10, False),  # everything is tolerated
        (5, 0, 0, False),
    ],
)
def test_a_check_fails_when_more_percent_violate_than_are_tolerated(
    threshold: float, violated: int, rows: int, failed: bool
) -> None:
    check = Check("fkDomain", "measurement", "unit_concept_id", threshold=threshold)
    assert exceeds(check, Figure(violated, rows)) is failed


def test_a_missing_table_fails_once_and_is_not_applicable_elsewhere() -> None:
    found = judged("measurement", measurement=None)
    statuses = {one.check.type: one.status for one in found if one.check.table == "measurement"}
    assert statuses.pop("cdmTable") == "failed"
    assert set(statuses.values()) == {"not_applicable"}


def test_an_empty_table_still_lacks_people() -> None:
    head = SOUND["observation_period"].strip().splitlines()[0]
    found = judged("observation_period", observation_period=head)
    assert figures(found, "measurePersonCompleteness", "observation_period") == (2, 2, "failed")
    assert result(found, "isRequired", "observation_period", "person_id").reason == "observation_period is empty"
    assert figures(found, "measureValueCompleteness", "observation_period", "person_id")[2] == "not_applicable"


def test_an_empty_field_is_told_by_its_completeness_alone() -> None:
    text = SOUND["measurement"].replace("8554", "-   ")
    found = judged("measurement", measurement=text)
    assert figures(found, "measureValueCompleteness", "measurement", "unit_concept_id") == (2, 2, "passed")
    assert result(found, "isForeignKey", "measurement", "unit_concept_id").status == "not_applicable"


def test_what_needs_a_missing_table_could_not_be_counted() -> None:
    found = judged("measurement", death=None, concept=None)
    late = result(found, "plausibleBeforeDeath", "measurement", "measurement_date")
    assert (late.status, late.reason) == ("error", "death.person_id or death.death_date is missing")
    assert result(found, "fkDomain", "measurement", "measurement_concept_id").status == "error"
    # A 0 is unmapped whatever the vocabulary says.
    assert (
        result(found, "standardConceptRecordCompleteness", "measurement", "measurement_concept_id").status == "passed"
    )


def test_eras_are_not_asked_for_where_nobody_has_a_condition() -> None:
    found = judged("condition_era", condition_occurrence=None)
    assert figures(found, "measureConditionEraCompleteness", "condition_era")[2] == "not_applicable"
