"""What circe-be evaluates other than its words say. Naru finds the same rows; the author should know."""

from __future__ import annotations

from collections.abc import Iterator

from cohorts.criteria.domains import DOMAINS
from cohorts.expression import Expression, criteria
from cohorts.expression.base import NumericRange, spelling
from cohorts.expression.groups import CorrelatedCriteria, CriteriaGroup, Criterion
from cohorts.expression.paths import Steps, walk
from cohorts.lint.findings import Finding, finding

# Attributes that are compared with four digits; every other number is cut to a whole one.
_DECIMAL = frozenset(
    {
        "DoseValue",
        "ValueAsNumber",
        "RangeLow",
        "RangeHigh",
        "RangeLowRatio",
        "RangeHighRatio",
        "EffectiveDrugDose",
    }
)
_DECIMAL_QUANTITY = frozenset({"DrugExposure", "Specimen"})


def quirks(expression: Expression) -> Iterator[Finding]:
    """Where what is evaluated differs from what is written."""
    yield from _limits(expression)
    yield from _ends(expression)
    for steps, part in walk(expression):
        if isinstance(part, Criterion):
            yield from _criterion((*steps, part.kind), part.event)
        elif isinstance(part, NumericRange):
            yield from _cut(steps, part)
        elif isinstance(part, CorrelatedCriteria):
            yield from _correlated(steps, part)
        elif isinstance(part, CriteriaGroup):
            yield from _empty_inside(steps, part)


def _quirk(steps: Steps, en: str, ko: str) -> Finding:
    return finding("circe_quirk", "note", steps, en, ko)


def _limits(given: Expression) -> Iterator[Finding]:
    primary = given.primary_criteria.primary_criteria_limit.type
    qualified = given.qualified_limit.type
    asked = "qualified_limit" in given.model_fields_set and qualified == "Last"  # "First" is what ATLAS writes unasked
    if given.additional_criteria is None and primary == "All" and asked:
        yield _quirk(
            ("QualifiedLimit",),
            f"QualifiedLimit {qualified} is not applied, because there are no AdditionalCriteria: all events go on.",
            f"AdditionalCriteria가 없으므로 QualifiedLimit {qualified}은(는) 적용되지 않고 모든 사건이 넘어갑니다.",
        )  # fmt: skip


def _ends(given: Expression) -> Iterator[Finding]:
    """Exits and censoring that do not do what they look like."""
    primary = given.primary_criteria.criteria_list
    for position, criterion in enumerate(given.censoring_criteria or ()):
        if criterion in primary:
            yield finding(
                "ends_at_once", "warning", ("CensoringCriteria", position),
                "This is an entry event, too, and censoring begins on the first day: every entry that begins with it ends on "
                "that day.",
                "이 사건은 진입 사건이기도 합니다. 중도 종료는 진입 당일부터 적용되므로 이 사건으로 시작한 구간은 모두 그날 끝납니다.",
            )  # fmt: skip
    strategy = given.end_strategy
    if strategy is not None and strategy.date_offset is not None and strategy.date_offset.offset < 0:
        yield _quirk(
            ("EndStrategy", "DateOffset", "Offset"),
            "An entry that would end before it starts is dropped.", "시작 전에 끝나게 되는 구간은 제외됩니다.",
        )  # fmt: skip
    if strategy is not None and strategy.custom_era is not None:
        number = strategy.custom_era.drug_codeset_id
        sets = {one.id: frozenset(one.expression.items) for one in given.concept_sets or ()}
        entered = [getattr(c.event, "codeset_id", None) for c in primary if c.kind in {"DrugExposure", "DrugEra"}]
        if not any(sets.get(one) == sets[number] for one in entered if one is not None):
            yield finding(
                "exit_drug_elsewhere", "note", ("EndStrategy", "CustomEra", "DrugCodesetId"),
                "No entry event asks for this set of drugs; an entry whose first day lies in no use of them ends with the "
                "observation period.",
                "이 약물 집합을 쓰는 진입 사건이 없습니다. 진입일에 이 약물을 사용하고 있지 않은 구간은 관찰 기간이 끝날 때 끝납니다.",
            )  # fmt: skip


_DATED = frozenset(
    {
        "age", "age_at_start", "age_at_end", "occurrence_start_date", "occurrence_end_date", "era_start_date", "era_end_date",
        "era_length", "start_date", "end_date", "duration", "episode_start_date", "episode_end_date", "period_start_date",
        "period_end_date", "period_length", "visit_detail_start_date", "visit_detail_end_date", "visit_detail_length",
        "visit_length",
    }
)  # fmt: skip


