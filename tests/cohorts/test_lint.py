"""What the linter says of a definition, and where."""

from __future__ import annotations

import json
from typing import Any

import pytest

import cdm
from cohorts.expression import parse
from cohorts.lint import Finding, lint
from tests.cohorts.small import BASE, concept_set, condition, conditions, definition, drugs, group, occurs, window
from tests.tables import write_duckdb

CONCEPT = """
concept_id | concept_name  | domain_id | vocabulary_id | concept_class_id | standard_concept | concept_code | invalid_reason
        10 | Bleeding      | Condition | SNOMED        | Finding          | S                | a            | -
        12 | Old bleeding  | Condition | SNOMED        | Finding          | S                | b            | D
        20 | Aspirin       | Drug      | RxNorm        | Ingredient       | S                | c            | -
        21 | Local aspirin | Drug      | EDI           | Drug             | -                | d            | -
"""
HOSPITAL = {
    **BASE, "concept": CONCEPT, **conditions("1 | 1 | 10 | 2011-01-01 | 2011-01-05"),
    **drugs("1 | 1 | 21 | 2011-01-01 | 2011-01-05 | -"), "death": "person_id | death_date",
}  # fmt: skip


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> cdm.source.Source:
    folder = tmp_path_factory.mktemp("hospital")
    file = write_duckdb(folder / "hospital.duckdb", HOSPITAL)
    return cdm.open_source(f"duckdb://{file}?schema=cdm", folder)


def found(hospital: cdm.source.Source, given: dict[str, Any]) -> dict[tuple[str, str], Finding]:
    return {(one.code, one.path): one for one in lint(hospital, parse(json.dumps(given), "given"))}


def with_sets(criterion: dict[str, Any], *sets: dict[str, Any]) -> dict[str, Any]:
    return definition(criterion, ConceptSets=list(sets))


PRIMARY = "$.PrimaryCriteria.CriteriaList[0].ConditionOccurrence"
RULE = "$.InclusionRules[0].expression"


def ruled(*criteria: dict[str, Any], **parts: Any) -> dict[str, Any]:
    return definition(condition(), rules=[group(*criteria, **parts)])


def test_a_sound_definition_has_no_finding(hospital: cdm.source.Source) -> None:
    assert found(hospital, with_sets(condition(), concept_set(1, 10))) == {}


def test_concepts_the_vocabulary_lacks_or_calls_invalid_are_told_with_their_place(hospital: cdm.source.Source) -> None:
    told = found(hospital, with_sets(condition(), concept_set(1, 10, 99, 12)))
    place = "$.ConceptSets[0].expression.items"
    assert set(told) == {("concept_missing", f"{place}[1].concept"), ("concept_invalid", f"{place}[2].concept")}


def test_a_set_of_another_domain_is_told_where_it_is_used(hospital: cdm.source.Source) -> None:
    told = found(hospital, with_sets(condition(), concept_set(1, 20)))
    assert set(told) == {
        ("concept_domain", f"{PRIMARY}.CodesetId"), ("no_records", f"{PRIMARY}.CodesetId"),
        ("nobody_enters", "$.PrimaryCriteria.CriteriaList"),
    }  # fmt: skip
    assert told["concept_domain", f"{PRIMARY}.CodesetId"].severity == "warning"
    assert "Condition 영역이 아니라 Drug 영역입니다" in told["concept_domain", f"{PRIMARY}.CodesetId"].ko


def test_some_concepts_of_another_domain_are_a_note_where_others_are_in_place(hospital: cdm.source.Source) -> None:
    told = found(hospital, with_sets(condition(), concept_set(1, 10, 20)))
    assert [(one.code, one.severity) for one in told.values()] == [("concept_domain", "note")]


def test_non_standard_concepts_are_told_only_where_standard_ones_stand(hospital: cdm.source.Source) -> None:
    drug = {"DrugExposure": {"CodesetId": 0}}
    by_source = {"DrugExposure": {"DrugSourceConcept": 0}}
    assert ("concept_not_standard", "$.PrimaryCriteria.CriteriaList[0].DrugExposure.CodesetId") in found(
        hospital, with_sets(drug, concept_set(0, 21))
    )
    told = found(hospital, with_sets(by_source, concept_set(0, 21)))
    assert not any(code == "concept_not_standard" for code, _ in told)


def test_a_non_standard_concept_among_standard_ones_is_a_note(hospital: cdm.source.Source) -> None:
    """The others still find what they are meant to find."""
    told = found(hospital, with_sets(condition(), concept_set(1, 10, 21)))
    one = told["concept_not_standard", f"{PRIMARY}.CodesetId"]
    assert (one.severity, one.en.split(";")[0]) == (
        "note",
        "1 of 2 concepts of concept set 1 (set 1) is not standard (21)",
    )
    assert one.ko.startswith("개념 집합 1 (set 1)의 개념 2개 중 1개가 표준 개념이 아닙니다(21).")


