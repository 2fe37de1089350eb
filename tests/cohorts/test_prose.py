"""A definition in words that a board's secretary can read."""

from __future__ import annotations

import json

import pytest

from cohorts.expression import parse
from cohorts.expression.criteria import Event
from cohorts.expression.groups import Criterion, DemographicCriteria
from cohorts.prose import explain
from cohorts.prose.words import ATTRIBUTES, KINDS
from tests.cohorts import small

ANY_TIME = {"Start": {"Coeff": -1}, "End": {"Coeff": 1}}


def concept(number, name):
    return {"CONCEPT_ID": number, "CONCEPT_NAME": name, "VOCABULARY_ID": "RxNorm", "CONCEPT_CODE": str(number)}


SETS = [
    {
        "id": 0,
        "name": "Celecoxib",
        "expression": {"items": [{"concept": concept(1118084, "celecoxib"), "includeDescendants": True}]},
    },
    {
        "id": 1,
        "name": "GI bleed",
        "expression": {"items": [{"concept": concept(192671, "Gastrointestinal haemorrhage")}]},
    },
]


def counted(kind, body, kind_of_count, count, window, **more):
    return {
        "Criteria": {kind: body},
        "StartWindow": window,
        "Occurrence": {"Type": kind_of_count, "Count": count},
        **more,
    }


def window(start, end):
    return {
        "Start": {"Days": abs(start), "Coeff": -1 if start < 0 else 1},
        "End": {"Days": abs(end), "Coeff": -1 if end < 0 else 1},
    }


def group(kind, *criteria_, groups=(), people=(), count=None):
    out = {
        "Type": kind,
        "CriteriaList": list(criteria_),
        "Groups": list(groups),
        "DemographicCriteriaList": list(people),
    }
    return out if count is None else {**out, "Count": count}


def definition(*rules, entry=None, **more):
    return parse(
        json.dumps(
            {
                "Title": "Celecoxib users",
                "ConceptSets": SETS,
                "PrimaryCriteria": {
                    "CriteriaList": [entry or {"DrugExposure": {"CodesetId": 0, "First": True}}],
                    "ObservationWindow": {"PriorDays": 365, "PostDays": 0},
                    "PrimaryCriteriaLimit": {"Type": "All"},
                },
                "QualifiedLimit": {"Type": "First"},
                "ExpressionLimit": {"Type": "First"},
                "InclusionRules": [{"name": f"rule {n}", "expression": r} for n, r in enumerate(rules, 1)],
                "CensoringCriteria": [],
                **more,
            }
        ),
        "test",
    )


def said(lang, *rules, **more):
    return explain(definition(*rules, **more), lang)


def test_the_entry_event_its_observation_and_the_limit():
    english, korean = said("en"), said("ko")
    assert "# Celecoxib users" in english
    assert "- A drug exposure of “Celecoxib” (the first in the person's history)" in english
    assert "at least 365 days before it" in english
    assert "Only the earliest of a person's events that meet all of the above counts." in english
    assert "- 「Celecoxib」 약물 처방·투여 (생애 최초)" in korean
    assert "기준일 전 365일 이상" in korean


@pytest.mark.parametrize(
    ("window_", "english", "korean"),
    [
        (
            window(-365, -1),
            "starting from 365 days before the index date to 1 day before the index date",
            "기준일 365일 전부터 기준일 1일 전까지 시작",
        ),
        (window(0, 0), "starting on the index date", "기준일 당일에 시작"),
        (
            window(0, 30),
            "starting from the index date to 30 days after the index date",
            "기준일 당일부터 기준일 30일 후까지 시작",
        ),
        (ANY_TIME, "at any time", "기간 제한 없음"),
        (
            {"Start": {"Coeff": -1}, "End": {"Days": 0, "Coeff": -1}},
            "starting from the start of observation to the index date",
            "관찰 시작부터 기준일 당일까지 시작",
        ),
        (
            {**window(0, 30), "UseEventEnd": True, "UseIndexEnd": True},
            "ending from the end of the entry event to 30 days after the end of the entry event",
            "진입 사건 종료일 당일부터",
        ),
    ],
)
def test_windows(window_, english, korean):
    rule = group("ALL", counted("ConditionOccurrence", {"CodesetId": 1}, 2, 1, window_))
    assert f"- At least 1 diagnosis of “GI bleed” {english}" in said("en", rule)
    assert korean in said("ko", rule)


def test_an_end_window_speaks_of_the_events_end():
    rule = group(
        "ALL", counted("ConditionOccurrence", {}, 2, 1, ANY_TIME, EndWindow={**window(0, 7)}, RestrictVisit=True)
    )
    assert "diagnosis ending from the index date to 7 days after the index date (during the same visit)" in said(
        "en", rule
    )
    assert "종료; 같은 방문 중" in said("ko", rule)


