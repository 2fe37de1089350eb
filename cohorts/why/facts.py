"""What the engine finds of a few people: their events at each step, and their rows.

The people's rows are copied first, so that the runs that follow read no table of the hospital again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa

from cdm.engine import Limits, connect
from cdm.errors import BadInput
from cdm.schema import tables
from cdm.source import CdmVersion, Need, Source
from cdm.sources.in_engine import forget
from cohorts import needs
from cohorts.execution.run import carry_out
from cohorts.execution.session import Session
from cohorts.plan.nodes import Plan
from cohorts.why import variants
from cohorts.why.variants import ASKED, EVENTS, GIVEN, LEFT, OBSERVED


@dataclass(frozen=True)
class Event:
    """An entry event in an observation period. mask: the bits of `variants.bits` that hold.

    observed, asked: whether the steps up to the primary limit, and up to the qualified limit, leave it.
    """

    person_id: int
    start: date
    end: date | None
    event_id: int
    op_start: date
    op_end: date
    mask: int
    observed: bool
    asked: bool


@dataclass(frozen=True)
class Facts:
    """events: in order of person, date. outside: person, start, end of entry events that no observation period holds.

    left: person, start of what the expression limit leaves. rows: person, start, end of the cohort.
    """

    people: tuple[int, ...]
    events: tuple[Event, ...]
    outside: tuple[tuple[int, date, date | None], ...]
    left: frozenset[tuple[int, date]]
    rows: tuple[tuple[int, date, date], ...]


@contextmanager
def opened(source: Source, plan: Plan, people: Sequence[int], limits: Limits | None) -> Iterator[Any]:
    """An engine whose schema `cdm` holds the rows of these people, and of the vocabulary what the plan asks."""
    needed = needs.need(plan)
    needs.refuse_missing(plan, source.tables(), needed.columns)
    columns = {**needed.columns, "person": tuple(sorted({*needed.columns.get("person", ()), "person_id"}))}
    asked = pa.table({"person_id": pa.array(sorted(set(people)), pa.int64())})
    with connect(limits) as con:
        source.attach(con, Need(columns, asked))
        _copy(con, source.version, plan, columns)
        yield con


def _copy(con: duckdb.DuckDBPyConnection, version: CdmVersion, plan: Plan, names: dict[str, Any]) -> None:
    known = tables(version)
    for name in names:
        if known[name].person_key is not None:
            _keep(con, name, f"SELECT * FROM cdm.{name}")
    if "concept_ancestor" in names:
        wanted = sorted({item.concept for items in plan.sets for item in items if item.descendants}) or [0]
        listed = ", ".join(map(str, wanted))
        _keep(con, "concept_ancestor", f"SELECT * FROM cdm.concept_ancestor WHERE ancestor_concept_id IN ({listed})")


def _keep(con: duckdb.DuckDBPyConnection, name: str, rows: str) -> None:
    con.execute(f"CREATE TEMP TABLE copied AS {rows}")
    forget(con, name)
    con.execute(f"CREATE TABLE cdm.{name} AS SELECT * FROM copied; DROP TABLE copied")


@contextmanager
def carried_out(con: duckdb.DuckDBPyConnection, plan: Plan) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that holds the tables of a run of `plan` (its temporary tables end with it)."""
    with con.cursor() as run:
        carry_out(Session(run, plan, keep=True), lambda what, fraction: None)
        yield run


def found(con: duckdb.DuckDBPyConnection, plan: Plan, people: Sequence[int]) -> Facts:
    """Everything about these people. Raises `BadInput` if the CDM lacks one of them (which one is not said)."""
    there = con.execute("SELECT CAST(person_id AS BIGINT) FROM cdm.person ORDER BY ALL").fetchall()
    if len(there) < len(set(people)):
        raise BadInput("the CDM has no person with this person_id; give one that its table person has")
    with carried_out(con, variants.parts(plan)) as run:
        events = tuple(Event(*row) for row in run.execute(_events(run, judged=bool(_rules(plan)))).fetchall())
        rows = run.execute(_ROWS.format(owner=GIVEN)).fetchall()
        left = frozenset((person, start) for person, start, _ in run.execute(_ROWS.format(owner=LEFT)).fetchall())
    outside = tuple(_outside(con, plan, {(e.person_id, e.start, e.event_id) for e in events}))
    return Facts(tuple(person for (person,) in there), events, outside, left, tuple(rows))


def _rules(plan: Plan) -> bool:
    return any(definition.rules or definition.additional for definition in plan.definitions)


_ROWS = """SELECT CAST(person_id AS BIGINT), CAST(start_date AS DATE), CAST(end_date AS DATE)
FROM cohort_row WHERE owner = {owner} ORDER BY ALL"""


def _events(con: duckdb.DuckDBPyConnection, judged: bool) -> str:
    """One row for each event, however many of the primary criteria find it."""
    mask = f"max(CASE WHEN owner = {EVENTS} THEN mask END)" if judged else "0"
    return f"""SELECT CAST(person_id AS BIGINT), CAST(start_date AS DATE), CAST(end_date AS DATE), CAST(event_id AS BIGINT),
    CAST(op_start AS DATE), CAST(op_end AS DATE), coalesce({mask}, 0),
    bool_or(owner = {OBSERVED}), bool_or(owner = {ASKED})
FROM {"judged" if judged else "qualified"} WHERE owner IN ({EVENTS}, {OBSERVED}, {ASKED})
GROUP BY person_id, start_date, end_date, event_id, op_start, op_end ORDER BY ALL"""


def _outside(
    con: duckdb.DuckDBPyConnection, plan: Plan, inside: set[tuple[int, date, int]]
) -> Iterator[tuple[int, date, date | None]]:
    """Entry events that no observation period holds: those that are there only if everybody is observed for ever."""
    alone = variants.entry_events(plan)
    if alone is None:
        return
    con.execute("ALTER TABLE cdm.observation_period RENAME TO given_period")
    con.execute(_FOR_EVER)
    try:
        with carried_out(con, alone) as run:
            rows = run.execute(
                """SELECT DISTINCT CAST(person_id AS BIGINT), CAST(start_date AS DATE), CAST(end_date AS DATE),
                CAST(event_id AS BIGINT) FROM qualified ORDER BY ALL"""
            ).fetchall()
    finally:
        con.execute("DROP TABLE cdm.observation_period; ALTER TABLE cdm.given_period RENAME TO observation_period")
    yield from ((person, start, end) for person, start, end, event in rows if (person, start, event) not in inside)


_FOR_EVER = """CREATE TABLE cdm.observation_period AS SELECT * REPLACE (
    DATE '0001-01-01' AS observation_period_start_date, DATE '9999-12-31' AS observation_period_end_date)
FROM (SELECT DISTINCT ON (person_id) * FROM cdm.given_period)
UNION ALL BY NAME SELECT person_id, DATE '0001-01-01' AS observation_period_start_date,
    DATE '9999-12-31' AS observation_period_end_date FROM cdm.person
WHERE person_id NOT IN (SELECT person_id FROM cdm.given_period)"""
