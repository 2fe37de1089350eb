"""Concepts and concept sets against this hospital's vocabulary and records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from cdm.vocabulary import Concept as Known
from cdm.vocabulary import concept_facts
from cohorts.columns.keys import Whole
from cohorts.criteria.domains import DOMAINS
from cohorts.expression import Expression
from cohorts.expression.base import Concept
from cohorts.expression.concept_sets import ConceptSet
from cohorts.expression.groups import Criterion
from cohorts.expression.paths import Steps, walk
from cohorts.expression.read import references
from cohorts.lint.findings import Finding, finding

# Which domain a table's standard concepts have (OMOP: a concept's domain says where its records go).
_DOMAIN: Mapping[str, str] = {
    "ConditionEra": "Condition",
    "ConditionOccurrence": "Condition",
    "DeviceExposure": "Device",
    "DoseEra": "Drug",
    "DrugEra": "Drug",
    "DrugExposure": "Drug",
    "Measurement": "Measurement",
    "ProcedureOccurrence": "Procedure",
    "Specimen": "Specimen",
    "VisitDetail": "Visit",
    "VisitOccurrence": "Visit",
}
_HAVE_TABLES = frozenset(_DOMAIN.values())


@dataclass(frozen=True)
class Use:
    """A criterion that selects by the (source) concept column of a table."""

    steps: Steps
    kind: str
    concept_set: int
    column: str
    standard: bool


def uses(expression: Expression) -> list[Use]:
    """Every use of a concept set on a table's own concept columns."""
    found = []
    for steps, part in walk(expression):
        if not isinstance(part, Criterion) or part.kind not in DOMAINS:
            continue
        domain, event = DOMAINS[part.kind], part.event
        number = getattr(event, "codeset_id", None)
        if number is not None and domain.concept:
            found.append(Use((*steps, part.kind, "CodesetId"), part.kind, number, domain.concept, standard=True))
        source = getattr(event, domain.source[0], None) if domain.source else None
        if source is not None and domain.source:
            alias = type(event).model_fields[domain.source[0]].alias or domain.source[0]
            found.append(Use((*steps, part.kind, alias), part.kind, source, domain.source[1], standard=False))
    return found


def concepts(con: duckdb.DuckDBPyConnection, expression: Expression) -> Iterator[Finding]:
    """Concepts that the vocabulary lacks, calls invalid or non-standard, or puts into another domain."""
    named = [(steps, part) for steps, part in walk(expression) if isinstance(part, Concept)]
    facts = concept_facts(con, {part.concept_id for _, part in named})
    for steps, part in named:
        known = facts.get(part.concept_id)
        if known is None:
            yield finding(
                "concept_missing", "warning", steps,
                f"This vocabulary has no concept {part.concept_id}{_named(part.concept_name)}; it finds nothing here.",
                f"이 어휘에 개념 {part.concept_id}{_named(part.concept_name)}이(가) 없어 아무것도 찾지 못합니다.",
            )  # fmt: skip
        elif known.is_invalid:
            yield finding(
                "concept_invalid", "note", steps,
                f"Concept {part.concept_id}{_named(known.concept_name)} is no longer valid; it still counts, its "
                "invalid descendants do not.",
                f"개념 {part.concept_id}{_named(known.concept_name)}은(는) 더 이상 유효하지 않습니다. 그 자체는 쓰이지만 "
                "유효하지 않은 하위 개념은 빠집니다.",
            )  # fmt: skip
    yield from _misplaced(expression, facts)


def _named(name: str | None) -> str:
    return f" ({name})" if name else ""


