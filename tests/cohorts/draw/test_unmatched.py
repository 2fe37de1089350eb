"""Why a case found no control."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohorts.draw import draw
from cohorts.draw.candidates import Points, boxes
from cohorts.draw.order import keyed_order
from cohorts.draw.spec import DrawSpec
from cohorts.draw.unmatched import REASONS, reasons
from cohorts.draw.weights import at_risk
from tests.cohorts.draw.hospital import cohort, hospital

FEW = settings(max_examples=60, deadline=None, derandomize=True)

PEOPLE = """
person_id | gender_concept_id | year_of_birth
        1 |              8507 |          1950
        2 |              8507 |          1951
        3 |              8532 |          1960
        4 |              8507 |          1975
        5 |              8507 |          1952
"""
OBSERVED = """
observation_period_id | person_id | observation_period_start_date | observation_period_end_date
                    1 |         1 |                    2010-01-01 |                  2020-12-31
                    2 |         2 |                    2010-01-01 |                  2020-12-31
                    3 |         3 |                    2010-01-01 |                  2020-12-31
                    4 |         4 |                    2010-01-01 |                  2020-12-31
                    5 |         5 |                    2010-01-01 |                  2016-12-31
"""
COHORT = """
role    | subject_id | cohort_start_date | cohort_end_date
case    |          1 |        2015-01-05 |      2020-12-31
case    |          2 |        2015-01-05 |      2020-12-31
case    |          3 |        2015-01-05 |      2020-12-31
case    |          4 |        2015-01-05 |      2020-12-31
control |          5 |        2015-01-01 |      2016-12-31
"""


def why(folder, text=COHORT, **spec):
    asked = DrawSpec(**({"cases": 10, "controls": 10, "match": ("sex",), "index_date": "case"} | spec))
    with hospital(folder, {"person": PEOPLE, "observation_period": OBSERVED}) as source:
        report = draw(source, cohort(folder, text), asked, folder / "draw.parquet")
    return {s.levels["sex"]: s.why for s in report.unmatched}


def test_each_unmatched_case_has_the_reason_that_kept_it_from_a_control(tmp_path):
    near_in_age = why(tmp_path, calipers=[{"on": "birth", "within": 5}])
    assert near_in_age == {"8507": {"outside_caliper": 1, "all_taken": 1}, "8532": {"no_control_in_stratum": 1}}


def test_a_control_who_has_left_by_then_is_not_at_risk(tmp_path):
    late = COHORT.replace("4 |        2015-01-05", "4 |        2018-01-05")
    assert why(tmp_path, late)["8507"] == {"all_taken": 1, "none_at_risk": 1}


def problem(seed, cases, spells, strata, dims):
    rng = np.random.default_rng(seed)
    points = Points(rng.integers(0, strata + 1, cases), rng.integers(0, 12, (cases, dims)))
    low = rng.integers(-2, 12, (spells, dims))
    high = low + rng.integers(0, 6, (spells, dims))
    some, _ = boxes(
        rng.integers(0, strata, spells).astype(np.int32),
        low.astype(np.int32),
        high.astype(np.int32),
        keyed_order(np.arange(spells), seed, 1),
    )
    return points, some


def told_by_hand(points, some, case, dated):
    """The same by looking at every box."""
    mine = some.stratum == points.stratum[case]
    inside = (some.lo <= points.at[case]) & (points.at[case] <= some.hi)
    if not mine.any():
        return "no_control_in_stratum"
    if (mine & inside.all(axis=1)).any():
        return "all_taken"
    if dated and (mine & inside[:, :-1].all(axis=1)).any():
        return "none_at_risk"
    return "outside_caliper"


@FEW
@given(
    st.integers(0, 9999), st.integers(1, 20), st.integers(0, 300), st.integers(1, 3), st.integers(0, 3), st.booleans()
)
def test_reasons_are_those_that_a_look_at_every_box_gives(seed, cases, spells, strata, dims, dated):
    dated = dated and dims > 0
    points, some = problem(seed, cases, spells, strata, dims)
    got = [REASONS[r] for r in reasons(points, some, np.arange(cases), dated)]
    assert got == [told_by_hand(points, some, case, dated) for case in range(cases)]


def test_people_at_risk_are_counted_within_calipers_of_unequal_width():
    """A caliper on a covariate reaches over as many of the cases' values as lie within it: more here, fewer there."""
    rng = np.random.default_rng(5)
    low = np.stack([rng.integers(0, 50, 400), rng.integers(0, 50, 400)], 1)
    high = low + np.stack([rng.integers(0, 30, 400), rng.integers(5, 30, 400)], 1)
    some, _ = boxes(np.zeros(400, np.int32), low, high, keyed_order(np.arange(400), 1, 2))
    points = Points(np.zeros(30, np.int64), rng.integers(15, 50, (30, 2)))
    exact = [((some.lo <= at) & (at <= some.hi)).all(axis=1).sum() for at in points.at]
    assert at_risk(points, some, np.arange(30)) == pytest.approx(exact)