def test_unused_and_empty_sets_are_told(hospital: cdm.source.Source) -> None:
    told = found(hospital, with_sets(condition(), concept_set(1), concept_set(2, 10)))
    assert set(told) == {
        ("concept_set_empty", "$.ConceptSets[0]"), ("concept_set_unused", "$.ConceptSets[1]"),
        ("nobody_enters", "$.PrimaryCriteria.CriteriaList"),
    }  # fmt: skip


def test_concepts_that_the_vocabulary_lacks_are_one_finding_for_each_set_and_those_taken_out_do_no_harm(
    hospital: cdm.source.Source,
) -> None:
    sets = [concept_set(1, 10, 97, 98, 99), concept_set(2, 10)]
    sets[1]["expression"]["items"].append({"concept": {"CONCEPT_ID": 96}, "isExcluded": True})
    rule = [group(occurs(condition(2)))]
    told = found(hospital, definition(condition(1), ConceptSets=sets, rules=rule))
    one = told["concept_missing", "$.ConceptSets[0].expression.items[1].concept"]
    assert (
        one.en == "This vocabulary lacks 3 of 4 concepts of concept set 1 (set 1) (97, 98, 99); they find nothing here."
    )
    assert one.to_json()["concepts"] == [97, 98, 99]
    assert told["concept_missing", "$.ConceptSets[1].expression.items[1].concept"].severity == "note"
    assert len(told) == 2


def test_a_set_that_holds_nothing_is_not_told_again_concept_by_concept(hospital: cdm.source.Source) -> None:
    told = found(hospital, with_sets(condition(), concept_set(1, 97, 98)))
    assert {code for code, _ in told} == {"concept_set_empty", "nobody_enters"}
    assert told["concept_set_empty", "$.ConceptSets[0]"].to_json()["concepts"] == [97, 98]


def test_descendants_of_concepts_that_can_have_none_are_told(hospital: cdm.source.Source) -> None:
    told = found(
        hospital, with_sets({"DrugExposure": {"DrugSourceConcept": 0}}, concept_set(0, 21, includeDescendants=True))
    )
    assert ("descendants_of_nothing", "$.ConceptSets[0].expression.items[0]") in told
    leaf = found(hospital, with_sets(condition(), concept_set(1, 10, includeDescendants=True)))
    assert leaf == {}


def test_sets_rules_and_criteria_that_are_there_twice_are_told(hospital: cdm.source.Source) -> None:
    sets = [concept_set(1, 10), concept_set(2, 10)]
    bled, adult = occurs(condition(1)), {"Age": {"Value": 19, "Op": "gte"}}
    rules = [group(bled, people=(adult,)), group(bled, people=(adult,)), group(bled, bled, occurs(condition(2)))]
    told = found(hospital, definition(condition(1), condition(1), ConceptSets=sets, rules=rules))
    assert set(told) == {
        ("concept_set_duplicate", "$.ConceptSets[1]"), ("rule_duplicate", "$.InclusionRules[1]"),
        ("criterion_duplicate", "$.PrimaryCriteria.CriteriaList[1]"),
        ("criterion_duplicate", "$.InclusionRules[2].expression.CriteriaList[1]"),
    }  # fmt: skip


def test_rules_that_no_entry_or_every_entry_keeps_here_are_told(hospital: cdm.source.Source) -> None:
    """No record of set 2 (aspirin by its standard concept) is in this hospital."""
    aspirin = {"DrugExposure": {"CodesetId": 2}}
    rules = [
        group(occurs(aspirin)),
        group(occurs(aspirin, 0, 0)),
        group(occurs(aspirin), occurs(condition()), kind="ANY"),
        group(occurs(aspirin), occurs(aspirin, 2, 2), kind="AT_MOST", count=0),
        group(occurs(condition(1, CorrelatedCriteria=group(occurs(aspirin))))),
    ]
    told = found(hospital, definition(condition(), ConceptSets=[concept_set(1, 10), concept_set(2, 20)], rules=rules))
    of_rules = {path: code for code, path in told if code.startswith("rule_")}
    assert of_rules == {
        "$.InclusionRules[0]": "rule_never", "$.InclusionRules[1]": "rule_always", "$.InclusionRules[3]": "rule_always",
        "$.InclusionRules[4]": "rule_never",
    }  # fmt: skip
    assert told["rule_never", "$.InclusionRules[0]"].severity == "error"


def test_entry_events_of_an_empty_table_let_nobody_in(hospital: cdm.source.Source) -> None:
    told = found(hospital, definition({"Death": {}}))
    assert {
        ("no_records", "$.PrimaryCriteria.CriteriaList[0].Death"),
        ("nobody_enters", "$.PrimaryCriteria.CriteriaList"),
    } <= {*told}


def test_values_that_no_record_of_the_criterion_has_are_told(hospital: cdm.source.Source) -> None:
    given = condition(1, ConditionStatus=[{"CONCEPT_ID": 10}])
    told = found(hospital, with_sets(given, concept_set(1, 10)))
    assert {code for code, _ in told} == {"no_value", "nobody_enters"}
    assert told["no_value", f"{PRIMARY}.ConditionStatus"].to_json()["concepts"] == [10]