def _criterion(steps: Steps, event: criteria.Event) -> Iterator[Finding]:
    yield from _first_and_moved(steps, event)
    if isinstance(event, criteria.DrugExposure) and event.occurrence_end_date is not None:
        yield _quirk(
            (*steps, "OccurrenceEndDate"),
            "ATLAS compares this with the drug's start date, not its end date.",
            "ATLAS는 약물의 종료일이 아니라 시작일과 비교합니다.",
        )
    if isinstance(event, criteria.VisitDetail) and event.age is not None:
        yield _quirk(
            (*steps, "Age"),
            "ATLAS takes the age at the end of the visit detail, not at its start.",
            "ATLAS는 시작일이 아니라 방문 상세의 종료일 나이를 봅니다.",
        )
    if isinstance(event, criteria.VisitOccurrence) and (event.visit_type or event.visit_type_cs):
        yield _quirk(
            (*steps, "VisitType" if event.visit_type else "VisitTypeCS"),
            "For visits ATLAS compares this with visit_type_concept_id (where the record comes from), not with the "
            "kind of visit; use the concept set for inpatient, outpatient and the like.",
            "방문 조건에서 ATLAS는 방문 종류가 아니라 visit_type_concept_id(기록의 출처)와 비교합니다. "
            "입원·외래 등은 개념 집합으로 고르십시오.",
        )
    adjust = event.date_adjustment
    if adjust is not None and type(event).__name__ == "Specimen":
        yield _quirk(
            (*steps, "DateAdjustment"),
            "ATLAS ignores DateAdjustment of a specimen.",
            "ATLAS는 검체의 DateAdjustment를 무시합니다.",
        )
    if adjust is not None and DOMAINS.get(type(event).__name__, DOMAINS["Death"]).adjust == "fixed":
        yield _quirk(
            (*steps, "DateAdjustment"),
            "For a death ATLAS ignores StartWith and EndWith: both dates are counted from the date of death.",
            "사망에서 ATLAS는 StartWith와 EndWith를 무시하고 두 날짜를 모두 사망일에서 셉니다.",
        )
    if isinstance(event, criteria.CustomEra) and event.gap_days:
        yield _quirk(
            (*steps, "GapDays"),
            "ATLAS bridges no gap here: events become one era only where they touch.",
            "ATLAS는 여기서 공백을 잇지 않습니다. 서로 닿는 사건만 하나의 구간이 됩니다.",
        )
    if isinstance(event, criteria.CustomEra) and event.correlated_criteria is not None:
        yield _quirk(
            (*steps, "CorrelatedCriteria"),
            "ATLAS ignores nested criteria of a custom era.",
            "ATLAS는 사용자 정의 구간(CustomEra)의 중첩 조건을 무시합니다.",
        )
    if getattr(event, "specimen_source_concept", None) is not None:
        yield _quirk(
            (*steps, "SpecimenSourceConcept"),
            "ATLAS ignores SpecimenSourceConcept.",
            "ATLAS는 SpecimenSourceConcept를 무시합니다.",
        )


def _first_and_moved(steps: Steps, event: criteria.Event) -> Iterator[Finding]:
    """In which order ATLAS takes the first event, moves dates, and looks at attributes."""
    asks = [
        name
        for name in type(event).model_fields
        if name not in _NO_FILTER and getattr(event, name) not in (None, False, ())
    ]
    asks = [name for name in asks if not name.endswith("_exclude")]
    if getattr(event, "first", False) and asks:
        yield _quirk(
            (*steps, "First"),
            "ATLAS takes the first record of the concept set, and then looks whether that one has the other attributes; a later "
            "record that has them does not count.",
            "ATLAS는 개념 집합의 첫 기록을 먼저 고른 뒤 그 기록이 나머지 속성을 갖추었는지 봅니다. 속성을 갖춘 더 늦은 기록은 쓰이지 "
            "않습니다.",
        )  # fmt: skip
    moved = [spelling(type(event), name) for name in asks if name in _DATED]
    kind = type(event).__name__
    if event.date_adjustment is not None and moved and kind in DOMAINS and DOMAINS[kind].adjust != "no":
        yield _quirk(
            (*steps, "DateAdjustment"),
            f"ATLAS moves the dates first: {', '.join(map(str, moved))} is compared with the moved dates.",
            f"ATLAS는 날짜를 먼저 옮깁니다. {', '.join(map(str, moved))}은(는) 옮긴 날짜로 비교합니다.",
        )


_NO_FILTER = frozenset({"codeset_id", "first", "date_adjustment", "correlated_criteria", "criteria_list", "gap_days"})


def _cut(steps: Steps, given: NumericRange) -> Iterator[Finding]:
    name, kind = str(steps[-1]), str(steps[-2])
    if name in _DECIMAL or (name == "Quantity" and kind in _DECIMAL_QUANTITY):
        return
    fractions = [number for number in (given.value, given.extent) if number is not None and number != int(number)]
    if fractions:
        yield _quirk(
            steps,
            f"ATLAS cuts {fractions[0]} to the whole number {int(fractions[0])} here.",
            f"ATLAS는 여기서 {fractions[0]}의 소수점 아래를 버려 {int(fractions[0])}(으)로 비교합니다.",
        )


def _correlated(steps: Steps, given: CorrelatedCriteria) -> Iterator[Finding]:
    end = given.end_window
    if end is not None and end.use_event_end is None:
        yield _quirk(
            (*steps, "EndWindow"),
            "Without UseEventEnd ATLAS compares the event's end date in EndWindow (its start date in StartWindow).",
            "UseEventEnd가 없으면 ATLAS는 EndWindow에서 사건의 종료일을(StartWindow에서는 시작일을) 봅니다.",
        )
    inner = given.criteria.event.correlated_criteria
    if given.ignore_observation_period and inner is not None and not inner.is_empty:
        yield _quirk(
            (*steps, "IgnoreObservationPeriod"),
            "Events outside observation are still lost here, because the criterion has nested criteria.",
            "중첩 조건이 있어 관찰 기간 밖의 사건은 여기서도 제외됩니다.",
        )


def _empty_inside(steps: Steps, given: CriteriaGroup) -> Iterator[Finding]:
    for position, group in enumerate(given.groups):
        if group.is_empty:
            yield _quirk(
                (*steps, "Groups", position),
                "An empty group holds always and counts as one criterion that holds.",
                "빈 그룹은 항상 성립하며 성립한 조건 하나로 셉니다.",
            )