def _misplaced(expression: Expression, facts: Mapping[int, Known]) -> Iterator[Finding]:
    sets = {one.id: one for one in expression.concept_sets or ()}
    seen: set[tuple[str, int]] = set()
    asked: dict[int, set[str]] = {}  # one set may serve several tables: then each takes what is its own
    for use in uses(expression):
        asked.setdefault(use.concept_set, set()).add(_DOMAIN.get(use.kind, use.kind))
    for use in uses(expression):
        if not use.standard or (use.kind, use.concept_set) in seen:
            continue
        seen.add((use.kind, use.concept_set))
        given = sets[use.concept_set]
        plain = [item for item in given.expression.items if not item.is_excluded and item.concept.concept_id in facts]
        known = [facts[item.concept.concept_id] for item in plain]
        expected = _DOMAIN.get(use.kind)
        others = [
            one
            for one in known
            if expected and _elsewhere(one.domain_id, expected) and one.domain_id not in asked[use.concept_set]
        ]
        if others:
            yield finding(
                "concept_domain", "warning", use.steps,
                f"{len(others)} of {len(known)} concepts of {_set(given)} are not of the domain {expected} (the first: "
                f"{others[0].concept_id}, {others[0].domain_id}); records of them stand elsewhere than in {use.kind}.",
                f"{_korean(given)}의 개념 {len(known)}개 중 {len(others)}개가 {expected} 영역이 아닙니다(첫째: "
                f"{others[0].concept_id}, {others[0].domain_id}). 그 기록은 {use.kind}가 아닌 곳에 있습니다.",
            )  # fmt: skip
        loose = [
            facts[item.concept.concept_id] for item in plain
            if facts[item.concept.concept_id].standard_concept is None and not item.include_mapped
        ]  # fmt: skip
        if loose:
            yield finding(
                "concept_not_standard", "warning", use.steps,
                f"{len(loose)} of {len(known)} concepts of {_set(given)} are not standard (the first: "
                f"{loose[0].concept_id}); {use.column} holds standard concepts only. Name the standard concept, or use "
                "the criterion's source concept.",
                f"{_korean(given)}의 개념 {len(known)}개 중 {len(loose)}개가 표준 개념이 아닙니다(첫째: "
                f"{loose[0].concept_id}). {use.column}에는 표준 개념만 있습니다. 표준 개념을 쓰거나 원본 개념 조건을 쓰십시오.",
            )  # fmt: skip


def _elsewhere(domain: str, expected: str) -> bool:
    """Whether records of this domain go to another table; mixed domains ('Condition/Device') may go to either."""
    return expected not in domain and any(one in domain for one in _HAVE_TABLES | {"Observation"})


def _set(given: ConceptSet) -> str:
    return f"concept set {given.id}{_named(given.name)}"


def _korean(given: ConceptSet) -> str:
    return f"개념 집합 {given.id}{_named(given.name)}"


def concept_sets(con: duckdb.DuckDBPyConnection, expression: Expression, members: Sequence[Whole]) -> Iterator[Finding]:
    """Concept sets that nothing uses, that hold nothing here, or of which this hospital has no record.

    members: what each set of the definition, in their order, holds by this vocabulary.
    """
    used = {number for _, number in references(expression)}
    for position, given in enumerate(expression.concept_sets or ()):
        if given.id not in used:
            yield finding(
                "concept_set_unused", "note", ("ConceptSets", position),
                f"Nothing in the definition uses {_set(given)}.", f"정의 어디에서도 {_korean(given)}을(를) 쓰지 않습니다.",
            )  # fmt: skip
    sizes = {position: len(found) for position, found in enumerate(members)}
    places = {given.id: position for position, given in enumerate(expression.concept_sets or ())}
    for position, given in enumerate(expression.concept_sets or ()):
        if given.id in used and not sizes.get(position):
            yield finding(
                "concept_set_empty", "warning", ("ConceptSets", position),
                f"C{_set(given)[1:]} holds no concept of this vocabulary; what asks for it finds nothing.",
                f"{_korean(given)}에 이 어휘의 개념이 하나도 없어 이를 찾는 조건은 아무것도 찾지 못합니다.",
            )  # fmt: skip
    yield from _without_records(con, expression, places, members)


def _without_records(
    con: duckdb.DuckDBPyConnection, expression: Expression, places: Mapping[int, int], members: Sequence[Whole]
) -> Iterator[Finding]:
    by_number = {given.id: given for given in expression.concept_sets or ()}
    answers: dict[tuple[str, str, int], bool] = {}
    for use in uses(expression):
        position, table = places[use.concept_set], DOMAINS[use.kind].table
        if not len(members[position]):
            continue
        key = (table, use.column, position)
        if key not in answers:
            con.register("member", pa.table({"concept_id": pa.array(members[position])}))
            sql = f"SELECT EXISTS(SELECT 1 FROM cdm.{table} t SEMI JOIN member m ON m.concept_id = t.{use.column})"
            answers[key] = bool(con.execute(sql).fetchall()[0][0])
            con.unregister("member")
        if not answers[key]:
            given = by_number[use.concept_set]
            yield finding(
                "no_records", "warning", use.steps,
                f"This hospital has no record of {_set(given)} in {table}.{use.column}.",
                f"이 병원의 {table}.{use.column}에는 {_korean(given)}의 기록이 없습니다.",
            )  # fmt: skip
