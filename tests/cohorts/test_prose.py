"""A definition in words that a board's secretary can read."""

from __future__ import annotations

import json

import pytest

from cohorts.expression import parse
from cohorts.prose import document, explain
from cohorts.prose.korean import josa
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


def clause(lang, criterion, **more):
    """The words of one criterion in a rule."""
    text = said(lang, group("ALL", criterion), **more)
    return text.split({"en": "### Rule 1. rule 1\n\n1. ", "ko": "### 규칙 1. rule 1\n\n1. "}[lang])[1].split("\n")[0]


def test_the_entry_event_its_observation_and_the_limit():
    english, korean = said("en"), said("ko")
    assert english.startswith("# Celecoxib users\n\n## Entry event and index date\n")
    assert "1. A drug exposure of “Celecoxib” (the first in the person's whole record)." in english
    assert "The index date lies within an observation period that reaches at least 365 days before it." in english
    assert "Only the earliest of a person's events counts." in english
    assert "1. 「Celecoxib」 약물 처방·투여(전체 기록 중 최초의 것)." in korean
    assert "기준일은 관찰 기간 안에 있어야 하며, 그 기간이 기준일 전 365일 이상 이어져야 함." in korean
    assert "한 사람의 사건이 여럿이면 가장 이른 하나만 인정함." in korean


OPEN_START = {"Start": {"Coeff": -1}, "End": {"Days": 0, "Coeff": -1}}


@pytest.mark.parametrize(
    ("window_", "english", "korean"),
    [
        (window(-365, -1), "recorded from 365 days to 1 day before the index date", "기준일 365일 전부터 하루 전까지 기록된"),
        (window(0, 0), "recorded on the index date", "기준일 당일에 기록된"),
        (window(-30, -30), "recorded on 30 days before the index date", "기준일 30일 전에 기록된"),
        (window(0, 30), "recorded from the index date to 30 days after it", "기준일 당일부터 30일 뒤까지 기록된"),
        (window(-7, 0), "recorded from 7 days before the index date to that day itself", "기준일 7일 전부터 당일까지 기록된"),
        (window(-7, 7), "recorded from 7 days before to 7 days after the index date", "기준일 7일 전부터 7일 뒤까지 기록된"),
        (window(1, 90), "recorded from 1 day to 90 days after the index date", "기준일 하루 뒤부터 90일 뒤까지 기록된"),
        (ANY_TIME, "recorded at any time", "시기와 관계없이 기록된"),
        (OPEN_START, "recorded at any time in observation up to the index date", "관찰 시작일부터 기준일 당일까지 기록된"),
        (
            {**window(0, 30), "UseEventEnd": True, "UseIndexEnd": True},
            "ending from the last day of the entry event to 30 days after it", "진입 사건 종료일 당일부터 30일 뒤까지 종료된",
        ),
    ],
)  # fmt: skip
def test_windows(window_, english, korean):
    bleed = counted("ConditionOccurrence", {"CodesetId": 1}, 2, 1, window_)
    assert clause("en", bleed) == f"At least 1 diagnosis of “GI bleed” {english}."
    assert clause("ko", bleed) == f"{korean} 「GI bleed」 진단이 1회 이상 있음."


def test_two_windows_are_one_where_each_bounds_one_side():
    until_discharge = {
        "Start": {"Coeff": -1},
        "End": {"Days": 1, "Coeff": 1},
        "UseEventEnd": False,
        "UseIndexEnd": True,
    }
    after = {"Start": {"Days": 30, "Coeff": -1}, "End": {"Coeff": 1}}
    bleed = counted("ConditionOccurrence", {"CodesetId": 1}, 0, 0, after, EndWindow=until_discharge)
    assert clause("en", bleed) == (
        "No diagnosis of “GI bleed” recorded from 30 days before the index date to 1 day after the last day of the entry event."
    )
    assert clause("ko", bleed) == "기준일 30일 전부터 진입 사건 종료일 하루 뒤까지 기록된 「GI bleed」 진단이 없음."


def test_a_missing_use_event_end_is_the_end_in_an_end_window():
    stay = counted("VisitOccurrence", {}, 2, 1, window(-60, -1), EndWindow=window(0, 7), RestrictVisit=True)
    assert clause("en", stay) == (
        "At least 1 visit (of any kind) starting from 60 days to 1 day before the index date and ending from the index date to "
        "7 days after it, in the same visit as the entry event."
    )
    assert clause("ko", stay) == (
        "진입 사건과 같은 방문에서 기준일 60일 전부터 하루 전까지 시작되고 기준일 당일부터 7일 뒤까지 종료된 "
        "방문(종류 불문)이 1회 이상 있음."
    )