def test_windows_without_observation_are_one_note_for_each_side(hospital: cdm.source.Source) -> None:
    far = [occurs(condition(), 0, 0, start=window(days, 7)) for days in (365, 730)]
    free = occurs(condition(), 0, 0, start=window(9000, 0), IgnoreObservationPeriod=True)
    given = with_sets(condition(), concept_set(1, 10)) | {"InclusionRules": ruled(*far, free)["InclusionRules"]}
    told = lint(hospital, parse(json.dumps(given), "given"))
    assert [one.en.split(",")[0] for one in told if one.severity == "note"] == [
        "Absence is asked for over up to 730 days before the entry (in 2 criteria)",
        "Absence is asked for over up to 7 days after the entry (in 2 criteria)",
    ]


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        (ruled(occurs(condition(), 2, 0)), "always_matches", f"{RULE}.CriteriaList[0].Occurrence"),
        (ruled(occurs(condition(), start=window(-10, -10))), "never_matches", f"{RULE}.CriteriaList[0].StartWindow"),
        (ruled(occurs(condition()), kind="AT_LEAST", count=2), "never_matches", RULE),
        (ruled(occurs(condition()), kind="AT_MOST", count=1), "always_matches", RULE),
        (ruled(), "rule_empty", "$.InclusionRules[0]"),
        (definition(condition(Age={"Value": 60, "Op": "bt", "Extent": 50})), "never_matches", f"{PRIMARY}.Age"),
        (
            definition(condition(), CensorWindow={"StartDate": "2020-01-01", "EndDate": "2010-01-01"}),
            "never_matches", "$.CensorWindow",
        ),
        (
            ruled(occurs(condition(), 0, 0, start=window(365, -1))),
            "outside_observation", f"{RULE}.CriteriaList[0].StartWindow",
        ),
        (
            ruled(occurs(condition(), start=window(-9000, 9100))),
            "outside_observation", f"{RULE}.CriteriaList[0].StartWindow",
        ),
    ],
)  # fmt: skip
def test_contradictions_and_tautologies_are_told(
    hospital: cdm.source.Source, given: dict[str, Any], code: str, path: str
) -> None:
    assert (code, path) in found(hospital, given)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        (
            definition({"DrugExposure": {"OccurrenceEndDate": {"Value": "2011-01-01", "Op": "gt"}}}),
            "$.PrimaryCriteria.CriteriaList[0].DrugExposure.OccurrenceEndDate",
        ),
        (definition(condition(Age={"Value": 60.7, "Op": "gt"})), f"{PRIMARY}.Age"),
        (
            definition({"VisitOccurrence": {"VisitType": [{"CONCEPT_ID": 10}]}}),
            "$.PrimaryCriteria.CriteriaList[0].VisitOccurrence.VisitType",
        ),
        (definition(condition(First=True, Age={"Value": 60, "Op": "gt"})), f"{PRIMARY}.First"),
        (
            definition(condition(DateAdjustment={"StartOffset": 2}, Age={"Value": 60, "Op": "gt"})),
            f"{PRIMARY}.DateAdjustment",
        ),
        (
            definition(
                {"CustomEra": {"CriteriaList": [condition()], "CorrelatedCriteria": group(occurs(condition()))}}
            ),
            "$.PrimaryCriteria.CriteriaList[0].CustomEra.CorrelatedCriteria",
        ),
        (
            definition(condition(), EndStrategy={"DateOffset": {"DateField": "StartDate", "Offset": -5}}),
            "$.EndStrategy.DateOffset.Offset",
        ),
    ],
)
def test_what_circe_evaluates_otherwise_is_told(hospital: cdm.source.Source, given: dict[str, Any], path: str) -> None:
    assert ("circe_quirk", path) in found(hospital, given)


def test_an_order_that_makes_no_difference_is_not_told(hospital: cdm.source.Source) -> None:
    plain = definition(condition(First=True, DateAdjustment={"StartOffset": 2}))
    assert not any(code == "circe_quirk" for code, _ in found(hospital, plain))


def test_exits_that_end_at_once_or_follow_another_drug_are_told(hospital: cdm.source.Source) -> None:
    told = found(hospital, definition(condition(), CensoringCriteria=[condition()]))
    assert ("ends_at_once", "$.CensoringCriteria[0]") in told
    other = {"CustomEra": {"DrugCodesetId": 2, "GapDays": 30}}
    place = ("exit_drug_elsewhere", "$.EndStrategy.CustomEra.DrugCodesetId")
    assert place in found(hospital, definition(condition(), EndStrategy=other))
    assert place not in found(hospital, definition({"DrugExposure": {"CodesetId": 2}}, EndStrategy=other))


def test_what_no_cdm_answers_is_an_error(hospital: cdm.source.Source) -> None:
    told = lint(hospital, parse(json.dumps(definition({"LocationRegion": {}})), "given"))
    assert [(one.code, one.severity) for one in told] == [("cannot_be_answered", "error")]


def test_findings_are_plain_json_in_both_languages(hospital: cdm.source.Source) -> None:
    for one in lint(hospital, parse(json.dumps(with_sets(condition(), concept_set(1, 99))), "given")):
        assert {"code", "severity", "path", "en", "ko"} <= set(one.to_json())
        assert json.loads(json.dumps(one.to_json())) == one.to_json()
