"""What the engine finds of a few people: their events at each step, and their rows.

The people's rows are copied first, so that the runs that follow read no table of the hospital again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import numpy as np

from cdm import arrays
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
from cohorts.plan.uses import Wanted
from cohorts.why import variants
from cohorts.why.variants import ASKED, CENSORING, DRUG_END, ENDS, EVENTS, GIVEN, OBSERVED, OWN_END

Start = tuple[int, date]  # person, start of an entry event
Key = tuple[int, date, date | None, int, date, date]

_EPOCH = date(1970, 1, 1).toordinal()
WANTED = Wanted(whole_events=True)


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
def opened(source: Source, plans: Sequence[Plan], people: Sequence[int], limits: Limits | None) -> Iterator[Any]:
    """An engine whose schema `cdm` holds the rows of these people, and of the vocabulary what the plans ask.

    plans: the definition's own, and those that are made of it.
    """
    plan, wanted = plans[0], dict[str, set[str]]()
    for one in plans:
        for table, names in needs.need(one, WANTED).columns.items():
            wanted.setdefault(table, set()).update(names)
    wanted.setdefault("person", set()).add("person_id")
    columns = {table: tuple(sorted(names)) for table, names in wanted.items()}
    needs.refuse_missing(plan, source.tables(), needs.need(plan, WANTED).columns)
    asked = arrays.table({"person_id": np.unique(np.array(list(people), np.int64))})
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
    events = _events(parts, observed)
    rows = tuple(_rows(parts[GIVEN].cohort, observed))
    censoring = range(CENSORING, CENSORING + len(plan.definitions[0].censoring))
    all_, own, drug, *censored = (
        {(person, start): end for person, start, end in _rows(parts[owner].cohort, observed)}
        for owner in (ENDS, OWN_END, DRUG_END, *censoring)
    )
    ends = Ends(all_, own, drug, tuple(censored))
    outside, records = _for_ever(con, plan, {(e.person_id, e.start, e.event_id) for e in events})
    people_there = tuple(person for (person,) in there)
    return Facts(people_there, events, outside, rows, ends, records, _periods(con), _traits(con))


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


def _carried_out(con: duckdb.DuckDBPyConnection, plan: Plan) -> tuple[dict[int, Found], Observed]:
    """What was found for each owner, and who is observed (few people are one part)."""
    kept: dict[int, Found] = {}
    seen: list[Observed] = []

    def sink(owner: int, one: Found, observed: Observed, _: object) -> None:
        kept[owner] = one
        seen.append(observed)

    carry_out(con, plan, sink, lambda what, fraction: None, ConceptSets(), wanted=WANTED)
    return kept, seen[0]


def _day(day: int) -> date:
    """A date that Python can hold: one that was moved by thousands of years stands at the calendar's end."""
    return date.fromordinal(min(max(_EPOCH + day, 1), date.max.toordinal()))


def _rows(cohort: Intervals, observed: Observed) -> list[tuple[int, date, date]]:
    columns = (observed.ids[cohort.person].tolist(), cohort.start.tolist(), cohort.end.tolist())
    return sorted((person, _day(start), _day(end)) for person, start, end in zip(*columns, strict=True))


def _keys(entries: Entries, observed: Observed) -> list[Key]:
    """Person, start, end, event id, observation period of each row."""
    columns = (
        observed.ids[entries.person], entries.start, entries.ends, entries.ids, entries.op_start, entries.op_end
    )  # fmt: skip
    return [
        (person, _day(start), None if end == MISSING else _day(end), event, _day(op_start), _day(op_end))
        for person, start, end, event, op_start, op_end in zip(*(column.tolist() for column in columns), strict=True)
    ]


def _events(parts: dict[int, Found], observed: Observed) -> tuple[Event, ...]:
    """One for each event, however many of the primary criteria find it."""
    masks: dict[Key, int] = {}
    given = parts[EVENTS]
    held = given.judged.held if given.judged else ()
    for at, key in enumerate(_keys(given.qualified, observed)):
        masks[key] = max(masks.get(key, 0), sum(1 << bit for bit, kept in enumerate(held) if kept[at]))
    first, asked = set(_keys(parts[OBSERVED].primary, observed)), set(_keys(parts[ASKED].qualified, observed))
    order = sorted(masks, key=lambda key: (*key[:2], key[2] or date.max, *key[3:]))
    return tuple(Event(*key, mask=masks[key], observed=key in first, asked=key in asked) for key in order)


def _for_ever(
    con: duckdb.DuckDBPyConnection, plan: Plan, inside: set[tuple[int, date, int]]
) -> tuple[tuple[tuple[int, date, date | None], ...], dict[int, int]]:
    """Entry events that are there only if everybody is observed for ever; and how many records they are chosen from."""
    con.execute("ALTER TABLE cdm.observation_period RENAME TO given_period")
    con.execute(_FOR_EVER)
    try:
        parts, observed = _carried_out(con, variants.entry_events(plan))
    finally:
        con.execute("DROP TABLE cdm.observation_period; ALTER TABLE cdm.given_period RENAME TO observation_period")
    entry = parts.get(variants.ENTRY)
    events = sorted({key[:4] for key in _keys(entry.qualified, observed)}, key=_order) if entry else []
    records = Counter(observed.ids[parts[variants.RECORDS].qualified.person].tolist())
    outside = tuple(
        (person, start, end) for person, start, end, event in events if (person, start, event) not in inside
    )
    return outside, records


def _order(key: tuple[int, date, date | None, int]) -> tuple[int, date, date, int]:
    person, start, end, event = key
    return person, start, end or date.max, event


def answers(con: duckdb.DuckDBPyConnection, plan: Plan) -> dict[Key, int]:
    """Event -> the answers to the questions of `variants.judged_by`, question n as bit n."""
    found: dict[Key, int] = {}
    parts, observed = _carried_out(con, plan)
    for owner, one in parts.items():
        held = one.judged.held if one.judged else ()
        for at, key in enumerate(_keys(one.qualified, observed)):
            mask = sum(1 << bit for bit, kept in enumerate(held) if kept[at])
            found[key] = found.get(key, 0) | mask << owner * variants.BITS
    return found


_FOR_EVER = """CREATE TABLE cdm.observation_period AS SELECT * REPLACE (
    DATE '0001-01-01' AS observation_period_start_date, DATE '9999-12-31' AS observation_period_end_date)
FROM (SELECT DISTINCT ON (person_id) * FROM cdm.given_period)
UNION ALL BY NAME SELECT person_id, DATE '0001-01-01' AS observation_period_start_date,
    DATE '9999-12-31' AS observation_period_end_date FROM cdm.person
WHERE person_id NOT IN (SELECT person_id FROM cdm.given_period)"""
