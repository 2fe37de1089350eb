"""From expressions to one plan: equal streams and concept sets get one number, limits are reduced to what they do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cdm.errors import BadInput, DefinitionRefused
from cohorts.criteria.declare import Domain
from cohorts.criteria.domains import DOMAINS, REFUSED
from cohorts.expression.base import DateAdjustment, Period
from cohorts.expression.cohort import EndStrategy, Expression, ResultLimit
from cohorts.expression.concept_sets import CodedConceptSet, ConceptSet
from cohorts.expression.criteria import CustomEra, Event
from cohorts.expression.groups import CorrelatedCriteria, CriteriaGroup, Criterion, DemographicCriteria
from cohorts.expression.paths import json_path, walk
from cohorts.plan.demographics import DEMOGRAPHICS
from cohorts.plan.filters import Filter, Operand
from cohorts.plan.nodes import (
    Adjust,
    Check,
    Code,
    Definition,
    Distinct,
    DrugExit,
    Eras,
    Group,
    Keep,
    Limit,
    OffsetExit,
    Person,
    Plan,
    Rule,
    Scan,
    SetItem,
    Shown,
    Stream,
)
from cohorts.plan.windows import window_of

_BY_EVENT_DATES: Mapping[str, Distinct] = {"START_DATE": "start", "END_DATE": "end", "VISIT_ID": "visit"}


@dataclass
class _Numbers:
    """What got a number so far."""

    streams: dict[Stream, int] = field(default_factory=dict)
    sets: dict[tuple[SetItem, ...], int] = field(default_factory=dict)

    def stream(self, stream: Stream) -> int:
        return self.streams.setdefault(stream, len(self.streams))

    def concept_set(self, items: tuple[SetItem, ...]) -> int:
        return self.sets.setdefault(items, len(self.sets))


def build(definitions: Mapping[str, Expression]) -> Plan:
    """The plan of these definitions, in their order. Raises `DefinitionRefused` naming definition and JSON path."""
    if not definitions:
        raise BadInput("there is no cohort definition to run; give at least one")
    numbers = _Numbers()
    built = []
    for name, expression in definitions.items():
        try:
            built.append(_Builder(numbers, expression).definition(name))
        except _Unanswerable as error:
            steps = next(steps for steps, part in walk(expression) if part is error.criterion)
            raise DefinitionRefused(name, f"{json_path('$', steps)}: {error}") from None
    return Plan(tuple(built), tuple(numbers.streams), tuple(numbers.sets))


class _Unanswerable(BadInput):
    """What this criterion asks cannot be answered."""

    def __init__(self, said: str, criterion: Criterion) -> None:
        super().__init__(said)
        self.criterion = criterion


def items_of(concept_set: ConceptSet) -> tuple[SetItem, ...]:
    """The lines of a concept set, once each, in order."""
    lines = {
        SetItem(item.concept.concept_id, item.is_excluded, item.include_descendants, item.include_mapped)
        for item in concept_set.expression.items
    }
    return tuple(sorted(lines, key=lambda line: (line.concept, line.excluded, line.descendants, line.mapped)))


def _codes(concept_set: ConceptSet, table: str) -> tuple[Code, ...]:
    """The set's source codes that are looked for in this table."""
    if not isinstance(concept_set, CodedConceptSet):
        return ()
    asked = [one.code for one in concept_set.codes if not one.tables or table in one.tables]
    return tuple(sorted({Code(code.removesuffix("*").strip().upper(), code.endswith("*")) for code in asked}))