def test_events_outside_observation_are_said_to_count():
    free = {"IgnoreObservationPeriod": True}
    bleed = counted("ConditionOccurrence", {"CodesetId": 1}, 0, 0, OPEN_START, **free)
    assert "recorded at any time up to the index date, also outside the observation period." in clause("en", bleed)
    assert clause("ko", bleed).startswith(
        "기준일 당일까지 시기와 관계없이 기록된 「GI bleed」 진단이 없음(관찰 기간 밖"
    )
    around = {"CorrelatedCriteria": group("ALL", counted("Death", {}, 2, 1, ANY_TIME))}
    nested = counted("ConditionOccurrence", around, 0, 0, OPEN_START, **free)
    assert "ATLAS drops those outside it all the same" in clause("en", nested)
    assert "ATLAS는 이를 제외함" in clause("ko", nested)


@pytest.mark.parametrize(
    ("type_", "count", "english", "korean"),
    [
        (0, 0, "No diagnosis of “GI bleed”", "진단이 없음."),
        (1, 0, "No diagnosis of “GI bleed”", "진단이 없음."),
        (0, 2, "Exactly 2 diagnoses of “GI bleed”", "진단이 정확히 2회 있음."),
        (1, 3, "At most 3 diagnoses of “GI bleed”", "진단이 3회 이하임."),
        (2, 1, "At least 1 diagnosis of “GI bleed”", "진단이 1회 이상 있음."),
        (
            2,
            0,
            "Any number of diagnoses of “GI bleed”, or none (which always holds)",
            "진단이 0회 이상임(항상 성립함).",
        ),
        (0, -1, "Fewer than no diagnosis of “GI bleed” (which never holds)", "진단이 0회 미만임(성립할 수 없음)."),
    ],
)
def test_counts(type_, count, english, korean):
    bleed = counted("ConditionOccurrence", {"CodesetId": 1}, type_, count, ANY_TIME)
    assert clause("en", bleed).startswith(english)
    assert clause("ko", bleed).endswith(korean)


def test_distinct_counts_say_of_what():
    one = counted("DrugExposure", {}, 2, 2, ANY_TIME)
    one["Occurrence"] |= {"IsDistinct": True, "CountColumn": "START_DATE"}
    assert "At least 2 drug exposures (of any kind), counted by different start dates, starting at any time." in clause(
        "en", one
    )
    assert "시작일이 서로 다른 약물 처방·투여(종류 불문)가 2회 이상 있음" in clause("ko", one)


def test_nested_groups_are_nested_numbered_clauses():
    bleed = counted("ConditionOccurrence", {"CodesetId": 1}, 2, 1, ANY_TIME)
    adult = {"Age": {"Value": 18, "Op": "gte"}}
    rule = group("ANY", bleed, groups=[group("AT_LEAST", bleed, bleed, people=[adult], count=2)])
    english, korean = said("en", rule), said("ko", rule)
    assert "At least one of these holds:\n\n1. At least 1 diagnosis" in english
    assert "2. At least 2 of these hold:\n   1. At least 1 diagnosis" in english
    assert "   3. On the index date: age at least 18 years." in english
    assert "다음 중 하나 이상을 만족함:\n\n1. 시기와" in korean
    assert "2. 다음 중 2가지 이상을 만족함:\n   1. 시기와" in korean
    assert "   3. 기준일에 나이 18세 이상임." in korean


def test_criteria_of_criteria_count_from_that_event():
    nested = group("ALL", counted("Measurement", {"ValueAsNumber": {"Value": 6.5, "Op": "gt"}}, 2, 1, window(-7, 0)))
    entry = {"ConditionOccurrence": {"CodesetId": 1, "CorrelatedCriteria": nested}}
    assert (
        "1. A diagnosis of “GI bleed” that meets this:\n   1. At least 1 measurement (of any kind; value more than 6.5) made "
        "from 7 days before the first day of that diagnosis to that day itself.\n"
    ) in said("en", entry=entry)
    assert (
        "1. 다음을 갖춘 「GI bleed」 진단:\n"
        "   1. 그 진단 시작일 7일 전부터 당일까지 시행된 검사·측정(종류 불문; 값 6.5 초과)이 1회 이상 있음.\n"
    ) in said("ko", entry=entry)


