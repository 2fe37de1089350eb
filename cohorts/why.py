"""Why one person is, or is not, in a cohort: every entry event, and where it was let in or kept out.

The answer holds dates of one person's records. It is for the hospital's own staff, and never part of a report.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any, TypeVar

import duckdb
import pyarrow as pa

from cdm.engine import Limits, connect
from cdm.errors import BadInput
from cdm.source import Need, Source
from cohorts import needs
from cohorts.execution.run import carry_out
from cohorts.execution.session import Session
from cohorts.expression import Expression
from cohorts.plan.build import build
from cohorts.plan.nodes import Definition, Limit, Plan, Rule

IN_OBSERVATION = "in an observation period"
OBSERVED_LONG_ENOUGH = "observed long enough before and after"
PRIMARY_LIMIT = "limit of primary events"
ADDITIONAL = "additional criteria"
QUALIFIED_LIMIT = "limit of events with the additional criteria"
EXPRESSION_LIMIT = "limit of events that keep every rule"
IN_COHORT = "in the cohort after exits and the censor window"


@dataclass(frozen=True)
class Outcome:
    """One step, and whether the event passed it; rules after the deciding step are told, too, limits are not."""

    step: str
    passed: bool


@dataclass(frozen=True)
class Entry:
    """One primary event. kept_out_by: the first step that it did not pass; None: it entered."""

    start_date: date
    end_date: date | None
    observation_start: date | None
    observation_end: date | None
    outcomes: tuple[Outcome, ...]
    kept_out_by: str | None


@dataclass(frozen=True)
class Why:
    """A person's entry events in order of date, and the cohort rows (start, end) that became of them."""

    person_id: int
    entries: tuple[Entry, ...]
    rows: tuple[tuple[date, date], ...]

    def to_json(self) -> dict[str, object]:
        """Plain JSON; dates as YYYY-MM-DD."""
        return {
            "person_id": self.person_id,
            "rows": [{"start": str(start), "end": str(end)} for start, end in self.rows],
            "entries": [
                {
                    "start": str(entry.start_date),
                    "end": _text(entry.end_date),
                    "observation": [_text(entry.observation_start), _text(entry.observation_end)],
                    "kept_out_by": entry.kept_out_by,
                    "outcomes": [{"step": one.step, "passed": one.passed} for one in entry.outcomes],
                }
                for entry in self.entries
            ],
        }


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def why(source: Source, expression: Expression, person_id: int, *, limits: Limits | None = None) -> Why:
    """Which steps and rules let each entry event of a person in, or kept it out.

    person_id: as the CDM has it. Raises `BadInput` if the CDM has no such person, or cannot answer the definition.
    """
    plan = build({"cohort": expression})
    needed = needs.need(plan)
    needs.refuse_missing(plan, source.tables(), needed.columns)
    columns = {**needed.columns, "person": tuple(sorted({*needed.columns.get("person", ()), "person_id"}))}
    alone = Need(columns, pa.table({"person_id": pa.array([person_id], pa.int64())}))
    try:
        rows = _run(source, alone, plan, limits, _rows)
        (definition,) = plan.definitions
        entries = _run(source, alone, _open(plan), limits, lambda con: _entries(con, definition, rows))
    except duckdb.Error as error:
        raise BadInput(
            f"why this person is in the cohort cannot be told on {source.url} ({type(error).__name__}); "
            "check the types of its tables"
        ) from None
    return Why(person_id, tuple(entries), tuple(rows))


T = TypeVar("T")


def _run(
    source: Source, need: Need, plan: Plan, limits: Limits | None, then: Callable[[duckdb.DuckDBPyConnection], T]
) -> T:
    with connect(limits) as con:
        source.attach(con, need)
        if con.execute("SELECT count(*) FROM cdm.person").fetchall() == [(0,)]:
            raise BadInput(f"{source.url} has no person with this person_id; give one that its table person has")
        carry_out(Session(con, plan, keep=True), lambda what, fraction: None)
        return then(con)


