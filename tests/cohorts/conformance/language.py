"""The whole language once: each attribute of each kind of event, each window, count, group, limit and exit.

What can be asked of one event is asked as an inclusion rule: 60 rules make one definition, and the attrition by rule
combination shows for each rule which events keep it. What changes entries themselves has a definition of its own.
Concepts, dates and values are those of `tests.cohorts.tiny`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import cycle, product
from typing import Any, get_args

from cohorts.criteria.domains import DOMAINS
from cohorts.expression import criteria as kinds
from cohorts.expression.base import (
    Concept,
    ConceptSetSelection,
    DateAdjustment,
    DateRange,
    NumericRange,
    Period,
    TextFilter,
)
from tests.cohorts.generative.grammar import named
from tests.cohorts.small import Json, concept_set, days, group, occurs, window

RULES_AT_ONCE = 60
NOT_ANSWERED = {"effective_drug_dose", "dose_unit", "dose_unit_cs", "place_of_service_location"}
NOT_ALONE = {"codeset_id", "correlated_criteria", "criteria_list"}  # every criterion below has them
VALUES: Mapping[Any, tuple[Any, ...]] = {
    DateRange: (
        {"Value": "2010-09-01", "Op": "gt"},
        {"Value": "2010-06-01", "Extent": "2011-06-01", "Op": "!bt"},
        {"Value": "2011-01-01", "Extent": "2011-12-31", "Op": "bt"},
    ),
    NumericRange: ({"Value": 3, "Op": "lte"}, {"Value": 0.9, "Extent": 4.99995, "Op": "bt"}, {"Value": 2, "Op": "!eq"}),
    Concept: ([{"CONCEPT_ID": 1}, {"CONCEPT_ID": 3}, {"CONCEPT_ID": 9}],),
    ConceptSetSelection: (
        {"CodesetId": 2}, {"CodesetId": 2, "IsExclusion": True}, {"IsExclusion": True}, {"IsExclusion": False},
        {"CodesetId": 4, "IsExclusion": True},
    ),
    TextFilter: ({"Text": "al", "Op": "contains"}, {"Text": "%e", "Op": "!endsWith"}, {"Text": "_eta", "Op": "startsWith"}),
    Period: ({"StartDate": "2010-08-01"}, {"StartDate": "2010-08-01", "EndDate": "2010-10-01"}),
    DateAdjustment: (
        {"StartWith": "END_DATE", "StartOffset": -5, "EndWith": "END_DATE", "EndOffset": 9},
        {"StartWith": "START_DATE", "StartOffset": 3, "EndWith": "START_DATE", "EndOffset": 2},
    ),
    int: (2,),
    bool: (True,),
}  # fmt: skip
SETS = [
    concept_set(1, *range(1, 23)),
    concept_set(2, 1, 5, includeDescendants=True),
    concept_set(3, 10, includeDescendants=True),
    {"id": 4, "name": "empty", "expression": {"items": []}},
    concept_set(5, 5, 8, includeMapped=True, includeDescendants=True),
]
ANYTIME = window()
Named = tuple[str, Json]


def of_every_kind(**attributes: Any) -> Iterator[Named]:
    """A criterion of each kind with these attributes."""
    for kind, domain in DOMAINS.items():
        if kind == "CustomEra":
            yield (
                kind,
                {kind: {"CriteriaList": [{"ConditionOccurrence": {"CodesetId": 1}}], "GapDays": 20} | attributes},
            )
        else:
            yield kind, {kind: ({"CodesetId": 1} if domain.concept else {}) | attributes}


def with_each_attribute() -> Iterator[Named]:
    """A criterion of each kind with one attribute alone, for each attribute; values of its type in turn."""
    turns = {kind: cycle(values) for kind, values in VALUES.items()}
    for kind, plain in of_every_kind():
        for name, spelled, annotation in named(getattr(kinds, kind)):
            if name not in NOT_ANSWERED | NOT_ALONE:
                value = next(turns[type_of(annotation)])
                yield f"{kind}.{spelled} {value}", {kind: plain[kind] | {spelled: value}}


def type_of(annotation: Any) -> Any:
    """Which of VALUES an attribute holds; StopIteration for a type of which no values are known here."""
    return next(one for one in flat(annotation) if one in VALUES)


def flat(annotation: Any) -> Iterator[Any]:
    inner = get_args(annotation)
    for one in inner:
        yield from flat(one)
    if not inner:
        yield annotation


def rules() -> Iterator[Named]:
    """Every named group."""
    for (name, criterion), least in zip(with_each_attribute(), cycle((1, 2)), strict=False):
        yield f"{least} of {name}", group(occurs(criterion, 2, least, start=ANYTIME, IgnoreObservationPeriod=True))
    yield from windows()
    yield from counts()
    yield from groups()
    yield from people()


CONDITION: Json = {"ConditionOccurrence": {"CodesetId": 1}}
DRUG: Json = {"DrugExposure": {"CodesetId": 2}}


def windows() -> Iterator[Named]:
    sides = [
        {"Start": days(200, -1), "End": days(100, 1)}, {"Start": days(30, 1), "End": days(None, 1)},
        {"Start": days(None, -1), "End": days(0, 1)}, {"Start": days(None, 1), "End": days(None, -1)},
    ]  # fmt: skip
    flags = [{}, {"UseEventEnd": True}, {"UseIndexEnd": True}, {"UseEventEnd": False, "UseIndexEnd": True}]
    for (side, flag), ignored in zip(product(sides, flags), cycle((False, True, True)), strict=False):
        start = side | flag
        yield f"start {start} {ignored}", group(occurs(DRUG, start=start, IgnoreObservationPeriod=ignored))
        end = occurs(CONDITION, start=ANYTIME, end=start, IgnoreObservationPeriod=ignored)
        yield f"end {start} {ignored}", group(end)
    visit = {"VisitOccurrence": {}}
    yield "same visit", group(occurs(visit, start=ANYTIME, RestrictVisit=True))


def counts() -> Iterator[Named]:
    near = window(100, 100)
    for op, count in product((0, 1, 2), (-1, 0, 1, 2, 3)):
        yield f"count {op} {count}", group(occurs(DRUG, op, count, start=near))
    turns = cycle(((2, 2), (1, 1), (2, 3), (0, 0), (0, 1)))
    for kind, criterion in of_every_kind():
        for distinct in [*DOMAINS[kind].counts, "START_DATE", "END_DATE", "VISIT_ID"]:
            op, count = next(turns)
            asked = occurs(criterion, op, count, start=ANYTIME, distinct=distinct)
            yield f"distinct {kind} {distinct} {op} {count}", group(asked)


def groups() -> Iterator[Named]:
    near, never = occurs(DRUG, start=window(60, 60)), occurs(CONDITION, 0, 0, start=window(30, 30))
    old = {"Age": {"Value": 40, "Op": "gt"}}
    inner = group(near, never, kind="ANY")
    for kind, count in [("ALL", None), ("ANY", None), *product(("AT_LEAST", "AT_MOST"), (-1, 0, 1, 2, 5))]:
        yield (
            f"group {kind} {count}",
            group(near, never, kind=kind, count=count, people=(old,), groups=(inner, group())),
        )
        yield f"empty {kind} {count}", group(kind=kind, count=count)
        yield f"of groups {kind} {count}", group(kind=kind, count=count, groups=(inner, group()))


def people() -> Iterator[Named]:
    attributes = {
        "Age": VALUES[NumericRange], "Gender": VALUES[Concept], "GenderCS": VALUES[ConceptSetSelection],
        "Race": VALUES[Concept], "RaceCS": VALUES[ConceptSetSelection], "Ethnicity": VALUES[Concept],
        "EthnicityCS": VALUES[ConceptSetSelection], "OccurrenceStartDate": VALUES[DateRange],
        "OccurrenceEndDate": VALUES[DateRange],
    }  # fmt: skip
    for name, values in attributes.items():
        for value in values:
            yield f"person {name} {value}", group(people=({name: value},))
    yield "anybody", group(people=({},))


def whole(*primary: Json, **parts: Any) -> Json:
    """A definition; its entries end with their events."""
    limit, observed = parts.pop("limit", "All"), parts.pop("observed", (0, 0))
    given = [{"name": name, "expression": one} for name, one in parts.pop("rules", {}).items()]
    return {
        "ConceptSets": SETS,
        "PrimaryCriteria": {
            "CriteriaList": list(primary),
            "ObservationWindow": {"PriorDays": observed[0], "PostDays": observed[1]},
            "PrimaryCriteriaLimit": {"Type": limit},
        },
        "QualifiedLimit": {"Type": "All"},
        "ExpressionLimit": {"Type": "All"},
        "InclusionRules": given,
        "EndStrategy": {"DateOffset": {"DateField": "EndDate", "Offset": 0}},
    } | parts


def rule_definitions() -> Iterator[Named]:
    """Definitions of 60 rules each, asked of conditions."""
    every = list(rules())
    for first in range(0, len(every), RULES_AT_ONCE):
        asked = dict(every[first : first + RULES_AT_ONCE])
        yield str(first), whole({"ConditionOccurrence": {"CodesetId": 3}}, rules=asked)


def entry_definitions() -> Iterator[Named]:
    """Definitions that differ in what becomes of entries."""
    near = group(occurs(DRUG, start=window(90, 90)))
    first, nested = list(of_every_kind(First=True)), list(of_every_kind(CorrelatedCriteria=near))
    first = [(kind, one) for kind, one in first if kind != "Death"]
    for at in range(0, len(first), 4):
        yield f"first {at}", whole(*(one for _, one in first[at : at + 4]))
    for at in range(0, len(nested), 4):
        yield f"nested {at}", whole(*(one for _, one in nested[at : at + 4]), limit=("All", "First", "Last")[at % 3])
    several = [("All", *rest) for rest in product(("All", "First", "Last"), repeat=2)]
    for primary, qualified, last in [*several, ("First", "Last", "Last"), ("Last", "First", "First")]:
        limits = {"limit": primary, "QualifiedLimit": {"Type": qualified}, "ExpressionLimit": {"Type": last}}
        yield (
            f"limits {primary} {qualified} {last}",
            whole(CONDITION, DRUG, AdditionalCriteria=near, rules={"r": near}, **limits),
        )
    yield "observed", whole(CONDITION, observed=(120, 60))
    yield from exits()


def exits() -> Iterator[Named]:
    for field, offset in product(("StartDate", "EndDate"), (-20, 0, 40)):
        yield (
            f"offset {field} {offset}",
            whole(CONDITION, EndStrategy={"DateOffset": {"DateField": field, "Offset": offset}}),
        )
    for supply in ({}, {"DaysSupplyOverride": 12}):
        era = {"DrugCodesetId": 1, "GapDays": 20, "Offset": 5, **supply}
        yield f"drug era {supply}", whole(DRUG, EndStrategy={"CustomEra": era}, CensoringCriteria=[{"Death": {}}])
    for pad in (-3, 0, 30, 400):
        yield f"pad {pad}", whole(CONDITION, DRUG, CollapseSettings={"CollapseType": "ERA", "EraPad": pad})
    for period in VALUES[Period]:
        yield f"window {period}", whole(CONDITION, CensorWindow=period)
    yield "censored", whole(CONDITION, EndStrategy=None, CensoringCriteria=[DRUG, {"VisitOccurrence": {"First": True}}])
