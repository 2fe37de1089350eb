"""Values for every attribute: mostly such that something in a tiny CDM fits them, once in a while odd ones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from typing import Any

from tests.cohorts.generative.dice import Dice, Json
from tests.cohorts.generative.grammar import attributes
from tests.cohorts.tiny import CONCEPTS, SPAN, TEXTS

Make = Callable[[Dice], Any]
SETS = 6  # concept sets 0..5 of every definition
NESTED = ("CorrelatedCriteria", "CriteriaList")  # definitions.py makes these


@cache
def makers(kind: str) -> dict[str, Make]:
    """A maker for each attribute of a kind, but those that nest."""
    return {name: _maker(name, sort) for name, sort in attributes(kind).items() if name not in NESTED}


def _maker(name: str, sort: str) -> Make:
    if sort == "NumericRange":
        return _number_range(name)
    if sort == "Concepts":
        return wide_concepts if name in {"ProviderSpecialty", "VisitType", "PlaceOfService"} else few_concepts
    return {
        "DateRange": date_range,
        "TextFilter": text_filter,
        "ConceptSetSelection": selection,
        "Flag": Dice.flag,
        "CodesetRef": codeset,
        "Period": period,
        "DateAdjustment": adjustment,
        "Days": lambda dice: dice.number(0, 60),
    }[sort]


def day(dice: Dice) -> str:
    return str(date(2010, 1, 1) + timedelta(days=dice.number(-40, SPAN + 40)))


def codeset(dice: Dice) -> int:
    return dice.number(0, SETS - 1)


def _range(dice: Dice, one: Any, other: Any) -> Json:
    """Half-open ranges are the rule: an equality rarely finds anything."""
    low, high = sorted([one, other])
    op = dice.pick("gt", "gte", "gte", "gte", "lt", "lte", "lte", "lte", "bt", "bt", "eq", "!eq", "!eq", "!bt")
    if op.endswith("bt"):
        return {"Value": low, "Extent": high, "Op": op}
    return {"Value": high if op.startswith("l") else low, "Op": op}


def date_range(dice: Dice) -> Json:
    found = _range(dice, day(dice), day(dice))
    return found | ({"Extent": ""} if "Extent" not in found and dice.one_in(10) else {})


def _number_range(name: str) -> Make:
    low, high = 0, 8
    odd: tuple[float, ...] = (0.5, 1.25, 2.7, 4.99995, 2.00004, -0.5, 7.5)
    if name.startswith("Age"):
        low, high, odd = 10, 75, (30.9, -3)
    elif name == "PeriodLength":
        low, high, odd = 0, SPAN, (99.5, -1)
    elif name in {"EraLength", "VisitLength", "VisitDetailLength", "Duration", "GapDays", "DaysSupply"}:
        low, high, odd = -3, 60, (13.7, -0.5, 0, 1, 5, 14, 30)

    def made(dice: Dice) -> Json:
        one, other = (dice.pick_of(odd) if dice.one_in(4) else dice.number(low, high) for _ in range(2))
        return _range(dice, one, other)

    return made


def text_filter(dice: Dice) -> Json:
    text = dice.pick(*TEXTS[:5], "al", "a", "e", "e", "%", "_eta", "neil", "x", "\\'n", "")
    ops = ("contains", "startsWith", "endsWith", "eq")
    return {"Text": text, "Op": dice.pick("", "!") + dice.pick_of(ops)}


def concept(number: int) -> Json:
    return {"CONCEPT_ID": number, "CONCEPT_NAME": f"concept {number}"}


def few_concepts(dice: Dice) -> list[Json]:
    """Of the columns that hold 1..5; an empty list asks for nothing."""
    return [concept(dice.number(1, 5)) for _ in range(dice.pick(0, 1, 2, 3, 4, 5))]


def wide_concepts(dice: Dice) -> list[Json]:
    return [concept(dice.pick_of(CONCEPTS)) for _ in range(dice.number(1, 14))]


def selection(dice: Dice) -> Json:
    found: Json = {} if dice.one_in(5) else {"IsExclusion": dice.flag()}
    return found if dice.one_in(4) else found | {"CodesetId": codeset(dice)}


def adjustment(dice: Dice) -> Json:
    """Mostly such that events still end after they start."""
    found: Json = {"StartOffset": dice.number(-20, 20), "EndOffset": dice.number(-5, 40)}
    found |= {"StartWith": dice.pick("START_DATE", "START_DATE", "END_DATE")} if not dice.one_in(5) else {}
    return found | ({"EndWith": dice.pick("START_DATE", "END_DATE", "END_DATE")} if not dice.one_in(5) else {})


def period(dice: Dice) -> Json:
    days = sorted([day(dice), day(dice)])
    return {name: one for name, one in zip(("StartDate", "EndDate"), days, strict=True) if not dice.one_in(3)}


def censor_window(dice: Dice) -> Json:
    """One that leaves something."""
    first = str(date(2010, 1, 1) + timedelta(days=dice.number(-40, SPAN // 2)))
    last = str(date(2010, 1, 1) + timedelta(days=dice.number(SPAN // 2, SPAN * 2)))
    return {name: one for name, one in (("StartDate", first), ("EndDate", last)) if not dice.one_in(3)}
