"""Cohorts computed where the data lie, one definition after another; only cohort rows and counts leave."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from cdm.engine import Limits
from cdm.source import ARROW_TYPES, InPlace, Need, Source, Work
from cohorts import needs
from cohorts.attrition import Attrition
from cohorts.execution.arrow import days, whole
from cohorts.execution.rows import CohortRows
from cohorts.expression import Expression
from cohorts.in_place import exits
from cohorts.in_place.capable import refuse_codes, refuse_incapable
from cohorts.in_place.dialects import pattern, text
from cohorts.in_place.script import Given, Script, script
from cohorts.in_place.tally import attrition
from cohorts.in_place.trees import columns, select, table
from cohorts.plan.build import build
from cohorts.plan.nodes import Plan

Progress = Callable[[str, float], None]


def generate(
    source: Source,
    definitions: Mapping[str, Expression],
    out: Path,
    *,
    key: str = "cohort_definition_id",
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> dict[str, Attrition]:
    """What `cohorts.engine.generate` does, computed in the database itself: the same file, the same attrition.

    Raises `BadInput` for what cannot be answered, or not there, naming the definition, before anything runs.
    """
    report = progress or _silent
    plans = [build({name: expression}) for name, expression in definitions.items()]
    for plan in plans:
        refuse_codes(plan, source.url)
    scripts = [script(plan) for plan in plans]
    needed = need(scripts)
    needs.refuse_missing(build(definitions), source.tables(), needed.columns)
    names = list(definitions)
    found = {}
    rows = CohortRows(names)
    with source.in_place(needed, limits) as place:
        for name, given in zip(names, scripts, strict=True):
            refuse_incapable(name, given, place.capabilities, source.url)
        for owner, name in enumerate(names):
            report(f"definition {name}", owner / len(names))
            found[name] = _one(place, plans[owner], scripts[owner], rows, owner)
    rows.write(out, key)
    report("done", 1.0)
    return found


def need(scripts: Sequence[Script]) -> Need:
    """The tables and columns that these scripts read, in alphabetical order."""
    found: dict[str, set[str]] = {}
    for one in scripts:
        for name, asked in one.need.items():
            found.setdefault(name, set()).update(asked)
    return Need({name: tuple(sorted(columns)) for name, columns in sorted(found.items())})


def _silent(what: str, fraction: float) -> None:
    del what, fraction


def _one(place: InPlace, plan: Plan, given: Script, kept: CohortRows, owner: int) -> Attrition:
    """Run one definition and keep its rows."""
    with place.work(given.tables) as work:
        carry_out(work, given, place)
        rows = work.fetch(text(select(columns("c", exits.ROW), table("cohort_row", "c")), place.engine))
        subject, start, end = whole(rows.column(0)), days(rows.column(1)), days(rows.column(2))
        order = np.lexsort((end, start, subject))
        kept.put(owner, subject[order], start[order], end[order])
        (definition,) = plan.definitions
        return attrition(definition, given.tables, lambda query: _rows(work.fetch(text(query, place.engine))))


def carry_out(work: Work, given: Script, place: InPlace) -> None:
    """Fill all tables of a script."""
    for one in given.given:
        work.load(one.name, arrow(_spelled(one, place)))
    for step in given.steps:
        work.fill(step.name, text(step.query, place.engine))


def _spelled(given: Given, place: InPlace) -> Given:
    """Patterns as the engine reads them."""
    if given.name != "phrase":
        return given
    return Given(given.name, given.columns, [(n, pattern(str(said), place.engine)) for n, said in given.rows])


def arrow(given: Given) -> pa.Table:
    """A small table as Arrow."""
    values = list(zip(*given.rows, strict=True)) or [()] * len(given.columns)
    arrays = {
        name: pa.array(list(one), ARROW_TYPES[kind])
        for (name, kind), one in zip(given.columns.items(), values, strict=True)
    }
    return pa.table(arrays)


def _rows(counted: pa.Table) -> list[tuple[int, ...]]:
    return [tuple(row.values()) for row in counted.to_pylist()]