def test_exits_and_censoring():
    fixed = said("ko", EndStrategy={"DateOffset": {"DateField": "EndDate", "Offset": 30}})
    assert "진입 사건의 종료일로부터 30일 뒤에 종료하되, 관찰 기간이 먼저 끝나면 그날 종료함." in fixed
    era = {"CustomEra": {"DrugCodesetId": 0, "GapDays": 30, "Offset": 5}}
    text = said("en", EndStrategy=era, CensoringCriteria=[{"Death": {}}])
    assert (
        "when continuous use of drugs of “Celecoxib” ends (gaps of up to 30 days are bridged, 5 days added at" in text
    )
    assert "on the first day from the index date on with one of these events:\n\n1. A death (of any cause)." in text
    assert "The entry ends with the observation period." in said("en")
    several = {"ExpressionLimit": {"Type": "All"}, "CollapseSettings": {"EraPad": 90}}
    window_ = {"CensorWindow": {"StartDate": "2015-01-01", "EndDate": ""}, **several}
    assert "Only the time from 2015-01-01 on counts" in said("en", **window_)
    assert "2015년 1월 1일부터의 기간만 인정하여" in said("ko", **window_)
    assert "where they overlap or are at most 90 days apart." in said("en", **window_)
    assert "겹치거나 간격이 90일 이내이면 하나로 합침." in said("ko", **window_)


def test_a_limit_that_leaves_one_event_says_what_that_means():
    rule = group("ALL", counted("Death", {}, 0, 0, ANY_TIME))
    first = {"PrimaryCriteria": {
        "CriteriaList": [{"DrugExposure": {"CodesetId": 0}}], "ObservationWindow": {"PriorDays": 0, "PostDays": 0},
        "PrimaryCriteriaLimit": {"Type": "First"},
    }}  # fmt: skip
    assert "if it fails a later condition, no other takes its place." in said("en", rule, **first)
    assert "다른 사건으로 대신하지 않음." in said("ko", rule, **first)
    assert "Of a person's events that meet all of this, only the earliest counts." in said("en", rule)


def test_concept_sets_are_listed_with_what_comes_along():
    both = [{"concept": concept(1, "one"), "includeMapped": True}, {"concept": concept(2, "two"), "isExcluded": True}]
    sets = [*SETS, {"id": 2, "name": "Mixed", "expression": {"items": both}}]
    english, korean = said("en", ConceptSets=sets), said("ko", ConceptSets=sets)
    assert "1. “Celecoxib”\n   1. celecoxib (RxNorm 1118084, concept 1118084): with descendants\n" in english
    assert (
        "3. “Mixed” (used nowhere)\n   1. Included\n      1. one (RxNorm 1, concept 1): with codes mapped to it\n"
        in english
    )
    assert (
        "   2. Excluded, also where included above\n      1. two (RxNorm 2, concept 2): this concept alone" in english
    )
    assert "celecoxib (RxNorm 1118084, 개념 번호 1118084): 하위 개념 포함" in korean
    assert "   2. 제외(위에서 포함된 것이라도 뺌)\n" in korean


def test_concepts_named_outside_of_sets_are_listed_with_their_numbers():
    sexes = [{"CONCEPT_ID": 8532, "CONCEPT_NAME": "FEMALE"}]
    text = said("ko", entry={"ConditionOccurrence": {"Gender": sexes, "ConditionType": [concept(5, "claim")]}})
    assert "진단(종류 불문; 성별 여성; 기록 구분 ‘claim’)." in text
    assert "## 부록: 낱개로 지정한 개념\n\n- claim (RxNorm 5, 개념 번호 5)\n- FEMALE (개념 번호 8532)" in text


def test_excluded_types_and_selections_are_said_so():
    types = {
        "ConditionType": [concept(1, "claim")],
        "ConditionTypeExclude": True,
        "GenderCS": {"CodesetId": 1, "IsExclusion": True},
    }
    assert "(of any kind; sex none of “GI bleed”; kind of record other than ‘claim’)" in said(
        "en", entry={"ConditionOccurrence": types}
    )


