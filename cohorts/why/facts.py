"""What the engine finds of a few people: their events at each step, and their rows.

The people's rows are copied first, so that the runs that follow read no table of the hospital again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
from cohorts.why.variants import ASKED, CENSORING, DRUG_END, ENDS, EVENTS, GIVEN, OBSERVED, OWN_END

Start = tuple[int, date]  # person, start of an entry event
Key = tuple[int, date, date | None, int, date, date]


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
    mask: int = 0
    observed: bool = False
    asked: bool = False

    @property
    def key(self) -> Key:
        """What makes it this event."""
        return self.person_id, self.start, self.end, self.event_id, self.op_start, self.op_end


@dataclass(frozen=True)
class Ends:
    """When what the limits leave ends, by the event's start: in all, by the offset (or observation), the drug, censoring.

    drug: also who has no such drug, with the end of observation: it is what the expression limit leaves.
    """

    all: Mapping[Start, date]
    own: Mapping[Start, date]
    drug: Mapping[Start, date]
    censoring: tuple[Mapping[Start, date], ...]


@dataclass(frozen=True)
class Facts:
    """What the engine finds. people: in order. events: in order of person, date.

    outside: person, start, end of entry events that no observation period holds. rows: person, start, end of the cohort.
    records: person -> how many records entry events are chosen from. periods: person -> observation periods. traits: person
    -> columns of PERSON that the definition reads.
    """

    people: tuple[int, ...]
    events: tuple[Event, ...]
    outside: tuple[tuple[int, date, date | None], ...]
    rows: tuple[tuple[int, date, date], ...]
    ends: Ends
    records: Mapping[int, int]
    periods: Mapping[int, tuple[tuple[date, date], ...]]
    traits: Mapping[int, Mapping[str, int | None]]


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
        censoring = range(CENSORING, CENSORING + len(plan.definitions[0].censoring))
        ends = Ends(
            _last(run, ENDS), _last(run, OWN_END), _last(run, DRUG_END), tuple(_last(run, n) for n in censoring)
        )
    outside, records = _for_ever(con, plan, {(e.person_id, e.start, e.event_id) for e in events})
    people_there = tuple(person for (person,) in there)
    return Facts(people_there, events, outside, tuple(rows), ends, records, _periods(con), _traits(con))


def _periods(con: duckdb.DuckDBPyConnection) -> dict[int, tuple[tuple[date, date], ...]]:
    found: dict[int, tuple[tuple[date, date], ...]] = {}
    rows = con.execute(
        """SELECT CAST(person_id AS BIGINT), CAST(observation_period_start_date AS DATE),
        CAST(observation_period_end_date AS DATE) FROM cdm.observation_period ORDER BY ALL"""
    ).fetchall()
    for person, first, last in rows:
        found[person] = (*found.get(person, ()), (first, last))
    return found


def _traits(con: duckdb.DuckDBPyConnection) -> dict[int, dict[str, int | None]]:
    people = con.execute("SELECT * FROM cdm.person")
    names = [column[0] for column in people.description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in people.fetchall()]
    return {row["person_id"]: {name: row[name] for name in names if name != "person_id"} for row in rows}


def _last(con: duckdb.DuckDBPyConnection, owner: int) -> dict[Start, date]:
    """The last day of the entries of an owner, by person and start."""
    return {(person, start): end for person, start, end in con.execute(_ROWS.format(owner=owner)).fetchall()}


def _rules(plan: Plan) -> bool:
    return any(definition.rules or definition.additional for definition in plan.definitions)


_ROWS = """SELECT CAST(person_id AS BIGINT), CAST(start_date AS DATE), CAST(end_date AS DATE)
FROM cohort_row WHERE owner = {owner} ORDER BY ALL"""


_KEY = """CAST(person_id AS BIGINT), CAST(start_date AS DATE), CAST(end_date AS DATE), CAST(event_id AS BIGINT),
    CAST(op_start AS DATE), CAST(op_end AS DATE)"""


def _events(con: duckdb.DuckDBPyConnection, judged: bool) -> str:
    """One row for each event, however many of the primary criteria find it."""
    mask = f"max(CASE WHEN owner = {EVENTS} THEN mask END)" if judged else "0"
    return f"""SELECT {_KEY}, coalesce({mask}, 0),
    bool_or(owner = {OBSERVED}), bool_or(owner = {ASKED})
FROM {"judged" if judged else "qualified"} WHERE owner IN ({EVENTS}, {OBSERVED}, {ASKED})
GROUP BY person_id, start_date, end_date, event_id, op_start, op_end ORDER BY ALL"""


def _for_ever(
    con: duckdb.DuckDBPyConnection, plan: Plan, inside: set[tuple[int, date, int]]
) -> tuple[tuple[tuple[int, date, date | None], ...], dict[int, int]]:
    """Entry events that are there only if everybody is observed for ever; and how many records they are chosen from."""
    con.execute("ALTER TABLE cdm.observation_period RENAME TO given_period")
    con.execute(_FOR_EVER)
    try:
        with carried_out(con, variants.entry_events(plan)) as run:
            events = run.execute(
                f"""SELECT DISTINCT CAST(person_id AS BIGINT), CAST(start_date AS DATE), CAST(end_date AS DATE),
                CAST(event_id AS BIGINT) FROM qualified WHERE owner = {variants.ENTRY} ORDER BY ALL"""
            ).fetchall()
            records = run.execute(
                f"""SELECT CAST(person_id AS BIGINT), count(*) FROM qualified WHERE owner = {variants.RECORDS}
                GROUP BY ALL ORDER BY ALL"""
            ).fetchall()
    finally:
        con.execute("DROP TABLE cdm.observation_period; ALTER TABLE cdm.given_period RENAME TO observation_period")
    outside = tuple(
        (person, start, end) for person, start, end, event in events if (person, start, event) not in inside
    )
    return outside, dict(records)


def answers(con: duckdb.DuckDBPyConnection, plan: Plan) -> dict[Key, int]:
    """Event -> the answers to the questions of `variants.judged_by`, question n as bit n."""
    found: dict[Key, int] = {}
    with carried_out(con, plan) as run:
        for owner in range(len(plan.definitions)):
            rows = run.execute(
                f"""SELECT {_KEY}, max(mask) FROM judged WHERE owner = {owner}
                GROUP BY person_id, start_date, end_date, event_id, op_start, op_end ORDER BY ALL"""
            ).fetchall()
            for *key, mask in rows:
                event = Event(*key).key
                found[event] = found.get(event, 0) | mask << owner * variants.BITS
    return found


_FOR_EVER = """CREATE TABLE cdm.observation_period AS SELECT * REPLACE (
    DATE '0001-01-01' AS observation_period_start_date, DATE '9999-12-31' AS observation_period_end_date)
FROM (SELECT DISTINCT ON (person_id) * FROM cdm.given_period)
UNION ALL BY NAME SELECT person_id, DATE '0001-01-01' AS observation_period_start_date,
    DATE '9999-12-31' AS observation_period_end_date FROM cdm.person
WHERE person_id NOT IN (SELECT person_id FROM cdm.given_period)"""
