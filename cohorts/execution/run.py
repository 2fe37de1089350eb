"""The order of a run: concept sets, primary events, who is under observation, then one part of the people after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import duckdb
import numpy as np

from cohorts.columns.entries import Entries
from cohorts.columns.filters import People
from cohorts.columns.keys import Flags
from cohorts.columns.observed import Observed
from cohorts.execution.concept_sets import ConceptSets
from cohorts.execution.definition import Found, find, primary_events
from cohorts.execution.fetch import Fetcher
from cohorts.execution.first import fetch_first
from cohorts.execution.parts import ROWS, Part, how_many, parts
from cohorts.execution.people import read_people
from cohorts.execution.read import Reader, count_observed, read_observed
from cohorts.execution.streams import Streams
from cohorts.needs import streams_of
from cohorts.plan.nodes import Plan
from cohorts.plan.uses import NOTHING_MORE, Wanted, uses

Progress = Callable[[str, float], None]
Sink = Callable[[int, Found, Observed, People | None], None]
_WORTH = 0.5  # leaving others' events out pays if people with primary events are at most this share of all


def carry_out(
    con: duckdb.DuckDBPyConnection,
    plan: Plan,
    sink: Sink,
    progress: Progress,
    concept_sets: ConceptSets,
    *,
    wanted: Wanted = NOTHING_MORE,
    rows: int = ROWS,
) -> None:
    """Find every definition of the plan in an engine whose schema `cdm` shows what it needs.

    sink: gets the number of a definition and what was found among one part of the people; parts in order of person_id.
    wanted: what else the sink looks at.
    rows: how many events a part may have in memory, as far as can be told before.
    """
    progress("concept sets", 0.0)
    sets = concept_sets.resolve(con, plan.sets)
    fetcher = Fetcher(con, sets, uses(plan, wanted))
    number, everybody = how_many(con, plan, rows), count_observed(con)
    first, among = fetch_first(fetcher, plan, everybody) if number == 1 else ([], None)
    observed = read_observed(con, among)
    people = read_people(con, plan, observed, wanted.person_columns)
    everybody = len(observed.ids) if among is None else everybody
    reader = Reader(fetcher, observed, everybody, fetched=first, whole=wanted.whole_events)
    several = parts(observed, number) if among is None else [Part(everybody, None)]
    for done, part in enumerate(several):

        def told(what: str, share: float, done: int = done) -> None:
            progress(what, (done + share) / len(several))

        _carry_out(plan, Streams(plan, reader, observed, people, sets, part.span), part, sink, told)


def _carry_out(plan: Plan, streams: Streams, part: Part, sink: Sink, progress: Progress) -> None:
    progress("primary events", 0.02)
    streams.fill(number for definition in plan.definitions for number in definition.primary)
    primaries = [primary_events(definition, streams) for definition in plan.definitions]
    progress("events of the rules", 0.4)
    later = {number for definition in plan.definitions for number in streams_of(plan, definition)}
    streams.fill(later, _few(primaries, part, len(streams.observed.ids)))
    for number, (definition, primary) in enumerate(zip(plan.definitions, primaries, strict=True)):
        progress("rules and exits", 0.6 + 0.4 * number / len(primaries))
        sink(number, find(definition, primary, streams), streams.observed, streams.people)


def _few(primaries: Sequence[Entries], part: Part, people: int) -> Flags | None:
    """By number, the people with primary events, if they are few enough to leave out the others' events."""
    there = np.zeros(people, bool)
    for entries in primaries:
        there[entries.person] = True
    return there if np.count_nonzero(there) <= _WORTH * part.people else None
