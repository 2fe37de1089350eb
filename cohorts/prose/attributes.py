"""What an event has to be like, attribute by attribute, as it is really evaluated.

Each attribute is turned into the filters of the plan, one at a time; so the words follow the engine where ATLAS looks at
something else than the author sees, and say so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from cdm.errors import BadInput
from cohorts.criteria.declare import Domain, Rule
from cohorts.criteria.domains import DOMAINS
from cohorts.expression.base import Concept, ConceptSetSelection, DateAdjustment, NumericRange, Period, TextFilter
from cohorts.expression.criteria import Event
from cohorts.expression.groups import DemographicCriteria
from cohorts.plan.demographics import DEMOGRAPHICS
from cohorts.plan.filters import Abnormal, Compare, Filled, Filter, InSet, OneOf, Operand, Value
from cohorts.prose import values
from cohorts.prose.korean import josa
from cohorts.prose.names import Names
from cohorts.prose.words import END, OPERANDS, SOURCE_CODE, START, WRITTEN, Lang, Pair, pick

_ELSEWHERE = {"codeset_id", "correlated_criteria", "criteria_list", "first", "date_adjustment"}
_ON_INDEX: Mapping[Operand, Pair] = {
    Value("age_at_start"): ("age", "나이"),
    Value("start"): ("index date", "기준일"),
    Value("end"): ("end of the entry event", "진입 사건 종료일"),
}


def of_event(event: Event, names: Names, lang: Lang) -> list[str]:
    """The attributes of a criterion that are given, in the order of the model."""
    domain = DOMAINS.get(type(event).__name__)
    found: list[str] = []
    if event.date_adjustment is not None:
        found.append(_moved(event.date_adjustment, domain, lang))
    for name in type(event).model_fields:
        if _given(event, name):
            found += _said(event, name, domain, names, lang)
    return found


def of_person(given: DemographicCriteria, names: Names, lang: Lang) -> list[str]:
    """Who the person has to be on the index date."""
    found: list[str] = []
    for name in type(given).model_fields:
        if _given(given, name):
            for one in _filters(_alone(given, name), DEMOGRAPHICS):
                label = pick(_ON_INDEX.get(one.operand) or OPERANDS[one.operand], lang)  # type: ignore[union-attr]
                found.append(f"{label} {_value(one, given, name, names, lang)}{_cut(given, name, [one], lang)}")
    return found


def _given(event: BaseModel, name: str) -> bool:
    value = getattr(event, name)
    if name in _ELSEWHERE or name.endswith("_exclude"):
        return False
    return value is not None and value is not False and value not in ((), Period())


def _said(event: Event, name: str, domain: Domain | None, names: Names, lang: Lang) -> Iterator[str]:
    value = getattr(event, name)
    if domain is not None and domain.source and name == domain.source[0]:
        yield f"{pick(SOURCE_CODE, lang)} {values.in_set(value, False, names, lang)}"
        return
    if name == "gap_days" and isinstance(value, int):
        return  # of a custom era: said where its events are listed
    try:
        filters = _filters(_alone(event, name), domain.rules if domain else ())
    except BadInput:
        filters = []
    if not filters:
        yield f"{pick(WRITTEN.get(name.removesuffix('_cs'), (name, name)), lang)} {_raw(value, names, lang)}{_unused(event, lang)}"
        return
    if isinstance(value, Period):
        yield _shown(value, lang)
        return
    for one in filters:
        yield _filter(event, name, one, names, lang)


def _unused(event: Event, lang: Lang) -> str:
    if type(event).__name__ == "Specimen":
        return {"en": " (ATLAS does not apply this)", "ko": "(ATLAS가 적용하지 않는 조건임)"}[lang]
    return {"en": " (no CDM 5.3 or 5.4 can answer this)", "ko": "(CDM 5.3·5.4로는 확인할 수 없는 조건임)"}[lang]


def _alone(given: BaseModel, name: str) -> BaseModel:
    """The same criterion with this attribute alone."""
    kept = {name: getattr(given, name)}
    if f"{name}_exclude" in type(given).model_fields:
        kept[f"{name}_exclude"] = getattr(given, f"{name}_exclude")
    return type(given).model_construct(**kept)


def _filters(given: BaseModel, rules: tuple[Rule, ...]) -> list[Filter]:
    return [one for rule in rules for one in rule(given, lambda number: number)]


def _filter(event: Event, name: str, one: Filter, names: Names, lang: Lang) -> str:
    if isinstance(one, Abnormal):
        return {
            "en": "abnormal: outside its normal limits, or called abnormally high or low",
            "ko": "비정상 결과(정상 범위를 벗어난 값, 또는 비정상으로 높거나 낮다고 기록된 결과)",
        }[lang]
    label = OPERANDS[one.operand]
    said = f"{pick(label, lang)} {_value(one, event, name, names, lang)}"
    return said + _cut(event, name, [one], lang) + _otherwise(name, label, lang)


def _otherwise(name: str, looked_at: Pair, lang: Lang) -> str:
    """What the author wrote, where ATLAS looks at something else."""
    meant = WRITTEN.get(name.removesuffix("_cs"))
    if meant is None or meant == looked_at:
        return ""
    if lang == "ko":
        return f"(정의에는 {meant[1]} 조건으로 적혀 있으나 ATLAS는 {josa(looked_at[1], '을/를')} 봄)"
    return f" (written for the {meant[0]}, but ATLAS looks at the {looked_at[0]})"


def _value(one: Filter, event: BaseModel, name: str, names: Names, lang: Lang) -> str:
    given = getattr(event, name)
    if isinstance(one, Compare):
        return values.compared(one, lang)
    if isinstance(one, OneOf):
        return values.listed(given, names, lang, one.negate)
    if isinstance(one, InSet):
        return values.in_set(one.concept_set, one.negate, names, lang)
    if isinstance(one, Filled):
        return values.filled(one.negate, lang)
    assert isinstance(given, TextFilter)
    return values.written(given, lang)


def _raw(value: Any, names: Names, lang: Lang) -> str:
    """A value that becomes no filter."""
    if isinstance(value, NumericRange):
        return values.compared(Compare(Value("one"), value.op, _number(value.value), _number(value.extent)), lang)
    if isinstance(value, ConceptSetSelection):
        if value.codeset_id is None:
            return values.filled(value.is_exclusion, lang)
        return values.in_set(value.codeset_id, value.is_exclusion, names, lang)
    if isinstance(value, tuple) and all(isinstance(one, Concept) for one in value):
        return values.listed(value, names, lang)
    if isinstance(value, int):
        return values.in_set(value, False, names, lang)
    return values.compared(Compare(Value("start"), value.op, value.value, value.extent), lang)


def _number(value: float | None) -> Any:
    return value


def _cut(event: BaseModel, name: str, filters: list[Filter], lang: Lang) -> str:
    """The number as it is written, where another one is compared."""
    given = getattr(event, name)
    if not isinstance(given, NumericRange):
        return ""
    compared = [one for one in filters if isinstance(one, Compare)]
    pairs: list[tuple[float | None, Any]] = [(given.value, one.value) for one in compared]
    pairs += [(given.extent, one.extent) for one in compared if one.extent is not None]
    odd = [values.plain(old) for old, new in pairs if old is not None and float(old) != float(new)]
    if not odd:
        return ""
    said = values.joined(odd, "and", lang)
    return {"en": f" (written as {said})", "ko": f"(정의에는 {josa(said, '으로/로')} 적혀 있음)"}[lang]


def _shown(given: Period, lang: Lang) -> str:
    said = values.period(given.start_date, given.end_date, lang)
    return {
        "en": f"holding the given time {said}, which then takes the place of its own dates",
        "ko": f"지정한 기간({said})을 포함하는 것만 인정하고, 날짜는 그 지정 기간으로 바꾸어 봄",
    }[lang]


def _moved(given: DateAdjustment, domain: Domain | None, lang: Lang) -> str:
    sides = [(given.start_with, given.start_offset), (given.end_with, given.end_offset)]
    if domain is not None and domain.adjust == "no":
        note = {"en": " (ATLAS does not apply this)", "ko": "(ATLAS가 적용하지 않는 조건임)"}[lang]
    elif domain is not None and domain.adjust == "fixed":
        written = [with_ for with_, _ in sides]
        sides = [("START_DATE", given.start_offset), ("END_DATE", given.end_offset)]
        odd = written != ["START_DATE", "END_DATE"]
        note = (
            {
                "en": " (ATLAS counts each from its own date, whatever is written)",
                "ko": "(정의에 적힌 기산일은 ATLAS가 적용하지 않음)",
            }[lang]
            if odd
            else ""
        )
    else:
        note = ""
    start, end = (_side(with_, days, lang) for with_, days in sides)
    return {"en": f"its time taken as from {start} to {end}", "ko": f"기간을 {start}부터 {end}까지로 보정함"}[
        lang
    ] + note


def _side(with_: str, days: int, lang: Lang) -> str:
    base = pick(START if with_ == "START_DATE" else END, lang)
    if days == 0:
        return {"en": f"its {base}", "ko": base}[lang]
    if lang == "ko":
        return f"{base} {abs(days):,}일 {'전' if days < 0 else '뒤'}"
    return f"{values.times(abs(days), 'day', 'days')} {'before' if days < 0 else 'after'} its {base}"