@pytest.mark.parametrize(
    ("entry", "english", "korean"),
    [
        (
            {"DrugExposure": {"CodesetId": 0, "OccurrenceEndDate": {"Value": "2020-01-01", "Op": "gt"}}},
            "(start date after 2020-01-01 (written for the end date, but ATLAS looks at the start date))",
            "(시작일 2020년 1월 1일 후(당일 제외)(정의에는 종료일 조건으로 적혀 있으나 ATLAS는 시작일을 봄))",
        ),
        (
            {"VisitDetail": {"Age": {"Value": 60.7, "Op": "gt"}}},
            "age at its end more than 60 years (written as 60.7) (written for the age at its start, but ATLAS looks at the age",
            "종료일 기준 나이 60세 초과(정의에는 60.7로 적혀 있음)",
        ),
        (
            {"VisitOccurrence": {"VisitType": [concept(9, "EHR")]}},
            "kind of record ‘EHR’ (written for the kind of visit, but ATLAS looks at the kind of record)", "기록 구분 ‘EHR’",
        ),
        ({"Specimen": {"SpecimenSourceConcept": 1}}, "source code one of “GI bleed” (ATLAS does not apply this)", "적용하지 않는"),
        ({"Specimen": {"DateAdjustment": {"StartOffset": 3}}}, "(ATLAS does not apply this)", "ATLAS가 적용하지 않는 조건임"),
        (
            {"Death": {"DateAdjustment": {"StartWith": "END_DATE", "StartOffset": 3}}},
            "its time taken as from 3 days after its start date to its end date (ATLAS counts each from its own date",
            "시작일 3일 뒤부터 종료일까지로 보정함(정의에 적힌 기산일은 ATLAS가 적용하지 않음)",
        ),
        ({"DrugExposure": {"DoseUnit": [concept(9, "mg")]}}, "dose unit ‘mg’ (no CDM 5.3 or 5.4 can answer this)", "용량 단위 ‘mg’"),
    ],
)  # fmt: skip
def test_what_atlas_evaluates_otherwise_is_said(entry, english, korean):
    assert english in said("en", entry=entry)
    assert korean in said("ko", entry=entry)


def test_what_holds_for_every_sentence_is_said_once_and_only_where_it_matters():
    assert "나이는 해당 날짜의 연도에서 출생 연도를 뺀 값으로 함." not in said("ko")
    adult = group("ALL", people=[{"Age": {"Value": 18, "Op": "gte"}}])
    assert said("ko", adult).count("나이는 해당 날짜의 연도에서 출생 연도를 뺀 값으로 함.") == 1
    until = {"EndStrategy": {"DateOffset": {"DateField": "EndDate", "Offset": 0}}}
    assert "of a drug, after its days of supply" in said("en", **until)
    assert "of a drug, after its days of supply" not in said("en")


def test_an_authors_words_are_quoted():
    rule = {"InclusionRules": [{"name": "Adults", "description": "Two\nlines.", "expression": group("ALL")}]}
    assert "### Rule 1. Adults\n\n> Two\n> lines.\n\nNo condition (which always holds)." in said("en", **rule)


def test_a_definition_is_data_too_and_its_markdown_fits_into_another_text():
    given = definition(group("ALL", counted("Death", {}, 0, 0, ANY_TIME)))
    whole = document(given, "en").to_json()
    assert json.loads(json.dumps(whole)) == whole
    assert [section["heading"] for section in whole["sections"]][:3] == [
        "Entry event and index date", "Inclusion rules", "Rule 1. rule 1",
    ]  # fmt: skip
    assert explain(given, "en", level=2).startswith("## Celecoxib users\n\n### Entry event and index date")


@pytest.mark.parametrize(
    ("word", "pair", "whole"),
    [
        ("진단", "이/가", "진단이"), ("검사", "이/가", "검사가"), ("「ABC 3」 검사(값 1 (a))", "이/가", "「ABC 3」 검사(값 1 (a))가"),
        ("3", "으로/로", "3으로"), ("1", "으로/로", "1로"), ("서울", "으로/로", "서울로"), ("방문", "과/와", "방문과"),
    ],
)  # fmt: skip
def test_korean_particles_follow_the_word(word, pair, whole):
    assert josa(word, pair) == whole


def test_line_breaks_in_names_do_not_break_headings_and_lists() -> None:
    sick = small.condition()
    given = small.definition(sick, rules=[small.group(small.occurs(sick))], Title="A\ntitle")
    given["ConceptSets"][1]["name"] = "two\n lines"
    given["InclusionRules"][0]["name"] = "one\r\nrule"
    text = explain(parse(json.dumps(given), "x"), "en")
    assert text.startswith("# A title\n")
    assert "### Rule 1. one rule\n" in text
    assert "two lines" in text
    assert "\n lines" not in text
