"""Whole definitions over the whole language; weights let most of them find somebody."""

from __future__ import annotations

from collections.abc import Sequence

from tests.cohorts.generative.attributes import (
    CONCEPTS,
    SETS,
    censor_window,
    codeset,
    concept,
    few_concepts,
    makers,
)
from tests.cohorts.generative.dice import Dice, Json
from tests.cohorts.generative.grammar import kinds
from tests.cohorts.reference.kinds import KINDS

COMMON = ("ConditionOccurrence", "DrugExposure", "Measurement", "VisitOccurrence")
BROAD = (1, 5, 8, 10)  # concepts with descendants


def definition(dice: Dice) -> Json:
    """A definition that Naru reads. Keys that may be left out, are at times."""
    found: Json = {
        "ConceptSets": [concept_set(dice, number) for number in range(SETS)],
        "PrimaryCriteria": _primary(dice),
    }
    for name in ("QualifiedLimit", "ExpressionLimit"):
        if not dice.one_in(8):
            found[name] = (
                {"Type": None} if dice.one_in(20) else _limit(dice)
            )  # of the primary limit circe takes no null
    if dice.one_in(2):
        rules = dice.several(lambda d: group(d, depth=2), 1, dice.pick(1, 1, 2, 2, 3))
        found["InclusionRules"] = [{"name": f"rule {n}", "expression": one} for n, one in enumerate(rules, 1)]
    found |= dice.some({"AdditionalCriteria": lambda d: group(d, depth=1)}, one_in=4)
    found |= dice.some({"EndStrategy": _end_strategy}, one_in=2)
    found |= dice.some({"CensoringCriteria": lambda d: d.several(lambda e: criterion(e, depth=1), 1, 2)}, one_in=5)
    pads = (0, 0, 1, 30, 180, -3)
    found |= dice.some({"CensorWindow": censor_window}, one_in=4)
    if not dice.one_in(4):
        found["CollapseSettings"] = {"CollapseType": "ERA", "EraPad": dice.pick_of(pads)}
    return found


def _primary(dice: Dice) -> Json:
    window = {"PriorDays": dice.pick(0, 0, 0, 0, 0, 30, 200), "PostDays": dice.pick(0, 0, 0, 30)}
    found: Json = {
        "CriteriaList": dice.several(
            lambda d: criterion(d, depth=1, one_in=30, any_concept=2), 1, dice.pick(1, 2, 3, 4)
        ),
        "ObservationWindow": {name: number for name, number in window.items() if number or dice.flag()},
    }
    return found | ({} if dice.one_in(10) else {"PrimaryCriteriaLimit": _limit(dice)})


def _limit(dice: Dice) -> Json:
    return {} if dice.one_in(12) else {"Type": dice.pick(*["All"] * 5, "all", "First", "Last", "last")}


def concept_set(dice: Dice, number: int) -> Json:
    items = []
    for _ in range(0 if dice.one_in(15) else dice.pick(1, 2, 2, 3, 4)):
        broad = not dice.one_in(3)
        item: Json = {"concept": concept(dice.pick_of(BROAD if broad else CONCEPTS))}
        item |= {"isExcluded": True} if dice.one_in(8) else {}
        item |= {"includeDescendants": True} if broad or dice.one_in(3) else {}
        items.append(item | ({"includeMapped": True} if dice.one_in(5) else {}))
    return {"id": number, "name": f"set {number}", "expression": {"items": items}}


def criterion(dice: Dice, depth: int, one_in: int = 14, any_concept: int = 3, of: Sequence[str] = ()) -> Json:
    """One criterion.

    depth: how deeply groups may still nest in it. one_in: how rare its attributes are. any_concept: of how many one does
    without a concept set.
    """
    kind = dice.pick_of(of or (*kinds(), *COMMON, *COMMON))
    own = dict(makers(kind))
    found: Json = {}
    if "CodesetId" in own and not dice.one_in(any_concept):
        found |= dice.some({"CodesetId": own["CodesetId"]}, one_in=1)
    for name, rare in (("First", 6), ("DateAdjustment", 10)):
        make = own.pop(name, None)
        if make and dice.one_in(rare):
            found |= dice.some({name: make}, one_in=1)
    own.pop("CodesetId", None)
    found |= dice.some(own, one_in)
    found |= {name: few_concepts(dice) for name in _excluded(found) if name not in found}
    if kind == "CustomEra":
        inner = [name for name in kinds() if name != "CustomEra"]
        found["CriteriaList"] = dice.several(lambda d: criterion(d, max(depth - 1, 0), one_in, of=inner), 1, 3)
    if depth > 0 and dice.one_in(5):
        found["CorrelatedCriteria"] = group(dice, depth - 1)
    return {kind: found}