class _Builder:
    """Builds one definition."""

    def __init__(self, numbers: _Numbers, expression: Expression) -> None:
        self._numbers = numbers
        self._expression = expression
        self._sets = {one.id: items_of(one) for one in expression.concept_sets or ()}
        self._given = {one.id: one for one in expression.concept_sets or ()}

    def definition(self, name: str) -> Definition:
        given = self._expression
        primary = given.primary_criteria
        limits = _limits(given)
        window = given.censor_window
        additional = given.additional_criteria
        return Definition(
            name=name,
            primary=tuple(self._stream(one) for one in primary.criteria_list),
            prior_days=primary.observation_window.prior_days,
            post_days=primary.observation_window.post_days,
            primary_limit=limits[0],
            additional=None if additional is None or additional.is_empty else self._group(additional),
            qualified_limit=limits[1],
            rules=tuple(
                Rule(rule.name or f"rule {position}", self._group(rule.expression))
                for position, rule in enumerate(given.inclusion_rules, 1)
            ),
            limit=limits[2],
            exit=self._exit(given.end_strategy),
            censoring=tuple(self._stream(one) for one in given.censoring_criteria or ()),
            era_pad=given.collapse_settings.era_pad,
            from_date=window.start_date if window else None,
            to_date=window.end_date if window else None,
        )

    def _set(self, number: int) -> int:
        return self._numbers.concept_set(self._sets[number])

    def _set_or_none(self, number: int | None) -> int | None:
        return None if number is None else self._set(number)

    def _codes(self, number: int | None, domain: Domain) -> tuple[Code, ...]:
        return () if number is None or domain.source_value is None else _codes(self._given[number], domain.table)

    def _stream(self, criterion: Criterion, counted: str | None = None) -> int:
        try:
            return self._stream_of(criterion, counted)
        except _Unanswerable:
            raise
        except BadInput as error:
            raise _Unanswerable(str(error), criterion) from None

    def _stream_of(self, criterion: Criterion, counted: str | None) -> int:
        event = criterion.event
        if criterion.kind in REFUSED:
            raise BadInput(f"the criterion {criterion.kind} cannot be answered: {REFUSED[criterion.kind]}; remove it")
        domain = DOMAINS[criterion.kind]
        operand = None if counted is None else _counted(domain, counted)
        if isinstance(event, CustomEra):
            return self._eras(event, domain, operand)
        stream = self._numbers.stream(self._scan(event, domain, operand))
        group = event.correlated_criteria
        if group is None or group.is_empty:
            return stream
        return self._numbers.stream(Keep(stream, self._group(group)))

    def _filters(self, event: Event, domain: Domain) -> tuple[Filter, ...]:
        return tuple(condition for rule in domain.rules for condition in rule(event, self._set))

    def _scan(self, event: Event, domain: Domain, counted: Operand | None) -> Scan:
        concept_set = getattr(event, "codeset_id", None) if domain.concept else None
        source_set = getattr(event, domain.source[0]) if domain.source else None
        return Scan(
            kind=domain.kind,
            concept_set=self._set_or_none(concept_set),
            source_set=self._set_or_none(source_set),
            first=bool(getattr(event, "first", False)),
            adjust=_adjust(event.date_adjustment, domain),
            shown=_shown(getattr(event, "user_defined_period", None)),
            filters=self._filters(event, domain),
            counted=counted,
            concept_codes=self._codes(concept_set, domain),
            source_codes=self._codes(source_set, domain),
        )

    def _eras(self, event: CustomEra, domain: Domain, counted: Operand | None) -> int:
        return self._numbers.stream(
            Eras(
                streams=tuple(self._stream(one) for one in event.criteria_list),
                first=event.first,
                adjust=_adjust(event.date_adjustment, domain),
                filters=self._filters(event, domain),
                counted=counted,
            )
        )

    def _group(self, group: CriteriaGroup) -> Group:
        return Group(
            kind=group.type,
            count=group.count or 0,
            checks=tuple(self._check(one) for one in group.criteria_list),
            people=tuple(self._person(one) for one in group.demographic_criteria_list),
            groups=tuple(self._group(one) for one in group.groups),
        )

    def _check(self, given: CorrelatedCriteria) -> Check:
        occurrence = given.occurrence
        op, count = occurrence.type, occurrence.count
        distinct: Distinct | None = None
        counted: str | None = None
        if occurrence.is_distinct:
            name = occurrence.count_column or "DOMAIN_CONCEPT"
            distinct = _BY_EVENT_DATES.get(name, "counted")
            counted = name if distinct == "counted" else None
        if op == 2 and count < 0:  # an inner join in circe-be: any match will do
            count, distinct, counted = 1, None, None
        if op == 1 and count < 0:  # never: what 'exactly -1' says without matching from the left
            op = 0
        return Check(self._stream(given.criteria, counted), window_of(given), given.restrict_visit, op, count, distinct)

    def _person(self, given: DemographicCriteria) -> Person:
        return Person(tuple(condition for rule in DEMOGRAPHICS for condition in rule(given, self._set)))

    def _exit(self, strategy: EndStrategy | None) -> OffsetExit | DrugExit | None:
        if strategy is None:
            return None
        if strategy.date_offset is not None:
            offset = strategy.date_offset
            return OffsetExit("end" if offset.date_field == "EndDate" else "start", offset.offset)
        era = strategy.custom_era
        assert era is not None
        number = self._set(era.drug_codeset_id)
        codes = self._codes(era.drug_codeset_id, DOMAINS["DrugExposure"])
        scans = (
            Scan("DrugExposure", concept_set=number, concept_codes=codes),
            Scan("DrugExposure", source_set=number),
        )
        streams = tuple(self._numbers.stream(scan) for scan in scans)
        return DrugExit(number, streams, era.gap_days, era.offset, era.days_supply_override)


def _counted(domain: Domain, name: str) -> Operand:
    operand = domain.counts.get(name)
    if operand is None:
        have = ", ".join(sorted([*domain.counts, *_BY_EVENT_DATES]))
        raise BadInput(f"{domain.kind} cannot be counted by distinct {name}; it has {have}")
    return operand


def _adjust(given: DateAdjustment | None, domain: Domain) -> Adjust | None:
    if given is None or domain.adjust == "no":
        return None
    if domain.adjust == "fixed":
        return Adjust("start", given.start_offset, "end", given.end_offset)
    return Adjust(
        "start" if given.start_with == "START_DATE" else "end",
        given.start_offset,
        "start" if given.end_with == "START_DATE" else "end",
        given.end_offset,
    )


def _shown(given: Period | None) -> Shown | None:
    if given is None or (given.start_date is None and given.end_date is None):
        return None
    return Shown(given.start_date, given.end_date)


def _limit(given: ResultLimit) -> Limit:
    if given.type == "First":
        return "first"
    return "last" if given.type == "Last" else "all"


def _limits(given: Expression) -> tuple[Limit, Limit, Limit]:
    """Primary, qualified, expression limit; one that finds a single event per person has nothing left to do.

    circe-be applies the qualified limit only where AdditionalCriteria is present, be it empty.
    """
    primary = _limit(given.primary_criteria.primary_criteria_limit)
    qualified = _limit(given.qualified_limit) if given.additional_criteria is not None else "all"
    if primary != "all":
        return primary, "all", "all"
    if qualified != "all":
        return primary, qualified, "all"
    return primary, qualified, _limit(given.expression_limit)
