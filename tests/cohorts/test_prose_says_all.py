"""Nothing of a definition is left out: what changes the people changes the words, and so does every attribute."""

from __future__ import annotations

import copy
import json
import os
import types
import typing
from dataclasses import fields, is_dataclass, replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from cdm.errors import BadInput
from cohorts.expression import base, criteria, groups, parse
from cohorts.plan.build import build
from cohorts.plan.nodes import Check, Group
from cohorts.prose import explain
from cohorts.prose.words import KINDS, Lang
from tests.cohorts.generative.grammar import named
from tests.cohorts.small import concept_set, condition, definition, drug, group, occurs
from tests.cohorts.strategies import expressions

Json = dict[str, Any]
LANGUAGES: tuple[Lang, ...] = ("en", "ko")
SETS = [concept_set(n, 100 + n) for n in range(6)]


def said(given: Json) -> tuple[str, ...]:
    expression = parse(json.dumps(given), "given")
    return tuple(explain(expression, lang) for lang in LANGUAGES)


def differ(*given: Json) -> bool:
    """Whether all of these are said differently, in each language."""
    return all(len(set(texts)) == len(given) for texts in zip(*map(said, given), strict=True))


# Two values of every type of attribute.
VALUES: dict[object, tuple[Any, Any]] = {
    base.NumericRange: ({"Value": 3, "Op": "gt"}, {"Value": 3, "Op": "bt", "Extent": 5}),
    base.DateRange: ({"Value": "2011-02-03", "Op": "lt"}, {"Value": "2011-02-04", "Op": "lt"}),
    base.TextFilter: ({"Text": "abc", "Op": "contains"}, {"Text": "abc", "Op": "!startsWith"}),
    base.ConceptSetSelection: ({"CodesetId": 1}, {"CodesetId": 1, "IsExclusion": True}),
    base.Period: ({"StartDate": "2011-02-03"}, {"StartDate": "2011-02-03", "EndDate": "2012-01-01"}),
    base.DateAdjustment: ({"StartOffset": 5}, {"StartOffset": 5, "EndOffset": 7, "EndWith": "START_DATE"}),
    base.Concept: ([{"CONCEPT_ID": 7, "CONCEPT_NAME": "seven"}], [{"CONCEPT_ID": 8, "CONCEPT_NAME": "eight"}]),
    groups.CriteriaGroup: (group(occurs(drug())), group(occurs(drug()), kind="AT_MOST", count=0)),
    groups.Criterion: ([condition(1)], [condition(1), drug(2)]),
    int: (1, 2),
}  # fmt: skip