def _excluded(given: Json) -> list[str]:
    """The lists that a flag turns around; a flag by itself does nothing."""
    return [name.removesuffix("Exclude") for name in given if name.endswith("Exclude")]


def group(dice: Dice, depth: int) -> Json:
    kind = dice.pick("ALL", "ANY", "ANY", "any", "AT_LEAST", "AT_MOST")
    few = dice.pick(1, 2, 2, 3) if depth else dice.pick(1, 1, 2)
    found: Json = {"Type": kind, "CriteriaList": dice.several(lambda d: correlated(d, depth), 0, few)}
    if dice.one_in(4):
        found["DemographicCriteriaList"] = dice.several(_demographic, 0, 1)
    if depth > 0 and dice.one_in(3):
        found["Groups"] = dice.several(lambda d: group(d, depth - 1), 0, 2)
    if kind.startswith("AT_") or dice.one_in(10):
        found["Count"] = -1 if dice.one_in(20) else dice.pick(0, 1, 1, 1, 2, 3)
    if not found["CriteriaList"] and dice.flag():
        del found["CriteriaList"]
    return found


def _demographic(dice: Dice) -> Json:
    return dice.some(makers("DemographicCriteria"), one_in=5)


def correlated(dice: Dice, depth: int) -> Json:
    """A criterion, its windows, and how often it has to occur."""
    asked = criterion(dice, depth if dice.one_in(3) else 0)
    (kind,) = asked
    found: Json = {"Criteria": asked, "StartWindow": window(dice), "Occurrence": _occurrence(dice, kind)}
    found |= dice.some({"EndWindow": window}, one_in=6)
    found |= dice.some({"RestrictVisit": Dice.flag}, one_in=6)
    return found | dice.some({"IgnoreObservationPeriod": Dice.flag}, one_in=2)


def _occurrence(dice: Dice, kind: str) -> Json:
    found: Json = {"Type": dice.pick(0, 1, 1, 2, 2, 2, 2), "Count": dice.pick(0, 1, 1, 1, 1, 1, 2, 3)}
    if dice.one_in(40):
        found["Count"] = -1
    if dice.one_in(5):
        found["IsDistinct"] = True
        columns = (*KINDS[kind].counts, "START_DATE", "END_DATE", "VISIT_ID")
        named = not ("DOMAIN_CONCEPT" in columns and dice.one_in(8))  # unnamed, it is the concept
        found |= {"CountColumn": dice.pick_of(columns)} if named else {}
    return found


def window(dice: Dice) -> Json:
    """Mostly from before to after, as authors mean it."""
    if dice.one_in(4):
        ends = [_endpoint(dice, dice.pick(-1, -1, 1, 1, 0)), _endpoint(dice, dice.pick(-1, -1, 1, 1, 0))]
    else:
        ends = [_endpoint(dice, -1), _endpoint(dice, 1)]
    flags = {"UseIndexEnd": Dice.flag, "UseEventEnd": Dice.flag}
    return {"Start": ends[0], "End": ends[1]} | dice.some(flags, one_in=4)


def _endpoint(dice: Dice, coeff: int) -> Json:
    found: Json = {"Coeff": coeff} if coeff or dice.flag() else {}
    if dice.one_in(3):
        return found | ({"Days": None} if dice.flag() else {})
    return found | {"Days": dice.pick(0, 1, 7, 30, 365, dice.int(0, 400), dice.int(0, 400), -10)}


def _end_strategy(dice: Dice) -> Json:
    if dice.flag():
        offset = {"Offset": dice.pick(0, 1, 30, dice.int(0, 90), dice.int(-20, -1))}
        return {"DateOffset": offset | ({"DateField": dice.pick("StartDate", "EndDate")} if not dice.one_in(6) else {})}
    found: Json = {"DrugCodesetId": codeset(dice)}
    found |= {"GapDays": dice.int(0, 60)} if not dice.one_in(6) else {}
    found |= {"Offset": dice.pick(0, dice.int(0, 20), -2)} if not dice.one_in(6) else {}
    return {"CustomEra": found | dice.some({"DaysSupplyOverride": lambda d: d.int(0, 40)}, one_in=3)}
