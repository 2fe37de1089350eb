"""Every attribute by itself, where it matters: a definition of one criterion whose rows are others without the attribute.

Generated definitions have each of some 330 attributes once in a hundred, and it changes the rows once in a thousand. Here
the reference, which is quick, looks for a value and a tiny hospital where it does; then all three are asked.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.cohorts import reference
from tests.cohorts.generative.answers import place
from tests.cohorts.generative.attributes import SETS, few_concepts, makers
from tests.cohorts.generative.definitions import concept_set
from tests.cohorts.generative.dice import Dice, Json
from tests.cohorts.generative.grammar import kinds
from tests.cohorts.reference.kinds import KINDS

PLACES = (1, 2, 3)
THROWS = 60
# What circe-be does not look at; test_circe_differences.py has a test for each.
WITHOUT_EFFECT = {("Specimen", "SpecimenSourceConcept"), ("Specimen", "DateAdjustment"), ("CustomEra", "GapDays")}
# Counted by itself, each is another one; or, of a tiny hospital, nearly so.
ALL_DIFFERENT = {("VisitDetail", "VISIT_DETAIL_ID"), ("PayerPlanPeriod", "DURATION"), ("CustomEra", "DURATION")}
OF_EVERY_KIND = ("START_DATE", "END_DATE", "VISIT_ID")  # counted the same way whatever the kind


@dataclass(frozen=True)
class Single:
    """A definition in which one thing matters, and the tiny hospital where it does."""

    name: str
    definition: Json
    place: int


def things() -> list[tuple[str, str]]:
    """Every attribute of every kind and of a person, and every column that can be counted."""
    kinds_and_people = (*kinds(), "DemographicCriteria")
    attributes = [(kind, name) for kind in kinds_and_people for name in makers(kind)]
    counts = [(kind, column) for kind in kinds() for column in KINDS[kind].counts]
    dates = [(kind, column) for kind in ("ConditionOccurrence", "Measurement") for column in OF_EVERY_KIND]
    return [one for one in (*attributes, *counts, *dates) if one not in WITHOUT_EFFECT | ALL_DIFFERENT]


def single(seed: int, kind: str, what: str) -> Single | None:
    """A definition in which this matters; None if none of a few throws gave one."""
    for throw in range(THROWS):
        dice = Dice(f"{seed}:{kind}.{what}:{throw}")
        where = dice.pick_of(PLACES)
        with_it, without_it = _pair(dice, kind, what)
        found, other = (reference.cohort(one, place(where).rows).rows for one in (with_it, without_it))
        if found and other and found != other:
            return Single(f"{kind}.{what}", with_it, where)
    return None


def _pair(dice: Dice, kind: str, what: str) -> tuple[Json, Json]:
    """A definition with the attribute or count, and one without."""
    sets = [concept_set(dice, number) for number in range(SETS)]
    if kind == "DemographicCriteria":
        asked = {what: makers(kind)[what](dice)}
        return _whole(sets, {"ConditionOccurrence": {}}, {"DemographicCriteriaList": [asked]}), _whole(
            sets, {"ConditionOccurrence": {}}
        )
    bare: Json = {"CriteriaList": [{"ConditionOccurrence": {}}, {"DrugExposure": {}}]} if kind == "CustomEra" else {}
    if what in makers(kind):
        asked = bare | {what: makers(kind)[what](dice)}
        if what.endswith("Exclude"):
            bare = bare | {what.removesuffix("Exclude"): few_concepts(dice)}
            asked = bare | {what: True}
        return _whole(sets, {kind: asked}), _whole(sets, {kind: bare})
    count = {"Type": dice.pick(0, 1, 2), "Count": dice.number(1, 5)}
    distinct = count | {"IsDistinct": True, "CountColumn": what}
    by_value, by_event = (
        _whole(sets, {"ConditionOccurrence": {}}, _counted({kind: bare}, one)) for one in (distinct, count)
    )
    return by_value, by_event


def _counted(criterion: Json, occurrence: Json) -> Json:
    window = {"Start": {"Coeff": -1}, "End": {"Coeff": 1}}
    return {"CriteriaList": [{"Criteria": criterion, "StartWindow": window, "Occurrence": occurrence}]}


def _whole(sets: list[Json], criterion: Json, rule: Json | None = None) -> Json:
    everything = {"Type": "All"}
    return {
        "ConceptSets": sets,
        "PrimaryCriteria": {"CriteriaList": [criterion], "ObservationWindow": {}, "PrimaryCriteriaLimit": everything},
        "QualifiedLimit": everything,
        "ExpressionLimit": everything,
        "InclusionRules": [{"name": "rule", "expression": {"Type": "ALL"} | rule}] if rule else [],
        "EndStrategy": {"DateOffset": {"DateField": "StartDate", "Offset": 0}},
    }
