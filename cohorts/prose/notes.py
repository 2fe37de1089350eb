"""What holds for every sentence of a definition, said once: only what bears on this definition."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel

from cohorts.criteria.domains import DOMAINS
from cohorts.expression import Expression
from cohorts.expression.base import DateAdjustment, NumericRange
from cohorts.expression.cohort import DateOffset
from cohorts.expression.concept_sets import ConceptSetItem
from cohorts.expression.criteria import DrugExposure, Event
from cohorts.expression.groups import CorrelatedCriteria, Criterion, Window
from cohorts.prose.clauses import Clause, Section
from cohorts.prose.words import Lang, Pair

_AGES = frozenset({"age", "age_at_start", "age_at_end"})
_OBSERVED: Pair = (
    "Unless said otherwise, a record counts only if it starts in the observation period that holds the day counted from.",
    "따로 적지 않은 한, 기산일이 속한 관찰 기간 안에서 시작된 기록만 인정함.",
)
_AGE: Pair = (
    "Age is the year of the day less the year of birth.", "나이는 해당 날짜의 연도에서 출생 연도를 뺀 값으로 함."
)  # fmt: skip
_ENDS: Pair = (
    "A record without an end date ends the day after its start.",
    "종료일이 없는 기록은 시작일 다음 날에 끝난 것으로 봄.",
)
_DRUG_ENDS: Pair = (
    "A record without an end date ends the day after its start; of a drug, after its days of supply, where they are recorded.",
    "종료일이 없는 기록은 시작일 다음 날에 끝난 것으로 보며, 약물은 처방 일수가 있으면 시작일에 처방 일수를 더한 날로 봄.",
)
_FIRST: Pair = (
    "'The first in the person's whole record' is chosen by the concept set alone, before observation or anything else is asked.",
    "‘전체 기록 중 최초의 것’은 관찰 기간이나 다른 조건을 따지기 전에 개념 집합만으로 고름.",
)
_MOVED: Pair = (
    "Of a record whose time is taken otherwise, dates, length and age are those after that; one that then ends too early goes.",
    "기간을 보정한 기록은 날짜, 기간, 나이를 모두 보정한 뒤의 것으로 보며, 종료가 시작보다 앞서게 된 기록은 제외함.",
)
_TIES: Pair = (
    "Of events on one day, the one with the smallest number in the database is taken.",
    "같은 날의 사건이 여럿이면 데이터베이스 번호가 가장 작은 것을 택함.",
)
_DESCENDANTS: Pair = (
    "Descendants of a concept are those that are valid in the hospital's vocabulary when the definition is run.",
    "하위 개념은 정의를 실행할 때 병원의 용어 체계에서 유효한 것을 말함.",
)


def section(given: Expression, lang: Lang) -> Section | None:
    """The notes on this definition; None if it needs none."""
    said = [pair[lang == "ko"] for pair in _pairs(given)]
    if given.cdm_version_range:
        said.append(
            {
                "en": f"Written for CDM {given.cdm_version_range}.",
                "ko": f"CDM {given.cdm_version_range} 기준으로 작성됨.",
            }[lang]
        )
    if not said:
        return None
    heading = {"en": "How to read this", "ko": "해석 기준"}[lang]
    return Section(heading, clauses=tuple(Clause(one) for one in said), numbered=False)


def _pairs(given: Expression) -> Iterator[Pair]:
    parts = list(_parts(given))
    if any(isinstance(part, CorrelatedCriteria) and not part.ignore_observation_period for part in parts):
        yield _OBSERVED
    if any(isinstance(getattr(part, name, None), NumericRange) for part in parts for name in _AGES):
        yield _AGE
    if _ends_matter(given, parts):
        yield _DRUG_ENDS if any(isinstance(part, DrugExposure) for part in parts) else _ENDS
    if any(getattr(part, "first", False) for part in parts):
        yield _FIRST
    if any(isinstance(part, DateAdjustment) for part in parts):
        yield _MOVED
    if is_single(given):
        yield _TIES
    if any(isinstance(part, ConceptSetItem) and part.include_descendants for part in parts):
        yield _DESCENDANTS


def is_single(given: Expression) -> bool:
    """Whether a limit leaves one event per person."""
    limits = [given.primary_criteria.primary_criteria_limit, given.expression_limit]
    limits += [given.qualified_limit] if given.additional_criteria is not None else []
    return any(limit.type in ("First", "Last") for limit in limits)


def _ends_matter(given: Expression, parts: list[BaseModel]) -> bool:
    """Whether an end date is looked at of a kind of event that may lack one."""
    kinds = {part.kind for part in parts if isinstance(part, Criterion)}
    if not any(DOMAINS[kind].next_day for kind in kinds & set(DOMAINS)):
        return False
    return any(
        (isinstance(part, Window) and (part.use_event_end or part.use_index_end))
        or (isinstance(part, CorrelatedCriteria) and part.end_window is not None)
        or (isinstance(part, DateOffset) and part.date_field == "EndDate")
        or (isinstance(part, Event) and _looks_at_end(part))
        for part in parts
    )


def _looks_at_end(event: Event) -> bool:
    return any(
        getattr(event, name, None) is not None for name in ("occurrence_end_date", "date_adjustment", "duration")
    )


def _parts(model: BaseModel) -> Iterator[BaseModel]:
    yield model
    for name in type(model).model_fields:
        value = getattr(model, name)
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, BaseModel):
                yield from _parts(one)
