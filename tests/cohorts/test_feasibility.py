"""Could it be done here: counts that may be told before any approval."""

from __future__ import annotations

import json

import numpy as np
import pytest

from cohorts.attrition import Attrition, Step
from cohorts.disclosure import Answered
from cohorts.draw.pool import Pool, Side
from cohorts.draw.spec import DrawSpec
from cohorts.expression import parse
from cohorts.feasibility import assess, feasibility
from tests.cohorts.draw.hospital import random_hospital


def people_older(op, age):
    """A definition: everyone under observation who is (op) `age` at its start."""
    return parse(
        json.dumps(
            {
                "PrimaryCriteria": {
                    "CriteriaList": [{"ObservationPeriod": {"First": True}}],
                    "ObservationWindow": {"PriorDays": 0, "PostDays": 0},
                    "PrimaryCriteriaLimit": {"Type": "First"},
                },
                "ConceptSets": [],
                "QualifiedLimit": {"Type": "First"},
                "ExpressionLimit": {"Type": "First"},
                "InclusionRules": [
                    {
                        "name": "age",
                        "expression": {
                            "Type": "ALL",
                            "CriteriaList": [],
                            "DemographicCriteriaList": [{"Age": {"Value": age, "Op": op}}],
                            "Groups": [],
                        },
                    }
                ],
                "CensoringCriteria": [],
                "CollapseSettings": {"CollapseType": "ERA", "EraPad": 0},
                "CensorWindow": {},
            }
        ),
        "test",
    )


def ask(folder, people=3_000, age=75, **spec):
    source, _ = random_hospital(folder, people, 10)
    definitions = {"case": people_older("gte", age), "control": people_older("lt", age)}
    with source:
        return feasibility(
            source, definitions, DrawSpec(**({"cases": 100, "controls": 100, "match": ("sex",)} | spec)), 10
        )


@pytest.fixture(scope="module")
def answer(tmp_path_factory):
    return ask(tmp_path_factory.mktemp("feasibility"))


def test_it_tells_attrition_eligible_people_and_expected_sets(answer):
    told = answer.to_json()
    assert told["attrition"]["case"][0]["people"] == {"count": 3000}
    cases = told["attrition"]["case"][-1]["people"]["count"]
    assert cases + told["attrition"]["control"][-1]["people"]["count"] == 3000
    assert told["eligible"]["case"] == {"count": cases}
    assert told["expected"] == {"cases": {"count": 100}, "controls": {"count": 100}}
    assert told["enough"] is True
    json.dumps(told)


def test_levels_of_the_matching_factors_add_up(answer):
    sexes = [x for x in answer.levels if x.factor == "sex"]
    assert [x.level for x in sexes] == ["8507", "8532", "other"]
    assert sum(x.cases.value for x in sexes) == answer.eligible["case"].value


def test_rows_are_labelled_in_korean_and_english(answer):
    korean, english = answer.rows("ko"), answer.rows("en")
    assert korean[0] == {"section": "환자군", "label": "진입 사건 있음", "text": "3,000", "bar": 1.0}
    assert english[0]["label"] == "with a qualifying event"
    assert [r["text"] for r in korean] == [r["text"] for r in english]
    assert {"남", "여"} <= {r["label"] for r in korean}


def test_a_handful_of_cases_is_not_told_anywhere(tmp_path):
    answer = ask(tmp_path, people=400, age=86)
    told = json.dumps(answer.to_json())
    assert answer.eligible["case"].value is None
    assert answer.sets.value is None
    assert answer.enough() is None
    control = answer.attrition["control"][-1].people.value
    assert control is None or answer.attrition["control"][0].people.value is None, told


def side(strata, first=0):
    n = len(strata)
    none = np.empty((n, 0), np.int64)
    return Side(np.arange(first, first + n), np.array(strata, np.int64), np.zeros(n, np.int64), none, none)


def test_expected_matches_do_not_give_away_a_few_unmatched_cases():
    """100 eligible cases of whom 3 find no control: telling 100 and 97 would tell the 3."""
    pool = Pool(side([0] * 97 + [1] * 3), side([0] * 500, 1000), ({"sex": "8507"}, {"sex": "8532"}))
    attrition = {"case": Attrition("case", (Step("primary events", 400, 400), Step("cohort", 100, 100)))}
    got = assess(pool, attrition, DrawSpec(cases=1000, controls=1000, match=("sex",)), 10)
    shown = [x.value for x in (got.attrition["case"][-1].people, got.eligible["case"], got.sets, got.pairs)]
    assert shown[2] is None or shown[1] is None
    women = next(x for x in got.levels if x.level == "8532")
    assert women.cases.value is None


def test_no_case_at_all_is_an_answer_too():
    pool = Pool(side([]), side([-1] * 50), ())
    got = assess(pool, {}, DrawSpec(cases=10, controls=10), 10)
    assert (got.eligible["case"].value, got.sets.value, got.enough()) == (0, 0, False)


def test_the_default_threshold_counts_where_it_is_stricter(tmp_path):
    source, _ = random_hospital(tmp_path, 500, 10)
    definitions = {"case": people_older("gte", 70), "control": people_older("lt", 70)}
    with source:
        got = feasibility(source, definitions, DrawSpec(cases=10, controls=10, match=("sex",)), 3)
    assert got.threshold == 10


def ladder(people, extra=0):
    """A pool of `people` men in one stratum, person ids from 0; `extra` more at the end."""
    return Pool(side([0] * (people + extra)), side([0] * 500, 10_000), ({"sex": "8507"},))


def attrition_of(people):
    return {"case": Attrition("case", (Step("primary events", 900, 900), Step("cohort", people, people)))}


MEN = DrawSpec(cases=1000, controls=1000, match=("sex",))


def answer_about(pool, people, earlier=()):
    members = {"case": pool.cases.person}
    return assess(pool, attrition_of(people), MEN, 10, members, earlier)


def test_a_question_with_one_rule_changed_does_not_tell_the_few_that_the_rule_drops():
    first = answer_about(ladder(203), 203)
    assert first.attrition["case"][-1].people.value == 203
    second = answer_about(ladder(200), 200, [first.answered])
    shown = [
        second.attrition["case"][-1].people,
        second.eligible["case"],
        second.sets,
        *(x.cases for x in second.levels),
    ]
    assert all(c.value in (None, 0) for c in shown), "203 - 200 would tell of three people"


def test_the_same_question_is_answered_the_same_again():
    first = answer_about(ladder(203), 203)
    again = answer_about(ladder(203), 203, [first.answered, first.answered])
    assert again.to_json() == first.to_json()


def test_a_question_that_drops_many_is_answered():
    first = answer_about(ladder(203), 203)
    second = answer_about(ladder(150), 150, [first.answered])
    assert second.eligible["case"].value == 150


def test_other_people_who_happen_to_be_about_as_many_are_told():
    first = answer_about(ladder(203), 203)
    others = Pool(side([0] * 200, 5_000), side([0] * 500, 20_000), ({"sex": "8507"},))
    second = answer_about(others, 200, [first.answered])
    assert second.eligible["case"].value == 200


def test_the_ledger_survives_as_json_and_is_no_part_of_the_answer():
    first = answer_about(ladder(203), 203)
    stored = json.loads(json.dumps(first.answered.to_json()))
    assert Answered.from_json(stored) == first.answered
    assert "sketches" not in json.dumps(first.to_json())
    assert "sketches" not in repr(first)
