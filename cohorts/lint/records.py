"""Criteria of which this hospital has no record: no concept, no table, or no record with the values that are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb

from cdm import arrays
from cdm.errors import BadInput
from cohorts.columns.keys import Whole
from cohorts.criteria.domains import DOMAINS
from cohorts.expression import Expression
from cohorts.expression.base import spelling
from cohorts.expression.concept_sets import CodedConceptSet, ConceptSet
from cohorts.expression.criteria import CustomEra
from cohorts.expression.groups import Criterion
from cohorts.expression.paths import Steps, walk
from cohorts.lint.called import english, korean, some
from cohorts.lint.concepts import uses_of
from cohorts.lint.findings import Finding, finding
from cohorts.plan.filters import Column, OneOf


@dataclass
class Records:
    """What the hospital's records answer, each question once. members: what each concept set holds here, in their order."""

    con: duckdb.DuckDBPyConnection
    expression: Expression
    members: Sequence[Whole]
    absent: set[int] = field(default_factory=set)  # criteria (by identity) that match no record
    _answers: dict[object, bool] = field(default_factory=dict)

    def look(self) -> list[Finding]:
        """Look for records of every criterion; note in `absent` those that have none."""
        found: list[Finding] = []
        for steps, part in reversed([*walk(self.expression)]):  # parts of a custom era before the era
            if isinstance(part, Criterion) and part.kind in DOMAINS:
                told = [*self._criterion(steps, part)]
                if told or self._holds_empty_set(part):
                    self.absent.add(id(part))
                found = [*told, *found]
        return found

    def _holds_empty_set(self, given: Criterion) -> bool:
        if isinstance(given.event, CustomEra):
            return all(id(part) in self.absent for part in given.event.criteria_list)
        return any(self._is_empty(use.concept_set) for use in uses_of((), given))

    def _set(self, number: int) -> tuple[ConceptSet, Whole]:
        """A concept set and what it holds."""
        sets = self.expression.concept_sets or ()
        position = next(position for position, one in enumerate(sets) if one.id == number)
        return sets[position], self.members[position]

    def _is_empty(self, number: int) -> bool:
        """Whether it holds nothing; source codes may find records by themselves."""
        given, members = self._set(number)
        return not len(members) and not isinstance(given, CodedConceptSet)

    def _criterion(self, steps: Steps, given: Criterion) -> Iterator[Finding]:
        domain = DOMAINS[given.kind]
        uses = uses_of(steps, given)
        sets = [self._set(use.concept_set)[0] for use in uses]
        if not domain.table or any(self._is_empty(one.id) or isinstance(one, CodedConceptSet) for one in sets):
            return  # said of the set already
        if not uses and not self._any(domain.table, {}):
            yield finding(
                "no_records", "warning", (*steps, given.kind), f"This hospital has no record in {domain.table}.",
                f"이 병원의 {domain.table}에는 기록이 없습니다.",
            )  # fmt: skip
            return
        for use, one_set in zip(uses, sets, strict=True):
            if not self._any(domain.table, {use.column: use.concept_set}):
                yield finding(
                    "no_records", "warning", use.steps,
                    f"This hospital has no record of {english(one_set)} in {domain.table}.{use.column}.",
                    f"이 병원의 {domain.table}.{use.column}에는 {korean(one_set)}의 기록이 없습니다.",
                )  # fmt: skip
                return
        chosen = {use.column: use.concept_set for use in uses}
        for name, one in _listed(given):
            if not self._any(domain.table, chosen, one):
                alias = spelling(type(given.event), name)
                assert isinstance(one.operand, Column)
                yield finding(
                    "no_value", "warning", (*steps, given.kind, alias),
                    f"None of this hospital's records of this criterion has one of these concepts in "
                    f"{domain.table}.{one.operand.name} ({some(one.concepts)}).",
                    f"이 조건에 해당하는 이 병원의 기록 중 {domain.table}.{one.operand.name}에 이 개념({some(one.concepts)})이 있는 "
                    "것이 없습니다.",
                    concepts=one.concepts,
                )  # fmt: skip

    def _any(self, table: str, chosen: Mapping[str, int], listed: OneOf | None = None) -> bool:
        """Whether any record has, in each of these columns, a concept of that set (and of the list in its column)."""
        key = (table, *chosen.items(), listed)
        if key not in self._answers:
            where, joins = "", ""
            for nth, (column, number) in enumerate(chosen.items()):
                self.con.register(f"member{nth}", arrays.table({"concept_id": self._set(number)[1]}))
                joins += f" SEMI JOIN member{nth} m{nth} ON m{nth}.concept_id = t.{column}"
            if listed is not None and isinstance(listed.operand, Column):
                where = f" WHERE t.{listed.operand.name} IN ({', '.join(map(str, listed.concepts))})"
            answer = self.con.execute(f"SELECT EXISTS(SELECT 1 FROM cdm.{table} t{joins}{where})").fetchall()
            self._answers[key] = bool(answer[0][0])
            for nth in range(len(chosen)):
                self.con.unregister(f"member{nth}")
        return self._answers[key]


def _listed(given: Criterion) -> Iterator[tuple[str, OneOf]]:
    """The lists of concepts that columns of the criterion's own table have to be one of."""
    event, domain = given.event, DOMAINS[given.kind]
    for name in type(event).model_fields:
        value = getattr(event, name)
        if not isinstance(value, tuple) or not value or name == "criteria_list":
            continue
        kept: dict[str, Any] = {name: value}
        if f"{name}_exclude" in type(event).model_fields:
            kept[f"{name}_exclude"] = getattr(event, f"{name}_exclude")
        try:
            filters = [one for rule in domain.rules for one in rule(type(event).model_construct(**kept), lambda n: n)]
        except BadInput:
            continue
        for one in filters:
            if (
                isinstance(one, OneOf)
                and not one.negate
                and isinstance(one.operand, Column)
                and one.operand.place == "event"
            ):
                yield name, one
