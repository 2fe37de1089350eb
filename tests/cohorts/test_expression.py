"""Reading a definition: what is accepted, and the one sentence about what is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cdm.errors import BadInput
from cohorts.expression import Expression, parse, read
from tests.cohorts.small import concept_set, condition, definition, group, occurs

GOOD = definition(condition())


def refusal(given: object) -> str:
    text = given if isinstance(given, str) else json.dumps(given)
    with pytest.raises(BadInput) as caught:
        parse(text, "a.json")
    return str(caught.value)


def test_bare_and_wrapped_definitions_are_the_same() -> None:
    bare = parse(json.dumps(GOOD), "a.json")
    assert parse(json.dumps({"id": 3, "name": "x", "expression": GOOD}), "a.json") == bare
    assert parse(json.dumps({"name": "x", "expression": json.dumps(GOOD)}), "a.json") == bare


def test_an_expression_cannot_be_changed() -> None:
    given = parse(json.dumps(GOOD), "a.json")
    with pytest.raises(ValueError, match="frozen"):
        given.title = "another"  # type: ignore[misc]


def test_what_atlas_leaves_behind_is_read() -> None:
    untidy = definition(
        condition(OccurrenceStartDate={"Value": "2010-1-5", "Op": "gt", "Extent": ""}, First=None),
        CensorWindow={},
        AdditionalCriteria={"Type": "any", "CriteriaList": [], "DemographicCriteriaList": [], "Groups": []},
        QualifiedLimit={"Type": None},
        cdmVersionRange=">=5.0.0",
    )
    given = parse(json.dumps(untidy), "a.json")
    event = given.primary_criteria.criteria_list[0].event
    assert (event.occurrence_start_date.value.isoformat(), event.first) == ("2010-01-05", False)


def test_a_byte_order_mark_is_no_matter(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps(GOOD), encoding="utf-8-sig")
    assert isinstance(read(file), Expression)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("{", "a.json:1:2: is not JSON"),
        ("[1]", "a.json: $ has to be an object"),
        ('{"a": NaN}', "a.json: holds NaN"),
        ("[" * 100_000, "a.json: is nested too deeply"),
        ('{"x": 1' + "0" * 5000 + "}", "too many digits"),
        ({"Title": "x"}, "a.json: $.PrimaryCriteria is missing"),
        ({"expression": GOOD | {"Foo": 1}}, "a.json: $.expression.Foo is no part of a cohort definition"),
        (
            definition(condition(Foo=1)),
            "$.PrimaryCriteria.CriteriaList[0].ConditionOccurrence.Foo is no part of a cohort definition",
        ),
        (definition({"Diagnosis": {}}), "$.PrimaryCriteria.CriteriaList[0].Diagnosis is no part"),
        (definition({"Death": {}, "DrugEra": {}}), "$.PrimaryCriteria.CriteriaList[0] must hold exactly one criterion"),
        (definition(), "$.PrimaryCriteria.CriteriaList is empty"),
        (
            definition(condition(7)),
            "CodesetId refers to concept set 7, which the definition does not have (it has 1, 2, 3)",
        ),
        (
            definition(condition(GenderCS={"CodesetId": 8})),
            "ConditionOccurrence.GenderCS.CodesetId refers to concept set 8",
        ),
        (
            GOOD | {"ConceptSets": [concept_set(1, 10), concept_set(1, 11)]},
            "$.ConceptSets[1].id 1 is used by two concept sets",
        ),
        (definition(condition(Age={"Value": 1, "Op": "bt"})), "Age 'between' needs both a Value and an Extent"),
        (definition(condition(Age={"Value": 1e300, "Op": "gt"})), "Age.Value is not what it has to be"),
        (definition(condition(), prior=10**12), "PriorDays is not what it has to be"),
        (
            definition(condition(OccurrenceStartDate={"Value": "soon", "Op": "gt"})),
            "Value is no date of the form YYYY-MM-DD",
        ),
        (definition(condition(OccurrenceStartDate={"Value": "2010-02-30", "Op": "gt"})), "Value is no date"),
        (
            definition(condition(), rules=[group(occurs(condition()), kind="AT_LEAST")]),
            "a group of type AT_LEAST needs a Count",
        ),
        (definition(condition(), rules=[group(occurs(condition(), 5))]), "Occurrence.Type is not what it has to be"),
        (definition(condition(), rules=[group()] * 63), "$.InclusionRules has more than 62 entries"),
        (GOOD | {"EndStrategy": {}}, "$.EndStrategy must hold exactly one strategy"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence_with_its_place(given: object, said: str) -> None:
    message = refusal(given)
    assert message.startswith("a.json")
    assert said in message
    assert "\n" not in message
    assert len(message) < 400


def test_groups_nested_without_end_are_refused() -> None:
    deep = group()
    for _ in range(40):
        deep = group(groups=(deep,))
    assert "nested more than" in refusal(definition(condition(), rules=[deep]))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nowhere.json: cannot be read"):
        read(tmp_path / "nowhere.json")
    (tmp_path / "latin.json").write_bytes(b'{"Title": "\xe9"}')
    with pytest.raises(BadInput, match=r"latin.json: is not UTF-8 text \(byte 11\)"):
        read(tmp_path / "latin.json")
    with pytest.raises(BadInput, match="is a folder"):
        read(tmp_path)
