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
    assert told["expected"] == {"cases": {"count": 100}, "controls": {"count": 100}, "upper_bound": False}
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


SEXES = ("8507", "8532")
BANDS = ("1940-1949", "1950-1959")
GRID = tuple({"sex": sex, "birth_year": band} for sex in SEXES for band in BANDS)
BOTH = DrawSpec(cases=1000, controls=1000, match=("sex", "birth_year"), birth_year_band=10)


def grid(cases, controls, outside=0):
    """A pool with so many people in each of the four strata, and controls in none."""
    strata = [n for n, count in enumerate(controls) for _ in range(count)] + [-1] * outside
    return Pool(side([n for n, count in enumerate(cases) for _ in range(count)]), side(strata, 10_000), GRID)


def test_strata_of_several_factors_are_told_and_those_of_a_few_cases_together():
    got = assess(grid([40, 30, 20, 4], [90, 80, 70, 60]), {}, BOTH, 10)
    assert [x.levels for x in got.strata] == [GRID[0], GRID[1], GRID[2], {}]
    assert [x.controls.value for x in got.strata] == [90, 80, 70, 60]
    assert [x.cases.value for x in got.strata] == [None] * 4, (
        "with the levels' totals any one of them would tell the four"
    )
    many = assess(grid([40, 30, 20, 14], [90, 80, 70, 60]), {}, BOTH, 10)
    assert many.to_json()["strata"][0] == {"levels": GRID[0], "cases": {"count": 40}, "controls": {"count": 90}}


def test_controls_outside_all_strata_are_the_same_people_beside_every_factor():
    got = assess(grid([40, 30, 20, 30], [90, 80, 70, 60], outside=50), {}, BOTH, 10)
    assert {x.controls.value for x in got.levels if x.level == "other"} == {50}


def test_rounded_counts_are_multiples_and_leave_open_what_rounding_hides():
    pool = grid([252, 252, 252, 243], [400, 400, 400, 400])
    got = assess(pool, {}, BOTH, 10, round_to=5)
    shown = [x.value for x in (*got.eligible.values(), got.sets, got.pairs) if x.value is not None]
    assert shown
    assert all(n % 5 == 0 for n in shown)
    assert got.enough() is None, "999 are told as 1,000"
    assert any("multiples of 5" in note for note in got.notes("en"))


def test_a_rounded_answer_leaves_room_for_the_exact_one_after_it():
    """What was told as a multiple of ten is known as a range only; as if it were exact, nothing could be told any more."""
    pool = grid([240, 130, 120, 4], [90, 80, 70, 60])
    rounded = assess(pool, {}, BOTH, 10, round_to=10)
    after = assess(pool, {}, BOTH, 10, {}, [rounded.answered])
    assert 124 in {x.cases.value for x in after.levels}
    assert after.strata[-1].cases.value is None
    assert Answered.from_json(json.loads(json.dumps(rounded.answered.to_json()))) == rounded.answered


def test_the_expected_draw_of_a_propensity_design_is_called_the_most():
    spec = DrawSpec(cases=100, controls=100, design="propensity", match=("sex", "birth_year"), birth_year_band=10)
    got = assess(grid([40, 30, 20, 30], [90, 80, 70, 60]), {}, spec, 10)
    assert got.to_json()["expected"] == {"cases": {"count": 100}, "controls": {"count": 100}, "upper_bound": True}
    assert got.enough() is None
    assert "예상 추출(최대)" in {row["section"] for row in got.rows("ko")}
    short = assess(grid([4, 30, 20, 30], [90, 80, 70, 60]), {}, spec, 10)
    assert short.enough() in (False, None)


def test_the_answer_says_what_is_withheld_and_why_and_not_the_number(tmp_path):
    got = assess(grid([40, 30, 20, 4], [90, 80, 70, 60]), {}, BOTH, 10)
    assert {"en": "Strata · Cases: all other strata", "ko": "층 · 환자군: 그 밖의 층"} in got.withheld
    assert got.notes("en")[0] == f"{len(got.withheld)} of {len(got.rows())} numbers are withheld."
    assert "10 미만" in " ".join(got.notes("ko"))


def told_about(first, last, earlier=(), outside=0):
    """The answer to a question about the people from id `first` to before `last`, all men of one stratum."""
    pool = Pool(side([0] * (last - first), first), side([0] * 500, 10_000), ({"sex": "8507"},))
    return assess(pool, {}, MEN, 10, {}, [x.answered for x in earlier])


def shown_people(answer):
    """Every number of cases that an answer tells."""
    counts = (answer.eligible["case"], *(x.cases for x in answer.levels))
    return {c.value for c in counts if c.value}


def test_a_union_does_not_tell_the_few_who_are_in_both_parts():
    one, other = told_about(0, 200), told_about(195, 395)
    assert shown_people(one) == {200}
    both = told_about(0, 395, [one, other])
    assert shown_people(both) == set(), "200 + 200 - 395 would tell of five people"


def test_a_whole_does_not_tell_the_few_who_are_in_neither_part():
    one = told_about(0, 200)
    other = told_about(200, 405, [one])
    whole = told_about(0, 410, [one, other])
    assert shown_people(whole) == set(), "410 - 200 - 205 would tell of five people"


def test_the_third_answer_is_withheld_whichever_of_the_three_it_is():
    whole, one = told_about(0, 395), told_about(0, 200)
    other = told_about(195, 395, [whole, one])
    assert shown_people(other) == set()


def test_parts_that_share_many_are_told():
    one, other = told_about(0, 200), told_about(140, 395)
    assert shown_people(told_about(0, 395, [one, other])) == {395}


def test_other_people_who_happen_to_add_up_are_told():
    one, other = told_about(0, 200), told_about(5_000, 5_205)
    assert shown_people(told_about(0, 410, [one, other])) == {410}


def test_a_part_of_one_question_does_not_tell_beside_a_part_of_another():
    """Of 405 people 200 were told before; the men of the new question are the other 200 but for five."""
    before = told_about(0, 200)
    pool = Pool(side([0] * 200 + [1] * 205), side([0] * 300 + [1] * 300, 10_000), ({"sex": "8507"}, {"sex": "8532"}))
    got = assess(pool, {}, MEN, 10, {}, [before.answered])
    assert got.eligible["case"].value == 405
    assert {x.level: x.cases.value for x in got.levels if x.level != "other"} == {"8507": 200, "8532": 205}
