"""Made-up people: what a file may say, and what is told when a definition does not do what it expects."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

import pytest
import yaml

from cohorts.expectations import Case, Misfits, Outcome, People, check
from cohorts.expression import parse
from tests.cohorts import small
from tests.cohorts.small import concept_set, condition, drug, group, occurs, window

Json = dict[str, Any]
NAMED = [{**concept_set(1, 10, includeDescendants=True), "name": "Bleeding"}, {**concept_set(2, 20), "name": "Aspirin"}]
HEAD = "{day_0: 2020-01-01, unless_said: {observed: [-400, 400]}, "


def definition(*primary: Json, **parts: Any) -> Json:
    return small.definition(*primary, **{"ConceptSets": NAMED, **parts})


def case(given: Json, people: str) -> Case:
    return Case(parse(json.dumps(given), "given"), People.model_validate(yaml.safe_load(people)))


def outcomes(given: Json, people: str) -> dict[str, Outcome]:
    return {one.person: one for one in check({"one": case(given, people)})["one"]}


def one(given: Json, person: str, more: str = "") -> Outcome:
    (found,) = outcomes(given, f"{HEAD}{more}people: [{{person: someone, {person}}}]}}").values()
    return found


def wrong(given: Json, person: str, more: str = "") -> list[tuple[str, str]]:
    with pytest.raises(Misfits) as misfits:
        one(given, person, more)
    return [(".".join(map(str, found.where)), found.text) for found in misfits.value.found]


BLED = definition(condition())


def test_days_are_counted_from_day_0_and_dates_are_dates() -> None:
    found = one(BLED, "events: [{condition_occurrence: Bleeding, day: 3, until: 2020-01-08}], expect: [3, 7]")
    assert (found.holds, found.found) == (True, ((date(2020, 1, 4), date(2020, 1, 8)),))


def test_a_person_may_have_several_entries() -> None:
    rows = "[{condition_occurrence: Bleeding, day: 40, until: 41}, {condition_occurrence: Bleeding, day: 3, until: 5}]"
    assert one(BLED, f"events: {rows}, expect: [[3, 5], [40, 41]]").holds


def test_a_failure_says_what_was_expected_found_and_which_rule_kept_the_person_out() -> None:
    given = definition(condition(), rules=[group(occurs(drug(2), start=window(0, 30)))])
    found = one(given, "events: [{condition_occurrence: 10, day: 0}], expect: [0, 1]")
    assert (found.holds, found.found) == (False, ())
    assert found.why
    assert [step.said() for step in found.why.kept_out_by] == ["rule 1 (rule 1)"]


@pytest.mark.parametrize(
    ("reasons", "holds"),
    [("rule 1", True), ("1", True), ("[1, 2]", False), ("2", False), ("no_entry_event", False), ("exit", False)],
)
def test_a_person_kept_out_by_one_rule_breaks_that_one_alone(reasons: str, holds: bool) -> None:
    treated = [group(occurs(drug(2), start=window(0, 30))), group(occurs(condition(1), 2, 1, start=window(0, 0)))]
    given = definition(condition(), rules=treated)
    found = one(given, f"events: [{{condition_occurrence: 10, day: 0}}], expect: none, kept_out_by: {reasons}")
    assert found.holds is holds


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        ("events: [{condition_occurrence: 30, day: 0}]", "no_entry_event"),
        ("events: [{condition_occurrence: 10, day: 401}]", "not_observed"),
        ("events: [{condition_occurrence: 10, day: 0}], observed: [-364, 400]", "observed_too_short"),
        ("events: [{condition_occurrence: 10, day: 0}], observed: none", "not_observed"),
    ],
)
def test_who_has_no_event_that_qualifies_has_a_reason_too(person: str, reason: str) -> None:
    given = definition(condition(), prior=365)
    assert one(given, f"{person}, expect: none, kept_out_by: {reason}").holds


def test_concepts_are_numbers_names_of_sets_or_declared_in_the_file() -> None:
    declared = "concepts: {a bleeding ulcer: {id: 77, under: Bleeding}, an old code: {id: 78, under: Bleeding, invalid: true}}, "
    for name, expect in (
        ("10", "[0, 1]"),
        ("bleeding", "[0, 1]"),
        ("a bleeding ulcer", "[0, 1]"),
        ("an old code", "none"),
    ):
        assert one(BLED, f"events: [{{condition_occurrence: {name}, day: 0}}], expect: {expect}", declared).holds, name


def test_descendants_of_descendants_are_descendants() -> None:
    declared = "concepts: {wide: {id: 76, under: 10}, narrow: {id: 77, under: wide}}, "
    assert one(BLED, "events: [{condition_occurrence: narrow, day: 0}], expect: [0, 1]", declared).holds


def test_source_codes_are_mapped_where_the_set_says_so() -> None:
    mapped = definition(drug(2), ConceptSets=[NAMED[0], concept_set(2, 20, includeMapped=True)])
    declared = "concepts: {local code: {id: 500, maps_to: 20}}, "
    events = "events: [{drug_exposure: local code, day: 0, days_supply: 10}]"
    assert one(mapped, f"{events}, expect: [0, 10]", declared).holds
    assert one(definition(drug(2)), f"{events}, expect: none", declared).holds


def test_the_concept_of_a_set_is_one_that_the_set_does_not_take_out() -> None:
    items = [{"concept": {"CONCEPT_ID": n}, "isExcluded": n == 10} for n in (10, 10, 11)]
    given = definition(condition(), ConceptSets=[{"id": 1, "name": "Bleeding", "expression": {"items": items}}])
    assert one(given, "events: [{condition_occurrence: Bleeding, day: 0}], expect: [0, 1]").holds


def test_age_is_that_of_the_year_of_day_0_and_sex_a_word_or_a_concept() -> None:
    adult = definition(condition(Age={"Value": 19, "Op": "gte"}, Gender=[{"CONCEPT_ID": 8507}]))
    events = "events: [{condition_occurrence: 10, day: 0}]"
    for person, expect in (
        ("age: 19, sex: male", "[0, 1]"),
        ("age: 18, sex: male", "none"),
        ("born: 2001, sex: 8507", "[0, 1]"),
        ("age: 19, sex: female", "none"),
    ):
        assert one(adult, f"{person}, {events}, expect: {expect}").holds, person


def test_events_may_name_their_visit_its_specialty_and_any_column_of_the_cdm() -> None:
    given = definition(
        {
            "Measurement": {
                "CodesetId": 1,
                "VisitType": [{"CONCEPT_ID": 9201}],
                "ProviderSpecialty": [{"CONCEPT_ID": 38004456}],
                "ValueAsNumber": {"Value": 6.5, "Op": "gt"},
                "Unit": [{"CONCEPT_ID": 8554}],
                "MeasurementSourceConcept": 2,
            }
        }
    )
    row = "measurement: 10, day: 1, value_as_number: 7, unit_concept_id: 8554, source: Aspirin, visit: stay"
    stay = "{visit_occurrence: 9201, day: 0, until: 4, name: stay}"
    assert one(given, f"events: [{stay}, {{{row}, specialty: 38004456}}], expect: [1, 2]").holds
    assert one(given, f"events: [{stay}, {{{row}, specialty: 1}}], expect: none").holds
    assert one(
        given, f"events: [{stay}, {{{row.replace(', visit: stay', '')}, specialty: 38004456}}], expect: none"
    ).holds
    here = definition({"VisitOccurrence": {"PlaceOfService": [{"CONCEPT_ID": 8717}]}})
    assert one(
        here, "events: [{visit_occurrence: 9201, day: 0, until: 4, place_of_service: 8717}], expect: [0, 4]"
    ).holds


def test_death_is_a_day() -> None:
    assert one(definition({"Death": {}}), "died: 5, expect: [5, 6]").holds


def test_files_that_say_different_things_of_a_concept_do_not_disturb_each_other() -> None:
    events = "events: [{condition_occurrence: 77, day: 0}]"
    under = f"{HEAD}concepts: {{x: {{id: 77, under: 10}}}}, people: [{{person: a, {events}, expect: [0, 1]}}]}}"
    alone = f"{HEAD}people: [{{person: a, {events}, expect: none}}]}}"
    found = check({"under": case(BLED, under), "alone": case(BLED, alone)})
    assert [one.holds for name in ("under", "alone") for one in found[name]] == [True, True]


@pytest.mark.parametrize(
    ("person", "where", "text"),
    [
        ("events: [{condition_occurrence: Bledding, day: 0}], expect: none", "people.0.events.0.condition_occurrence",
         "no concept or concept set is called 'Bledding'; .* use one of 'Bleeding', 'Aspirin'"),
        ("events: [{conditions: 10, day: 0}], expect: none", "people.0.events.0", "names no table; write one of condition_era, "),
        ("events: [{death: 0, observation: 0, day: 0}], expect: none", "people.0.events.0", "names 2 tables"),
        ("events: [{condition_occurrence: 10}], expect: none", "people.0.events.0.day", "whole number of days"),
        ("events: [{measurement: 10, day: 0, until: 4}], expect: none", "people.0.events.0.until", "has no end"),
        ("events: [{measurement: 10, day: 0, value: 4}], expect: none", "people.0.events.0.value",
         "measurement has no column 'value'; accepted are day, source, name, visit, specialty and its columns"),
        ("events: [{measurement: 10, day: 0, value_as_number: high}], expect: none",
         "people.0.events.0.value_as_number", "of the kind 'number', which 'high' is not"),
        (f"events: [{{measurement: 10, day: 0, provider_id: {10**30}}}], expect: none",
         "people.0.events.0.provider_id", "beyond what a database holds"),
        ("events: [{measurement: 10, day: 0, visit: stay}], expect: none", "people.0.events.0.visit", "no visit of this person"),
        ("events: [{measurement: , day: 0}], expect: none", "people.0.events.0.measurement", "name a concept"),
        ("observed: [5, 4], expect: none", "people.0.observed", "ends before it starts"),
        ("expect: none, kept_out_by: a rule", "people.0.kept_out_by", "no inclusion rule is 'a rule'; accepted are 'rule 1', no_entry"),
        ("expect: [0, 1], kept_out_by: 1", "people.0.kept_out_by", "write expect: none"),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_definition_is_told_with_its_key(person: str, where: str, text: str) -> None:
    given = definition(condition(), rules=[group(occurs(drug(2)))])
    ((found_where, found_text),) = wrong(given, person)
    assert found_where == where
    assert re.search(text, found_text), found_text


def test_every_person_has_a_name_of_its_own_and_is_observed() -> None:
    twice = "{people: [{person: a, expect: none, observed: [0, 1]}, {person: a, expect: none}]}"
    with pytest.raises(Misfits) as misfits:
        check({"one": case(BLED, twice)})
    assert [(found.where, found.text.split(";")[0]) for found in misfits.value.found] == [
        (("people", 1), "observed is missing"),
        (("people", 1, "person"), "two people are called 'a'"),
    ]