def _rows(con: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    return con.execute(
        "SELECT CAST(start_date AS DATE), CAST(end_date AS DATE) FROM cohort_row ORDER BY ALL"
    ).fetchall()


def _open(plan: Plan) -> Plan:
    """The plan without what drops events before the rules are judged; the additional criteria are rule 0."""
    (given,) = plan.definitions
    rules = (Rule(ADDITIONAL, given.additional), *given.rules) if given.additional else given.rules
    opened = replace(
        given, prior_days=0, post_days=0, primary_limit="all", additional=None, qualified_limit="all", limit="all",
        rules=rules,
    )  # fmt: skip
    return Plan((opened,), plan.streams, plan.sets)


@dataclass(frozen=True)
class _Event:
    """A judged event; ties: what decides among events of one date, as in the engine."""

    start: date
    end: date
    sort: date
    op_start: date
    op_end: date
    ties: tuple[Any, ...]
    mask: int


def _day(column: str) -> str:
    """A date that Python can hold: one that was moved by thousands of years stands at the calendar's end."""
    day = f"CAST({column} AS DATE)"
    return f"CASE WHEN {day} IS NOT NULL THEN greatest(DATE '0001-01-01', least(DATE '9999-12-31', {day})) END"


_UNOBSERVED = f"""SELECT DISTINCT {_day("e.start_date")}, {_day("e.end_date")}, e.event_id, e.stream
FROM event e JOIN primary_stream s ON s.stream = e.stream
ANTI JOIN cdm.observation_period o ON o.person_id = e.person_id
    AND e.start_date BETWEEN o.observation_period_start_date AND o.observation_period_end_date ORDER BY ALL"""


def _entries(con: duckdb.DuckDBPyConnection, given: Definition, cohort: list[tuple[Any, ...]]) -> list[Entry]:
    judged = bool(given.rules or given.additional)
    names = [name for (name,) in con.execute("SELECT column_name FROM (DESCRIBE qualified)").fetchall()]
    visit = ", visit_id" if "visit_id" in names else ""
    rows = con.execute(
        f"""SELECT {_day("start_date")}, {_day("end_date")}, {_day("sort_date")}, {_day("op_start")},
        {_day("op_end")}, {"mask" if judged else "0"}, event_id, end_date, op_start, op_end, nth{visit}
        FROM {"judged" if judged else "qualified"}"""
    ).fetchall()
    events = [
        _Event(row[0], row[1], row[2], row[3], row[4], tuple((part is None, part) for part in row[6:]), row[5])
        for row in rows
    ]
    events.sort(key=lambda event: (event.sort, event.ties))
    outside = [
        Entry(start, end, None, None, (Outcome(IN_OBSERVATION, False),), IN_OBSERVATION)
        for start, end, _, _ in con.execute(_UNOBSERVED).fetchall()
    ]
    steps = _steps(events, given)
    for event, outcomes in zip(events, steps, strict=True):
        if all(one.passed for one in outcomes):
            day = max(event.start, given.from_date or event.start)
            outcomes.append(Outcome(IN_COHORT, any(start <= day <= end for start, end in cohort)))
    inside = [_entry(event, outcomes) for event, outcomes in zip(events, steps, strict=True)]
    return sorted([*outside, *inside], key=lambda entry: entry.start_date)


def _steps(events: list[_Event], given: Definition) -> list[list[Outcome]]:
    """The outcomes of each event, in the order of the engine's steps."""
    shift = 1 if given.additional else 0
    steps: list[list[Outcome]] = [[Outcome(IN_OBSERVATION, True)] for _ in events]
    left = set(range(len(events)))

    def judge(name: str, passed: Callable[[_Event], bool]) -> None:
        for number, event in enumerate(events):
            holds = passed(event)
            steps[number].append(Outcome(name, holds))
            if not holds:
                left.discard(number)

    def cut(name: str, limit: Limit, key: Callable[[_Event], date]) -> None:
        if limit == "all":
            return
        kept = _first(events, left, limit, key)
        for number in sorted(left):
            steps[number].append(Outcome(name, number == kept))
        left.intersection_update({kept} if kept is not None else ())

    judge(OBSERVED_LONG_ENOUGH, lambda event: _observed(event, given))
    cut(PRIMARY_LIMIT, given.primary_limit, lambda event: event.sort)
    if given.additional:
        judge(ADDITIONAL, partial(_keeps, 0))
    cut(QUALIFIED_LIMIT, given.qualified_limit, lambda event: event.start)
    for number, rule in enumerate(given.rules):
        judge(rule.name, partial(_keeps, number + shift))
    cut(EXPRESSION_LIMIT, given.limit, lambda event: event.start)
    return steps


def _keeps(bit: int, event: _Event) -> bool:
    return bool(event.mask >> bit & 1)


def _observed(event: _Event, given: Definition) -> bool:
    start = event.start.toordinal()
    before = event.op_start.toordinal() + given.prior_days <= start
    return before and start + given.post_days <= event.op_end.toordinal()


def _first(events: list[_Event], left: set[int], limit: Limit, key: Callable[[_Event], date]) -> int | None:
    sign = -1 if limit == "last" else 1
    return min(
        left,
        key=lambda number: (sign * key(events[number]).toordinal(), events[number].sort, events[number].ties),
        default=None,
    )


def _entry(event: _Event, outcomes: list[Outcome]) -> Entry:
    kept_out_by = next((one.step for one in outcomes if not one.passed), None)
    return Entry(event.start, event.end, event.op_start, event.op_end, tuple(outcomes), kept_out_by)
