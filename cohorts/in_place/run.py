"""Cohorts computed where the data lie, one definition after another; only cohort rows and counts leave."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from cdm.engine import Limits, connect
from cdm.errors import BadInput
from cdm.source import ARROW_TYPES, InPlace, Need, Source, Work
from cohorts import needs
from cohorts.attrition import Attrition
from cohorts.expression import Expression
from cohorts.in_place import exits
from cohorts.in_place.capable import refuse_incapable
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
    scripts = [script(plan) for plan in plans]
    needed = need(scripts)
    needs.refuse_missing(build(definitions), source.tables(), needed.columns)
    names = list(definitions)
    found = {}
    with source.in_place(needed, limits) as place, connect(limits) as con:
        for name, given in zip(names, scripts, strict=True):
            refuse_incapable(name, given, place.capabilities, source.url)
        con.execute("CREATE TABLE cohort_row (owner INTEGER, person_id BIGINT, start_date DATE, end_date DATE)")
        for owner, name in enumerate(names):
            report(f"definition {name}", owner / len(names))
            found[name] = _one(place, plans[owner], scripts[owner], con, owner)
        _write(con, names, out, key)
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


def _one(place: InPlace, plan: Plan, given: Script, con: duckdb.DuckDBPyConnection, owner: int) -> Attrition:
    """Run one definition and keep its rows."""
    with place.work(given.tables) as work:
        carry_out(work, given, place)
        rows = work.fetch(text(select(columns("c", exits.ROW), table("cohort_row", "c")), place.engine))
        con.register("fetched", rows)
        con.execute(f"INSERT INTO cohort_row SELECT {owner}, * FROM fetched")
        con.unregister("fetched")
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


def _is_number(name: str) -> bool:
    return name.isascii() and name.removeprefix("-").isdigit() and str(int(name)) == name


def _write(con: duckdb.DuckDBPyConnection, names: list[str], out: Path, key: str) -> None:
    """The rows under their definitions' names (numbers, if all of them are), sorted by all columns."""
    numbers = all(_is_number(name) for name in names)
    labels = pa.array([int(name) for name in names], pa.int64()) if numbers else pa.array(names, pa.string())
    con.register("label", pa.table({"owner": pa.array(range(len(names)), pa.int32()), "label": labels}))
    quoted = '"' + key.replace('"', '""') + '"'
    try:
        con.execute(
            f"""COPY (SELECT l.label AS {quoted}, c.person_id AS subject_id, c.start_date AS cohort_start_date,
                c.end_date AS cohort_end_date
            FROM cohort_row c JOIN label l ON l.owner = c.owner ORDER BY ALL) TO $out (FORMAT parquet)""",
            {"out": str(out)},
        )
    except duckdb.IOException:
        raise BadInput(f"{out} cannot be written; check the folder and the disk, then run again") from None
