"""Three answers to a definition: the engine's, circe's SQL's, our reference's; and whether they agree."""

from __future__ import annotations

import atexit
import json
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Self

import duckdb
import pyarrow as pa

import cdm
from cdm.engine import Limits
from cohorts.attrition import Attrition
from cohorts.engine import generate
from cohorts.expression import parse
from tests.cohorts import oracle, reference, tiny

Json = Mapping[str, Any]
Rows = oracle.Rows


@dataclass(frozen=True)
class Place:
    """A tiny hospital, as each of the three wants it. It is loaded once; closed, it leaves nothing on the disk."""

    tables: Mapping[str, pa.Table]

    @cached_property
    def _folder(self) -> Path:
        folder = Path(tempfile.mkdtemp(prefix="tiny-cdm-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        return folder

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.circe.close()
        shutil.rmtree(self._folder)

    @cached_property
    def file(self) -> Path:
        return tiny.write(self._folder / "tiny.duckdb", self.tables)

    @cached_property
    def out(self) -> Path:
        return self._folder / "cohort.parquet"

    @cached_property
    def circe(self) -> oracle.Circe:
        return oracle.Circe(self.tables)

    @cached_property
    def rows(self) -> reference.Hospital:
        return reference.Hospital({name: table.to_pylist() for name, table in self.tables.items()})


@cache
def place(seed: int) -> Place:
    return Place(tiny.tables(seed))


@dataclass(frozen=True)
class Found:
    """What the engine finds."""

    rows: Rows
    attrition: Attrition


def by_engine(definitions: Sequence[Json], where: Place) -> list[Found]:
    """All of them in one pass."""
    read = {str(n): parse(json.dumps(one), f"definition {n}") for n, one in enumerate(definitions)}
    with cdm.open_source(f"duckdb://{where.file}?schema=cdm", where.file.parent) as source:
        attrition = generate(source, read, where.out, limits=Limits(threads=1))
    rows: dict[int, Rows] = {}
    for number, *row in duckdb.sql(f"FROM '{where.out}' ORDER BY ALL").fetchall():
        rows.setdefault(number, []).append((row[0], row[1], row[2]))
    return [Found(rows.get(n, []), attrition[str(n)]) for n in range(len(definitions))]


@dataclass(frozen=True)
class Answers:
    """circe: None where it has no answer; `no_answer` then says why, in a few words.

    by_order: the place where circe's own answer hangs on the physical order of rows; `circe` is then the answer of its SQL
    with Naru's order among equals.
    """

    engine: Found
    reference: reference.Cohort
    circe: oracle.Answer | None
    no_answer: str = ""
    by_order: str = ""

    @property
    def disagreement(self) -> str:
        """Who differs from the reference in what; empty if nobody does."""
        ours = self.reference
        found = []
        if self.engine.rows != ours.rows:
            found.append("engine (rows)")
        if _attrition(self.engine.attrition) != _expected_attrition(ours):
            found.append("engine (attrition)")
        if self.circe and self.circe.rows != ours.rows:
            found.append("circe (rows)")
        if self.circe and (self.circe.all_events, self.circe.best_events) != _by_rules(ours):
            found.append("circe (attrition)")
        return ", ".join(found)


def answers(definition: Json, where: Place, engine: Found | None = None, *, circe: bool = True) -> Answers:
    """All three. engine: what the engine finds, where that is known. circe: whether to ask circe, who takes longest."""
    engine = engine or by_engine([definition], where)[0]
    ours = reference.cohort(definition, where.rows)
    if not circe:
        return Answers(engine, ours, None, no_answer="not asked")
    try:
        plain = where.circe.answer(definition)
        if _same(plain, ours):
            return Answers(engine, ours, plain)
        ordered, by_order = _in_our_order(definition, where, plain)
        return Answers(engine, ours, ordered, by_order=by_order)
    except oracle.NoAnswer as error:
        return Answers(engine, ours, None, no_answer=why_no_answer(str(error)))


def _in_our_order(definition: Json, where: Place, plain: oracle.Answer) -> tuple[oracle.Answer, str]:
    """circe's answer with every pin, and which pin by itself makes the difference."""
    every = where.circe.answer(definition, oracle.pinned())
    if every == plain:
        return plain, ""
    for pin in oracle.PINS:
        if where.circe.answer(definition, oracle.pinned([pin])) == every:
            return every, pin.kind
    return every, "several together"


def _same(circe: oracle.Answer, ours: reference.Cohort) -> bool:
    return circe.rows == ours.rows and (circe.all_events, circe.best_events) == _by_rules(ours)


def _by_rules(ours: reference.Cohort) -> tuple[oracle.ByRules, oracle.ByRules]:
    """Attrition by rules kept; where there are no rules, ATLAS shows none."""
    return (ours.all_events, ours.best_events) if ours.in_turn else ({}, {})


def _attrition(given: Attrition) -> dict[str, Any]:
    rules = len(given.steps) - 2 - any(step.rule == "additional criteria" for step in given.steps)
    steps = [(step.people, step.entries) for step in given.steps]
    return {
        "primary": steps[0],
        "rules": steps[len(steps) - 1 - rules : -1],
        "cohort": steps[-1],
        "all": {frozenset(c.rules): c.entries for c in given.combinations if c.entries},
        "best": {frozenset(c.rules): c.people for c in given.combinations if c.people},
    }


def _expected_attrition(ours: reference.Cohort) -> dict[str, Any]:
    all_events, best_events = _by_rules(ours)
    return {
        "primary": (ours.primary.people, ours.primary.entries),
        "rules": [(count.people, count.entries) for count in ours.in_turn],
        "cohort": (len({row[0] for row in ours.rows}), len(ours.rows)),
        "all": all_events,
        "best": best_events,
    }


_REASONS = (
    (r"Invalid CriteriaColumn for ([^:]+)", r"refused: \1 cannot be counted by this column"),
    (r"value_as_concept_id in \(", "no SQL: Abnormal without ValueAsConcept"),
    (r"C\.payer_concept_id as", "no SQL: the payer counted without PayerConcept"),
    (r"event_id , A\.\w+", "no SQL: the counted column is not handed up (nested criteria, episodes, visit details)"),
)


def why_no_answer(error: str) -> str:
    """In a few words, so that they can be counted."""
    for pattern, words in _REASONS:
        found = re.search(pattern, error)
        if found:
            return found.expand(words)
    return error.splitlines()[0][:120]
