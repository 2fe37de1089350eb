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
from cohorts.columns.entries import Entries
from cohorts.columns.eras import Intervals
from cohorts.columns.keys import MISSING
from cohorts.columns.observed import Observed
from cohorts.execution.concept_sets import ConceptSets
from cohorts.execution.definition import Found
from cohorts.execution.run import carry_out
from cohorts.plan.nodes import Plan
from cohorts.why import variants
from cohorts.why.variants import ASKED, EVENTS, GIVEN, LEFT, OBSERVED

_EPOCH = date(1970, 1, 1).toordinal()


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


def found(con: duckdb.DuckDBPyConnection, plan: Plan, people: Sequence[int]) -> Facts:
    """Everything about these people. Raises `BadInput` if the CDM lacks one of them (which one is not said)."""
    there = con.execute("SELECT CAST(person_id AS BIGINT) FROM cdm.person ORDER BY ALL").fetchall()
    if len(there) < len(set(people)):
        raise BadInput("the CDM has no person with this person_id; give one that its table person has")
    parts, observed = _carried_out(con, variants.parts(plan))
    left = frozenset((person, start) for person, start, _ in _rows(parts[LEFT].cohort, observed))
    events = _events(parts, observed)
    outside = tuple(_outside(con, plan, {(e.person_id, e.start, e.event_id) for e in events}))
    rows = tuple(_rows(parts[GIVEN].cohort, observed))
    return Facts(tuple(person for (person,) in there), events, outside, left, rows)


def _carried_out(con: duckdb.DuckDBPyConnection, plan: Plan) -> tuple[dict[int, Found], Observed]:
    """What was found for each owner, and who is observed (few people are one part)."""
    kept: dict[int, Found] = {}
    seen: list[Observed] = []

    def sink(owner: int, one: Found, observed: Observed, _: object) -> None:
        kept[owner] = one
        seen.append(observed)

    carry_out(con, plan, sink, lambda what, fraction: None, ConceptSets())
    return kept, seen[0]


def _day(day: int) -> date:
    """A date that Python can hold: one that was moved by thousands of years stands at the calendar's end."""
    return date.fromordinal(min(max(_EPOCH + day, 1), date.max.toordinal()))


def _rows(cohort: Intervals, observed: Observed) -> list[tuple[int, date, date]]:
    columns = (observed.ids[cohort.person].tolist(), cohort.start.tolist(), cohort.end.tolist())
    return sorted((person, _day(start), _day(end)) for person, start, end in zip(*columns, strict=True))


_Key = tuple[int, date, date | None, int, date, date]


def _keys(entries: Entries, observed: Observed) -> list[_Key]:
    """Person, start, end, event id, observation period of each row."""
    columns = (
        observed.ids[entries.person], entries.start, entries.end, entries.event_id, entries.op_start, entries.op_end
    )  # fmt: skip
    return [
        (person, _day(start), None if end == MISSING else _day(end), event, _day(op_start), _day(op_end))
        for person, start, end, event, op_start, op_end in zip(*(column.tolist() for column in columns), strict=True)
    ]


def _events(parts: dict[int, Found], observed: Observed) -> tuple[Event, ...]:
    """One for each event, however many of the primary criteria find it."""
    masks: dict[_Key, int] = {}
    given = parts[EVENTS]
    held = given.judged.held if given.judged else ()
    for at, key in enumerate(_keys(given.qualified, observed)):
        masks[key] = max(masks.get(key, 0), sum(1 << bit for bit, kept in enumerate(held) if kept[at]))
    first, asked = set(_keys(parts[OBSERVED].primary, observed)), set(_keys(parts[ASKED].qualified, observed))
    order = sorted(masks, key=lambda key: (*key[:2], key[2] or date.max, *key[3:]))
    return tuple(Event(*key, mask=masks[key], observed=key in first, asked=key in asked) for key in order)


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
        parts, observed = _carried_out(con, alone)
    finally:
        con.execute("DROP TABLE cdm.observation_period; ALTER TABLE cdm.given_period RENAME TO observation_period")
    keys = sorted(
        {key[:4] for key in _keys(parts[0].qualified, observed)}, key=lambda key: (*key[:2], key[2] or date.max)
    )
    yield from ((person, start, end) for person, start, end, event in keys if (person, start, event) not in inside)


_FOR_EVER = """CREATE TABLE cdm.observation_period AS SELECT * REPLACE (
    DATE '0001-01-01' AS observation_period_start_date, DATE '9999-12-31' AS observation_period_end_date)
FROM (SELECT DISTINCT ON (person_id) * FROM cdm.given_period)
UNION ALL BY NAME SELECT person_id, DATE '0001-01-01' AS observation_period_start_date,
    DATE '9999-12-31' AS observation_period_end_date FROM cdm.person
WHERE person_id NOT IN (SELECT person_id FROM cdm.given_period)"""