def kinds_of(annotation: Any) -> list[Any]:
    """The types in an annotation."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType, tuple, typing.Annotated):
        return [kind for one in typing.get_args(annotation) for kind in kinds_of(one)]
    return [annotation]


def attributes(model: type[BaseModel]) -> list[tuple[str, Any]]:
    """(name in JSON, type) of every attribute, those that only turn another one around left out."""
    found = []
    for name, spelled, annotation in named(model):
        (kind, *_) = [k for k in kinds_of(annotation) if k in VALUES or k is bool]
        if not name.endswith("_exclude"):
            found.append((spelled, kind))
    return found


EVENTS = [
    kind
    for field in groups.Criterion.model_fields.values()
    for kind in kinds_of(field.annotation)
    if isinstance(kind, type) and issubclass(kind, criteria.Event)
]
OF_EVENTS = [(event, name, kind) for event in EVENTS for name, kind in attributes(event)]


def test_there_are_words_for_every_kind_of_event() -> None:
    assert {event.__name__ for event in EVENTS} == set(KINDS)


@pytest.mark.parametrize(("event", "name", "kind"), OF_EVENTS, ids=lambda x: getattr(x, "__name__", str(x)))
def test_every_attribute_of_every_kind_of_event_is_said(event: type[criteria.Event], name: str, kind: Any) -> None:
    plain: Json = {"CriteriaList": [condition(1)]} if event is criteria.CustomEra else {}
    values = [True] if kind is bool else [*VALUES[kind]]
    if (event, name) == (
        criteria.CustomEra,
        "CorrelatedCriteria",
    ):  # ATLAS applies none of them: that is all that is said
        values = values[:1]
    bodies = [plain, *({**plain, name: value} for value in values)]
    if name == "CriteriaList":
        bodies = bodies[1:]
    assert differ(*(definition({event.__name__: body}, ConceptSets=SETS) for body in bodies))
    ruled = [definition(condition(0), rules=[group(occurs({event.__name__: b}))], ConceptSets=SETS) for b in bodies]
    assert differ(*ruled)


@pytest.mark.parametrize("event", [e for e in EVENTS if any(n.endswith("_exclude") for n in e.model_fields)])
def test_an_excluded_kind_of_record_is_said(event: type[criteria.Event]) -> None:
    (name,) = [spelled for n, spelled, _ in named(event) if n.endswith("_exclude")]
    body = {name.removesuffix("Exclude"): [{"CONCEPT_ID": 7, "CONCEPT_NAME": "seven"}]}
    assert differ(*(definition({event.__name__: {**body, name: flag}}) for flag in (False, True)))


@pytest.mark.parametrize(("name", "kind"), attributes(groups.DemographicCriteria))
def test_every_demographic_is_said(name: str, kind: Any) -> None:
    people = [{}, *({name: value} for value in VALUES[kind])]
    assert differ(*(definition(condition(), rules=[group(people=(one,))], ConceptSets=SETS) for one in people))


WINDOW = {"Start": {"Days": 5, "Coeff": -1}, "End": {"Days": 7, "Coeff": 1}, "UseEventEnd": False, "UseIndexEnd": False}
PLAIN = {
    "Criteria": condition(1), "StartWindow": WINDOW, "EndWindow": {**WINDOW, "UseEventEnd": True},
    "Occurrence": {"Type": 2, "Count": 2, "IsDistinct": True, "CountColumn": "START_DATE"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("steps", "value"),
    [
        *(((window, side, key), value) for window in ("StartWindow", "EndWindow") for side in ("Start", "End")
          for key, value in (("Days", 6), ("Days", None), ("Coeff", 1 if side == "Start" else -1))),
        *(((window, key), True) for window in ("StartWindow", "EndWindow") for key in ("UseIndexEnd",)),
        (("StartWindow", "UseEventEnd"), True), (("EndWindow", "UseEventEnd"), False), (("EndWindow",), None),
        (("Occurrence", "Type"), 0), (("Occurrence", "Type"), 1), (("Occurrence", "Count"), 3), (("Occurrence", "Count"), 0),
        (("Occurrence", "IsDistinct"), False), (("Occurrence", "CountColumn"), "END_DATE"), (("RestrictVisit",), True),
        (("IgnoreObservationPeriod",), True), (("Criteria",), condition(2)), (("Criteria",), drug(1)),
    ],
    ids=str,
)  # fmt: skip
def test_every_part_of_a_counted_criterion_is_said(steps: tuple[str, ...], value: Any) -> None:
    assert differ(*(definition(condition(), rules=[group(one)]) for one in (PLAIN, changed(PLAIN, steps, value))))


@pytest.mark.parametrize("column", typing.get_args(groups.CountColumn))
def test_every_column_of_a_distinct_count_is_said(column: str) -> None:
    plain = changed(PLAIN, ("Occurrence", "IsDistinct"), False)
    assert differ(*(
        definition(condition(), rules=[group(one)])
        for one in (plain, changed(PLAIN, ("Occurrence", "CountColumn"), column))
    ))  # fmt: skip


def test_the_kind_of_a_group_its_count_and_its_members_are_said() -> None:
    one, two = occurs(condition(1)), occurs(drug(2))
    several = [
        group(one, two), group(one, two, kind="ANY"), group(one, two, kind="AT_LEAST", count=2),
        group(one, two, kind="AT_MOST", count=1), group(one, two, kind="AT_MOST", count=0),
        group(one, two, kind="AT_LEAST", count=0), group(one), group(one, groups=(group(two, two),)),
        group(one, groups=(group(two, two, kind="ANY"),)), group(one, two, groups=(group(),)), group(),
    ]  # fmt: skip
    assert differ(*(definition(condition(), rules=[each]) for each in several))


WHOLE = definition(
    condition(1), rules=[group(occurs(drug(2)))], AdditionalCriteria=group(occurs(condition(2))), prior=30, post=40,
    EndStrategy={"DateOffset": {"DateField": "StartDate", "Offset": 5}}, CensoringCriteria=[condition(3)],
    CollapseSettings={"CollapseType": "ERA", "EraPad": 9}, CensorWindow={"StartDate": "2010-01-01", "EndDate": "2012-01-01"},
    Title="A title", cdmVersionRange=">=5.3.0",
)  # fmt: skip
WHOLE["InclusionRules"][0] |= {"name": "a rule", "description": "what it is for"}
ERA = {"CustomEra": {"DrugCodesetId": 2, "GapDays": 3, "Offset": 4, "DaysSupplyOverride": 5}}


@pytest.mark.parametrize(
    ("steps", "value"),
    [
        (("Title",), "Another"), (("cdmVersionRange",), ">=5.4.0"), (("PrimaryCriteria", "CriteriaList"), [drug(2)]),
        (("PrimaryCriteria", "ObservationWindow", "PriorDays"), 31), (("PrimaryCriteria", "ObservationWindow", "PostDays"), 41),
        *((("PrimaryCriteria", "PrimaryCriteriaLimit", "Type"), kind) for kind in ("First", "Last")),
        *(((limit, "Type"), kind) for limit in ("QualifiedLimit", "ExpressionLimit") for kind in ("First", "Last")),
        (("AdditionalCriteria",), None), (("AdditionalCriteria",), group(occurs(condition(3)))),
        (("InclusionRules", 0, "name"), "another"), (("InclusionRules", 0, "description"), "another"),
        (("InclusionRules",), []), (("EndStrategy",), None), (("EndStrategy",), ERA),
        (("EndStrategy", "DateOffset", "DateField"), "EndDate"), (("EndStrategy", "DateOffset", "Offset"), -6),
        (("CensoringCriteria",), []), (("CensoringCriteria",), [drug(3)]), (("CollapseSettings", "EraPad"), 10),
        (("CollapseSettings", "EraPad"), 0), (("CensorWindow", "StartDate"), "2010-01-02"), (("CensorWindow", "EndDate"), ""),
        (("CensorWindow",), {}), (("ConceptSets", 0, "name"), "other"),
        (("ConceptSets", 0, "expression", "items", 0, "isExcluded"), True),
        (("ConceptSets", 0, "expression", "items", 0, "includeDescendants"), True),
        (("ConceptSets", 0, "expression", "items", 0, "includeMapped"), True),
        (("ConceptSets", 0, "expression", "items", 0, "concept", "CONCEPT_ID"), 11),
        (("ConceptSets", 0, "expression", "items", 0, "concept", "CONCEPT_NAME"), "eleven"),
    ],
    ids=str,
)  # fmt: skip
def test_every_part_of_the_whole_is_said(steps: tuple[str | int, ...], value: Any) -> None:
    assert differ(WHOLE, changed(WHOLE, steps, value))


@pytest.mark.parametrize("name", ["DrugCodesetId", "GapDays", "Offset", "DaysSupplyOverride"])
def test_every_part_of_a_drug_exit_is_said(name: str) -> None:
    more = {"CustomEra": {**ERA["CustomEra"], name: 1}}
    assert differ(*(changed(WHOLE, ("EndStrategy",), era) for era in (ERA, more)))


def changed(given: Json, steps: tuple[str | int, ...], value: Any) -> Json:
    """The same with another value there; None takes the key away."""
    other = copy.deepcopy(given)
    node: Any = other
    for step in steps[:-1]:
        node = node[step]
    if value is None:
        del node[steps[-1]]
    else:
        node[steps[-1]] = value
    return other


# --- generated


def leaves(node: Any, steps: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], Any]]:
    """Every single value of a definition."""
    if isinstance(node, dict | list):
        items = node.items() if isinstance(node, dict) else enumerate(node)
        return [leaf for key, value in items for leaf in leaves(value, (*steps, key))]
    return [(steps, node)]


def another(value: Any) -> list[Any]:
    """Other values of the kind."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [value + 1, -value, value - 1]
    if isinstance(value, str) and value[:3] == "201":
        return [str(date(2011, 3, 4)), str(date(2012, 3, 4))]
    choices = [
        ["ALL", "ANY", "AT_LEAST", "AT_MOST"], ["All", "First", "Last"], ["START_DATE", "END_DATE"], ["StartDate", "EndDate"],
        ["gt", "gte", "lt", "lte", "eq", "!eq"], ["bt", "!bt"], ["contains", "!contains", "startsWith", "endsWith"],
    ]  # fmt: skip
    return [other for several in choices if value in several for other in several if other != value]


