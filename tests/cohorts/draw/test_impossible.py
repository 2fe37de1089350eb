"""A design that cannot be: one sentence that says what, and what to do."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from cdm.errors import BadInput
from cohorts.draw.spec import DrawSpec
from tests.cohorts.draw.test_draw import COHORT, run

LAB = {"name": "egfr", "table": "measurement", "value": "latest", "concepts": [3000]}
SEEN = {"name": "seen", "table": "visit_occurrence"}


def covariate(**given):
    return {"covariates": [{"name": "a", "table": "condition_occurrence"} | given]}


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"pool": "case"}, "`pool` is the cohort of the cases itself"),
        ({"controls": 15}, r"controls \(15\) must be a whole multiple of cases \(10\), 1:k: for example 20"),
        ({"match": ["sex", "sex"]}, "`match` names a factor twice"),
        ({"match": ["colour"]}, "`match` names 'colour': known are sex, birth_year"),
        ({"match": ["egfr"], "covariates": [LAB]}, "'egfr' is a measured number, hardly ever equal: give a caliper"),
        ({"covariates": [SEEN, SEEN]}, "`covariates` name one twice"),
        ({"calipers": [{"on": "birth", "within": 1}] * 2}, "`calipers` name one scale twice"),
        ({"calipers": [{"on": "height", "within": 1}]}, "a caliper is on 'height': known are"),
        (
            {"calipers": [{"on": "seen", "within": 1}], "covariates": [SEEN]},
            "a caliper needs a number, and 'seen' is none",
        ),
        (
            {"calipers": [{"on": "region", "within": 1}]},
            "a caliper needs a date or a number, and 'region' is a category",
        ),
        ({"calipers": [{"on": "birth", "within": 0.5}]}, "is a whole number of years"),
        ({"calipers": [{"on": "egfr", "within": 1, "unit": "days"}], "covariates": [LAB]}, "leave `unit` out"),
        (covariate(name="sex"), "Naru knows something by this name already"),
        (covariate(table="concept"), "'concept' is no CDM table of dated rows of people"),
        (covariate(table="person"), "of person, one `column` can be looked at"),
        (covariate(column="stop_reason"), "`column` goes with value: latest"),
        (covariate(value="latest"), "condition_occurrence has no column value_as_number"),
        (covariate(value="latest", column="weight"), "condition_occurrence has no column weight"),
        (covariate(value="latest", column="stop_reason"), "stop_reason is a text column; a covariate needs a number"),
        ({"design": "risk_set", "covariates": [SEEN], "match": ["seen"]}, "`seen` depends on the index date"),
        (
            {"index_date": "case", "calipers": [{"on": "index_date", "within": 1}]},
            "`index_date` depends on the index date",
        ),
    ],
)
def test_a_specification_that_contradicts_itself_is_refused(spec, said):
    with pytest.raises(ValidationError, match=said):
        DrawSpec(**({"cases": 10, "controls": 10} | spec))


def test_no_common_stratum_is_told_with_what_was_matched_on(tmp_path):
    with pytest.raises(BadInput, match="pairs nobody: no case and control agree on sex, region; match on less"):
        run(tmp_path, COHORT.replace("control |          2", "control |          5"), match=("sex", "region"))


def test_more_controls_than_exist_are_told_and_refused_where_the_study_says_so(tmp_path):
    report, rows = run(tmp_path, controls=50)
    assert (report.drawn.controls, len(rows)) == (2, 3)
    assert "Fewer eligible controls exist than are wanted." in report.notes
    assert "Some cases have fewer than 5 controls." in report.notes
    (tmp_path / "again").mkdir()
    with pytest.raises(BadInput, match="was refused, as `shortfall: refuse` asks: .*Fewer eligible controls exist"):
        run(tmp_path / "again", controls=50, shortfall="refuse")


def test_a_pool_that_the_cohort_file_does_not_hold_is_told_with_those_it_holds(tmp_path):
    with pytest.raises(
        BadInput, match=r"from the cohort 'users', which the cohort file does not hold \(it holds: case, control\)"
    ):
        run(tmp_path, pool="users")


def test_a_pool_of_another_name_is_drawn_from(tmp_path):
    _, rows = run(tmp_path, COHORT.replace("control |          2", "users   |          2"), pool="users")
    assert [r["person_id"] for r in rows if r["role"] == "control"] == [2]


def test_care_setting_and_a_covariate_of_visits_can_be_matched_together(tmp_path):
    _, rows = run(tmp_path, match=("sex", "care_setting", "seen"), covariates=[SEEN | {"days": 30}], controls=20)
    assert [r["person_id"] for r in rows if r["role"] == "control"] == [3]
