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
    **drugs("1 | 1 | 21 | 2011-01-01 | 2011-01-05 | -"),
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
    assert set(told) == {("concept_domain", f"{PRIMARY}.CodesetId"), ("no_records", f"{PRIMARY}.CodesetId")}
    assert "20, Drug" in told["concept_domain", f"{PRIMARY}.CodesetId"].ko


def test_non_standard_concepts_are_told_only_where_standard_ones_stand(hospital: cdm.source.Source) -> None:
    drug = {"DrugExposure": {"CodesetId": 0}}
    by_source = {"DrugExposure": {"DrugSourceConcept": 0}}
    assert ("concept_not_standard", "$.PrimaryCriteria.CriteriaList[0].DrugExposure.CodesetId") in found(
        hospital, with_sets(drug, concept_set(0, 21))
    )
    told = found(hospital, with_sets(by_source, concept_set(0, 21)))
    assert not any(code == "concept_not_standard" for code, _ in told)


def test_unused_and_empty_sets_are_told(hospital: cdm.source.Source) -> None:
    told = found(hospital, with_sets(condition(), concept_set(1), concept_set(2, 10)))
    assert {("concept_set_empty", "$.ConceptSets[0]"), ("concept_set_unused", "$.ConceptSets[1]")} == set(told)


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
    ],
)
def test_what_circe_evaluates_otherwise_is_told(hospital: cdm.source.Source, given: dict[str, Any], path: str) -> None:
    assert ("circe_quirk", path) in found(hospital, given)


def test_what_no_cdm_answers_is_an_error(hospital: cdm.source.Source) -> None:
    told = lint(hospital, parse(json.dumps(definition({"LocationRegion": {}})), "given"))
    assert [(one.code, one.severity) for one in told] == [("cannot_be_answered", "error")]


def test_findings_are_plain_json_in_both_languages(hospital: cdm.source.Source) -> None:
    (one,) = lint(hospital, parse(json.dumps(with_sets(condition(), concept_set(1))), "given"))
    assert set(one.to_json()) == {"code", "severity", "path", "en", "ko"}