def meaning(given: Any) -> Any:
    """A plan without what bears on nobody: the kind of a group without members, or with one that simply has to hold."""
    if isinstance(given, Group):
        kind, count = given.kind, given.count if given.kind.startswith("AT_") else 0
        if kind == "AT_LEAST" and count in (1, -1):
            kind, count = "ANY", 0
        if given.size == 0 or (given.size == 1 and kind in ("ALL", "ANY")):
            kind, count = "ALL", 0
        return (kind, count, meaning(given.checks), meaning(given.people), meaning(given.groups))
    if isinstance(given, Check) and given.op == 1 and given.count == 0:  # at most 0 is exactly 0
        given = replace(given, op=0)
    if isinstance(given, tuple):
        return tuple(meaning(one) for one in given)
    if is_dataclass(given) and not isinstance(given, type):
        return (type(given), *(meaning(getattr(given, field.name)) for field in fields(given)))
    return given


@settings(
    max_examples=int(os.environ.get("EXAMPLES", "120")), derandomize="EXAMPLES" not in os.environ, database=None, deadline=None,
    phases=[Phase.generate], suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(data=st.data(), expression=expressions())
def test_what_changes_the_plan_changes_the_words(data: st.DataObject, expression: Json) -> None:
    places = [(steps, other) for steps, value in leaves(expression) for other in another(value)]
    steps, value = data.draw(st.sampled_from(places))
    other = changed(expression, steps, value)
    try:
        plans = [build({"x": parse(json.dumps(one), "x")}) for one in (expression, other)]
    except BadInput:
        return
    if meaning(plans[0]) != meaning(plans[1]):
        note(str(steps))
        assert differ(expression, other), (steps, value)
