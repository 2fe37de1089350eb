"""Writes the cohort definitions of the shipped studies as ATLAS JSON: `python -m studies.build`.

ATLAS users read and change the JSON files; this script only saves typing the same layout again and again. A test
holds the two equal.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Json = dict[str, Any]
HERE = Path(__file__).parent

# id -> (name, domain, vocabulary, class, code), as the OMOP vocabularies have them.
CONCEPTS: Mapping[int, tuple[str, str, str, str, str]] = {
    9201: ("Inpatient Visit", "Visit", "Visit", "Visit", "IP"),
    262: ("Emergency Room and Inpatient Visit", "Visit", "Visit", "Visit", "ERIP"),
    32037: ("Intensive Care", "Visit", "Visit", "Visit", "OMOP4822460"),
    321042: ("Cardiac arrest", "Condition", "SNOMED", "Clinical Finding", "410429000"),
    4232320: ("Cardiopulmonary resuscitation", "Procedure", "SNOMED", "Procedure", "89666000"),
    4230167: ("Artificial respiration", "Procedure", "SNOMED", "Procedure", "40617009"),
    40487536: ("Intubation of respiratory tract", "Procedure", "SNOMED", "Procedure", "447996002"),
    1321341: ("norepinephrine", "Drug", "RxNorm", "Ingredient", "7512"),
    1507835: ("vasopressin (USP)", "Drug", "RxNorm", "Ingredient", "11149"),
    1343916: ("epinephrine", "Drug", "RxNorm", "Ingredient", "3992"),
    1337860: ("dopamine", "Drug", "RxNorm", "Ingredient", "3628"),
    4198190: ("Appendectomy", "Procedure", "SNOMED", "Procedure", "80146002"),
    4163971: ("Laparoscopic cholecystectomy", "Procedure", "SNOMED", "Procedure", "45595009"),
    4079713: ("Excision of colon", "Procedure", "SNOMED", "Procedure", "23968004"),
    4203771: ("Total replacement of hip", "Procedure", "SNOMED", "Procedure", "52734007"),
    4213045: ("Lumpectomy of breast", "Procedure", "SNOMED", "Procedure", "392021009"),
    4297155: ("Bilateral radical mastectomy", "Procedure", "SNOMED", "Procedure", "76468001"),
    4216130: ("Percutaneous coronary intervention", "Procedure", "SNOMED", "Procedure", "415070008"),
    4176643: ("Palliative procedure", "Procedure", "SNOMED", "Procedure", "362964009"),
    2000900001: ("Not for resuscitation (local code status)", "Observation", "Local", "Local", "DNR"),
    4092289: ("Livebirth", "Condition", "SNOMED", "Clinical Finding", "281050002"),
    4217975: ("Normal pregnancy", "Condition", "SNOMED", "Clinical Finding", "72892002"),
    4015701: ("Cesarean section", "Procedure", "SNOMED", "Procedure", "11466000"),
    1118084: ("celecoxib", "Drug", "RxNorm", "Ingredient", "140587"),
    1124300: ("diclofenac", "Drug", "RxNorm", "Ingredient", "3355"),
    192671: ("Gastrointestinal hemorrhage", "Condition", "SNOMED", "Clinical Finding", "74474003"),
}


def concept_set(number: int, name: str, *ids: int) -> Json:
    """A concept set of concepts with their descendants."""
    return {"id": number, "name": name, "expression": {"items": [_item(concept) for concept in ids]}}


def days(start: int | None, end: int | None, **flags: bool) -> Json:
    """A window from `start` to `end` days around the index (negative: before; None: all days)."""
    return {
        "Start": {**({} if start is None else {"Days": abs(start)}), "Coeff": -1 if start is None or start < 0 else 1},
        "End": {**({} if end is None else {"Days": abs(end)}), "Coeff": 1 if end is None or end >= 0 else -1},
        "UseEventEnd": flags.get("event_end", False),
        "UseIndexEnd": flags.get("index_end", False),
    }


def none_of(*criteria: Json, window: Json, end_window: Json | None = None) -> Json:
    """A group that holds when not one of the criteria has a row in the window."""
    return group(*[_counted(criterion, 0, 0, window, end_window) for criterion in criteria])


def at_least_one(criterion: Json, window: Json, end_window: Json | None = None) -> Json:
    """A group that holds when the criterion has a row in the window."""
    return group(_counted(criterion, 2, 1, window, end_window))


def group(*criteria: Json, demographic: Sequence[Json] = ()) -> Json:
    """All of the criteria."""
    return {"Type": "ALL", "CriteriaList": list(criteria), "DemographicCriteriaList": list(demographic), "Groups": []}


def adult() -> Json:
    """The rule on age."""
    return rule(
        "Aged 19 or over",
        "The age of majority in Korea; age is the year of the index date minus the year of birth.",
        group(demographic=[{"Age": {"Value": 19, "Op": "gte"}}]),
    )


def rule(name: str, description: str, expression: Json) -> Json:
    """An inclusion rule."""
    return {"name": name, "description": description, "expression": expression}


def expression(sets: Sequence[Json], entry: Sequence[Json], rules: Sequence[Json], **options: Any) -> Json:
    """A whole definition: each person's earliest entry that passes every rule.

    options: prior, post (days of observation needed), exit (days after the start or end date), exit_from.
    """
    return {
        "ConceptSets": list(sets),
        "PrimaryCriteria": {
            "CriteriaList": list(entry),
            "ObservationWindow": {"PriorDays": options["prior"], "PostDays": options.get("post", 0)},
            "PrimaryCriteriaLimit": {"Type": "All"},
        },
        "QualifiedLimit": {"Type": "First"},
        "ExpressionLimit": {"Type": "First"},
        "InclusionRules": list(rules),
        "EndStrategy": {"DateOffset": {"DateField": options["exit_from"], "Offset": options["exit"]}},
        "CensoringCriteria": [],
        "CollapseSettings": {"CollapseType": "ERA", "EraPad": 0},
        "CensorWindow": {},
        "cdmVersionRange": ">=5.3.0",
    }


def gi_bleed() -> dict[str, Json]:
    """New users of celecoxib or diclofenac with and without a gastrointestinal haemorrhage in 90 days."""
    sets = [
        concept_set(0, "Celecoxib or diclofenac", 1118084, 1124300),
        concept_set(1, "Gastrointestinal haemorrhage", 192671),
    ]
    bleed = {"ConditionOccurrence": {"CodesetId": 1}}
    entry = [{"DrugExposure": {"CodesetId": 0, "First": True}}]
    before = rule(
        "No gastrointestinal haemorrhage up to the first dispensing",
        "Any time before, and on the day itself: only first bleeds count, and what the drug cannot have caused does not.",
        none_of(bleed, window=days(None, 0)),
    )
    bled = rule(
        "Gastrointestinal haemorrhage 1 to 90 days after the first dispensing",
        "The outcome. It is dated after the index date, so nothing recorded up to the index date can contain it.",
        at_least_one(bleed, days(1, 90)),
    )
    spared = rule(
        "No gastrointestinal haemorrhage in the 90 days after the first dispensing",
        "Observed for all 90 days (entry asks for it), so that absence of a record means absence of a recorded bleed.",
        none_of(bleed, window=days(1, 90)),
    )
    ends = {"exit_from": "StartDate", "exit": 90, "prior": 365}
    return {
        "case": expression(sets, entry, [adult(), before, bled], **ends),
        "control": expression(sets, entry, [adult(), before, spared], post=90, **ends),
    }


def deterioration() -> dict[str, Json]:
    """Adult inpatients who deteriorate a day or more after admission, and inpatients who do not."""
    sets = [
        concept_set(0, "Inpatient stay", 9201, 262),
        concept_set(1, "Cardiac arrest", 321042),
        concept_set(2, "Resuscitation, ventilation, intubation", 4232320, 4230167, 40487536),
        concept_set(3, "Vasopressors", 1321341, 1507835, 1343916, 1337860),
        concept_set(4, "Intensive care", 32037),
        concept_set(
            5, "Major surgery and coronary intervention", 4198190, 4163971, 4079713, 4203771, 4213045, 4297155, 4216130
        ),
        concept_set(6, "Not for resuscitation", 2000900001),
        concept_set(7, "Palliative care", 4176643),
        concept_set(8, "Delivery or pregnancy", 4092289, 4217975),
        concept_set(9, "Caesarean section", 4015701),
    ]
    events: list[Json] = [
        {"ConditionOccurrence": {"CodesetId": 1}},
        {"ProcedureOccurrence": {"CodesetId": 2}},
        {"DrugExposure": {"CodesetId": 3}},
        {"VisitDetail": {"CodesetId": 4}},
    ]
    death: Json = {"Death": {}}
    stay = {"VisitOccurrence": {"CodesetId": 0}}
    inside = rule(
        "In an inpatient stay that began at least one day earlier",
        "The stay begins 1 to 60 days before the event and ends on its day or later: an event of the day of admission is no "
        "deterioration on the ward.",
        at_least_one(stay, days(-60, -1), days(0, None, event_end=True)),
    )
    first = rule(
        "No such event in the 30 days before",
        "The first event only. An admission straight into intensive care is left out by its intensive care on the first day.",
        none_of(*events, window=days(-30, -1)),
    )
    surgery = rule(
        "No major surgery on the day or the day before",
        "Intensive care and ventilation after an operation are planned, not a deterioration.",
        none_of({"ProcedureOccurrence": {"CodesetId": 5}}, window=days(-1, 0)),
    )
    intervals = {"exit_from": "StartDate", "exit": 0, "prior": 365}
    return {
        "case": expression(
            sets,
            [*events, death],
            [adult(), inside, first, surgery, _no_limit_of_care(), _not_obstetric()],
            **intervals,
        ),
        "control": expression(sets, [_third_day()], _control_rules(events, death), **intervals),
    }


def _third_day() -> Json:
    """A stay of three days or more (discharged three or more days after admission), entered on its third day.

    ATLAS measures the length after it has moved the start by two days, so that one day is asked for.
    """
    moved = {"StartWith": "START_DATE", "StartOffset": 2, "EndWith": "END_DATE", "EndOffset": 0}
    return {"VisitOccurrence": {"CodesetId": 0, "VisitLength": {"Value": 1, "Op": "gte"}, "DateAdjustment": moved}}


def _control_rules(events: list[Json], death: Json) -> list[Json]:
    until_discharge = days(None, 1, index_end=True)
    return [
        adult(),
        rule(
            "No deterioration from 30 days before until the day after discharge",
            "No arrest, resuscitation, ventilation, vasopressor or intensive care.",
            none_of(*events, window=days(-30, None), end_window=until_discharge),
        ),
        rule(
            "Alive until the day after discharge",
            "Death in hospital is a deterioration.",
            none_of(death, window=days(-30, None), end_window=until_discharge),
        ),
        rule(
            "No major surgery on the day or the day before",
            "As for the cases.",
            none_of({"ProcedureOccurrence": {"CodesetId": 5}}, window=days(-1, 0)),
        ),
        _no_limit_of_care(),
        _not_obstetric(),
    ]


def _no_limit_of_care() -> Json:
    return rule(
        "No order against resuscitation and no palliative care in the year before",
        "Those patients are treated by other aims. The code status is a concept of the site: replace it by your own.",
        none_of({"Observation": {"CodesetId": 6}}, {"ProcedureOccurrence": {"CodesetId": 7}}, window=days(-365, 0)),
    )


def _not_obstetric() -> Json:
    return rule(
        "Not an obstetric stay",
        "No pregnancy, delivery or caesarean section from 60 days before to 7 days after.",
        none_of(
            {"ConditionOccurrence": {"CodesetId": 8}}, {"ProcedureOccurrence": {"CodesetId": 9}}, window=days(-60, 7)
        ),
    )


def _counted(criterion: Json, kind: int, count: int, window: Json, end_window: Json | None) -> Json:
    """kind: 0 exactly, 2 at least."""
    counted = {
        "Criteria": criterion,
        "StartWindow": window,
        "Occurrence": {"Type": kind, "Count": count, "IsDistinct": False},
    }
    return counted if end_window is None else {**counted, "EndWindow": end_window}


def _item(concept: int) -> Json:
    name, domain, vocabulary, kind, code = CONCEPTS[concept]
    full = {
        "CONCEPT_ID": concept, "CONCEPT_NAME": name, "STANDARD_CONCEPT": "S", "STANDARD_CONCEPT_CAPTION": "Standard",
        "INVALID_REASON": "V", "INVALID_REASON_CAPTION": "Valid", "CONCEPT_CODE": code, "DOMAIN_ID": domain,
        "VOCABULARY_ID": vocabulary, "CONCEPT_CLASS_ID": kind,
    }  # fmt: skip
    return {"concept": full, "isExcluded": False, "includeDescendants": True, "includeMapped": False}


STUDIES = {"gi_bleed": gi_bleed, "deterioration": deterioration}


def text(definition: Json) -> str:
    """A definition as it stands in its file."""
    return json.dumps(definition, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write every definition over the one in its study's folder."""
    for study, build in STUDIES.items():
        for role, definition in build().items():
            (HERE / study / f"{role}.json").write_text(text(definition), encoding="utf-8")


if __name__ == "__main__":
    main()
