"""A group of people who look alike and are all cases tells of each of them what they have."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdm.errors import BadInput, GateRefused
from deid.policy import HospitalPolicy, StudyPolicy, compose, programme
from deid.policy.file import parse
from tests.deid.extracts import PEOPLE, policy, run

OF_ONE_AGE = PEOPLE.replace("1972", "1951").replace("1974", "1950")
# Cases are men, controls are women: everybody's sex tells their role.
SPLIT = """
person_id | role    | index_date | set_id | weight
       11 | case    | 2018-03-01 |      1 | 1
       13 | control | 2018-03-05 |      1 | 1
       12 | case    | 2019-06-01 |      2 | 1
       14 | control | 2019-06-09 |      2 | 1
"""
DISTINCT = StudyPolicy.model_validate({"settings": {"role_privacy": {"model": "distinct-l", "l": 2}}})


def test_sex_is_not_told_where_it_would_tell_the_role(tmp_path: Path) -> None:
    _, loose = run(tmp_path / "loose", {"person": OF_ONE_AGE}, SPLIT)
    out, strict = run(tmp_path / "strict", {"person": OF_ONE_AGE}, SPLIT, policy(DISTINCT))
    assert (loose.people.roles.one_role, loose.people.roles.fewest) == (4, 1)
    assert (strict.people.roles.one_role, strict.people.roles.fewest) == (0, 2)
    assert set(out["person"]["gender_concept_id"].to_pylist()) == {0}


def test_what_cannot_be_reached_is_refused(tmp_path: Path) -> None:
    only_cases = SPLIT.replace("control", "case")
    with pytest.raises(GateRefused, match=r"k = 2 and distinct-l \(l = 2\) of cases and controls cannot be reached"):
        run(tmp_path, {"person": OF_ONE_AGE}, only_cases, policy(DISTINCT, suppression_limit=0.5))


def test_a_study_may_not_ask_for_less_than_its_hospital() -> None:
    hospital = parse("settings: {role_privacy: {model: t-equal, t: 0.2}}", HospitalPolicy, "hospital.yaml")
    tighter = parse("settings: {role_privacy: {model: t-equal, t: 0.1}}", StudyPolicy, "study.yaml")
    assert compose(programme(), hospital, tighter).settings.role_privacy.t == 0.1
    for other in ("{model: t-equal, t: 0.3}", "{model: none}", "{model: distinct-l, l: 2}"):
        with pytest.raises(BadInput, match="may only tighten"):
            compose(programme(), hospital, parse(f"settings: {{role_privacy: {other}}}", StudyPolicy, "study.yaml"))


@pytest.mark.parametrize("given", ["{model: t-equal, l: 2}", "{model: distinct-l}", "{model: recursive-l, l: 2}"])
def test_a_model_takes_its_own_numbers(given: str) -> None:
    with pytest.raises(BadInput, match="takes"):
        parse(f"settings: {{role_privacy: {given}}}", StudyPolicy, "study.yaml")