@pytest.mark.parametrize(
    ("type_", "count", "english", "korean"),
    [
        (0, 0, "- No diagnosis of “GI bleed”", "- 「GI bleed」 진단 없음"),
        (1, 0, "- No diagnosis of “GI bleed”", "- 「GI bleed」 진단 없음"),
        (0, 2, "- Exactly 2 diagnoses of “GI bleed”", "- 「GI bleed」 진단 2회 정확히"),
        (1, 3, "- At most 3 diagnoses of “GI bleed”", "- 「GI bleed」 진단 3회 이하"),
        (2, 1, "- At least 1 diagnosis of “GI bleed”", "- 「GI bleed」 진단 1회 이상"),
    ],
)
def test_counts(type_, count, english, korean):
    rule = group("ALL", counted("ConditionOccurrence", {"CodesetId": 1}, type_, count, ANY_TIME))
    assert english in said("en", rule)
    assert korean in said("ko", rule)


def test_distinct_counts_say_of_what():
    one = counted("DrugExposure", {}, 2, 2, ANY_TIME)
    one["Occurrence"] |= {"IsDistinct": True, "CountColumn": "START_DATE"}
    assert "Drug exposures with at least 2 different start dates" in said("en", group("ALL", one))
    assert "약물 처방·투여 서로 다른 시작일 2개 이상" in said("ko", group("ALL", one))


def test_nested_groups_are_nested_lists():
    bleed = counted("ConditionOccurrence", {"CodesetId": 1}, 2, 1, ANY_TIME)
    adult = {"Age": {"Value": 18, "Op": "gte"}}
    rule = group("ANY", bleed, groups=[group("AT_LEAST", bleed, bleed, people=[adult], count=2)])
    text = said("en", rule)
    assert text.index("- At least one of these holds:") < text.index("  - At least 1 diagnosis")
    assert "  - At least 2 of these hold:\n    - At least 1 diagnosis" in text
    assert "    - On the index date: age at least 18" in text
    assert "기준일에: 나이 18 이상" in said("ko", rule)


def test_criteria_of_criteria_count_from_that_event():
    nested = group("ALL", counted("Measurement", {"ValueAsNumber": {"Value": 6.5, "Op": "gt"}}, 2, 1, window(-7, 0)))
    entry = {"ConditionOccurrence": {"CodesetId": 1, "CorrelatedCriteria": nested}}
    text = said("en", entry=entry)
    assert (
        "  - At least 1 measurement starting from 7 days before that event to that event (value more than 6.5)" in text
    )


def test_exits_and_censoring():
    fixed = said("ko", EndStrategy={"DateOffset": {"DateField": "EndDate", "Offset": 30}})
    assert "진입 사건 종료일부터 30일 후에 나갑니다" in fixed
    era = {"CustomEra": {"DrugCodesetId": 0, "GapDays": 30, "Offset": 5}}
    text = said("en", EndStrategy=era, CensoringCriteria=[{"Death": {}}])
    assert "When exposure to “Celecoxib” ends (gaps of up to 30 days are bridged, 5 days are added)" in text
    assert "- A death" in text
    assert "At the end of the observation period." in said("en")
    window_ = {"CensorWindow": {"StartDate": "2015-01-01", "EndDate": ""}, "CollapseSettings": {"EraPad": 90}}
    assert "Only time from 2015-01-01 to any date counts." in said("en", **window_)
    assert "at most 90 days apart become one" in said("en", **window_)


def test_concept_sets_are_listed_with_what_comes_along():
    assert "- “Celecoxib”\n  - celecoxib (RxNorm 1118084, 1118084, with descendants)" in said("en")
    assert "하위 개념 포함" in said("ko")


def test_every_kind_and_every_attribute_of_the_language_has_words():
    kinds = [field.annotation for field in Criterion.model_fields.values()]
    models = [k for a in kinds for k in getattr(a, "__args__", (a,)) if isinstance(k, type) and issubclass(k, Event)]
    assert {m.__name__ for m in models} == set(KINDS)
    said_elsewhere = {"codeset_id", "correlated_criteria", "criteria_list", "date_adjustment", "first", "abnormal"}
    for model in [*models, DemographicCriteria]:
        for name in set(model.model_fields) - said_elsewhere:
            if not name.endswith("_exclude"):
                assert name.removesuffix("_cs") in ATTRIBUTES, f"{model.__name__}.{name}"


def test_excluded_types_and_selections_are_said_so():
    types = {
        "ConditionType": [concept(1, "claim")],
        "ConditionTypeExclude": True,
        "GenderCS": {"CodesetId": 1, "IsExclusion": True},
    }
    text = said("en", entry={"ConditionOccurrence": types})
    assert "record type other than claim" in text
    assert "sex not in “GI bleed”" in text


def test_line_breaks_in_names_do_not_break_headings_and_lists() -> None:
    sick = small.condition()
    given = small.definition(sick, rules=[small.group(small.occurs(sick))], Title="A\ntitle")
    given["ConceptSets"][1]["name"] = "two\n lines"
    given["InclusionRules"][0]["name"] = "one\r\nrule"
    lines = explain(parse(json.dumps(given), "x"), "en").splitlines()
    assert {"# A title", "### Rule 1. one rule", "- “two lines”"} <= set(lines)
