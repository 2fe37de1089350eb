"""Streams out of what was fetched from the CDM: rows of people under observation, sorted and cut into streams."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cdm.arrays import table
from cohorts.columns.events import Counted, Events
from cohorts.columns.keys import MISSING, Days, Flags, Whole, broken, key, person_of
from cohorts.columns.observed import Observed, observed
from cohorts.execution.arrow import ask, days, flags, fractions, known, small, whole
from cohorts.execution.fetch import Fetched, Fetcher
from cohorts.plan.nodes import Scan
from cohorts.sql import scans

_PERIODS = """SELECT person_id, CAST(observation_period_start_date AS DATE) AS start_date,
    CAST(observation_period_end_date AS DATE) AS end_date FROM cdm.observation_period{who}
WHERE person_id IS NOT NULL AND observation_period_start_date IS NOT NULL AND observation_period_end_date IS NOT NULL"""

_JOINED = 0.03  # DuckDB asks of each row whether it is one of these people's; that pays only if they are this few


def count_observed(con: duckdb.DuckDBPyConnection) -> int:
    """How many people there may be under observation, as cheaply as the source can tell."""
    ((rows,),) = con.execute("SELECT count(*) FROM cdm.observation_period").fetchall()
    return int(rows)


def read_observed(con: duckdb.DuckDBPyConnection, among: Whole | None = None) -> Observed:
    """Everybody under observation, or those alone of some person_ids."""
    if among is not None:
        con.register("who", table({"person_id": among}))
    found = ask(con, _PERIODS.format(who="" if among is None else " SEMI JOIN who USING (person_id)"))
    if among is not None:
        con.unregister("who")
    return observed(whole(found["person_id"]), days(found["start_date"]), days(found["end_date"]))


class Reader:
    """Reads streams of people under observation.

    everybody: how many there are in the hospital; `observed` may hold those alone who matter. fetched: the first streams, where
    they were asked for before it was known who matters. whole: whether primary events have all they can carry.
    """

    def __init__(
        self, fetcher: Fetcher, observed: Observed, everybody: int, *, fetched: list[Fetched], whole: bool = False
    ) -> None:
        self._fetcher = fetcher
        self._observed = observed
        self._everybody = everybody
        self._fetched = fetched
        self.whole = whole

    def read(
        self, given: Sequence[tuple[int, Scan]], people: Flags | None, span: tuple[int, int] | None
    ) -> Iterator[tuple[int, Events]]:
        """The streams with their events; `people`: by number, whom alone they matter for."""
        fetched, self._fetched = self._fetched, []
        there = {number for one in fetched for number, _ in one.branch.streams}
        missing = [(number, scan) for number, scan in given if number not in there]
        asked = self._fetcher.fetch(missing, self._who(people), span) if missing else []
        for one in [*fetched, *asked]:
            yield from _events(one, self._observed, people)

    def _who(self, people: Flags | None) -> Whole | None:
        count = len(self._observed.ids) if people is None else int(np.count_nonzero(people))
        if count > _JOINED * self._everybody:
            return None
        return self._observed.ids if people is None else self._observed.ids[people]


def _events(fetched: Fetched, observed: Observed, people: Flags | None) -> Iterator[tuple[int, Events]]:
    branch = fetched.branch
    answer = _answer(fetched.rows, observed, branch, fetched.shape)
    fraction = {number for number, scan in branch.streams if scan.counted and scans.is_number(scan.counted)}
    for number, at, keys in _streams(answer, [number for number, _ in branch.streams], people):
        yield number, answer.rows(at, keys, fraction=number in fraction)


@dataclass(frozen=True)
class _Answer:
    """The columns of a branch's answer, as they came."""

    person: Days
    start: Days
    end: Days | None
    event_id: Whole | None
    visit: Whole | None
    sort: Days | None
    whole: Counted | None
    fraction: Counted | None
    stream: npt.NDArray[np.integer] | None
    rank: Days | None
    passes: Flags | None

    def rows(self, at: Whole, keys: Whole, *, fraction: bool) -> Events:
        counted = self.fraction if fraction else self.whole
        return Events(
            key=keys,
            person=self.person[at],
            start=self.start[at],
            end=None if self.end is None else self.end[at],
            event_id=None if self.event_id is None else self.event_id[at],
            visit=None if self.visit is None else self.visit[at],
            sort=None if self.sort is None else self.sort[at],
            counted=None if counted is None else Counted(counted.value[at], counted.known[at]),
        )


def _answer(found: pa.Table, observed: Observed, branch: scans.Branch, shape: scans.Layout) -> _Answer:
    return _Answer(
        person=observed.number(whole(found["person_id"])),
        start=days(found["start_date"]),
        end=days(found["end_date"]) if shape.ends else None,
        event_id=whole(found["event_id"]) if shape.ids else None,
        visit=whole(found["visit_id"]) if shape.visit else None,
        sort=days(found["sort_date"]) if shape.sort else None,
        whole=Counted(whole(found["counted_id"]), known(found["counted_id"])) if shape.counted else None,
        fraction=Counted(fractions(found["counted_number"]), known(found["counted_number"])) if shape.counted else None,
        stream=small(found["stream"]) if branch.several else None,
        rank=days(found["rank_date"]) if branch.first else None,
        passes=flags(found["passes"]) if branch.first else None,
    )


def _streams(answer: _Answer, numbers: Sequence[int], people: Flags | None) -> Iterator[tuple[int, Whole, Whole]]:
    """Each stream's rows of people under observation, in order of person and start: number, positions, keys."""
    inside = answer.person >= 0
    if people is not None:
        inside &= people[answer.person]
    if answer.passes is not None:
        inside = _first(answer, inside)
    inside &= (
        answer.start != MISSING
    )  # a first event whose adjusted start is unknown is no event, and nobody's second one is
    position = np.arange(len(inside)) if inside.all() else np.flatnonzero(inside)
    keys = key(answer.person[position], answer.start[position])
    if bool((keys[1:] < keys[:-1]).any()):
        order = np.argsort(keys, kind="stable")
        keys, position = keys[order], position[order]
    if answer.stream is None:
        yield numbers[0], position, keys
        return
    stream = answer.stream[position]
    order = np.argsort(stream, kind="stable")
    stream, keys, position = stream[order], keys[order], position[order]
    bounds = np.searchsorted(stream, numbers), np.searchsorted(stream, numbers, "right")
    for number, low, high in zip(numbers, *bounds, strict=True):
        yield number, position[low:high], keys[low:high]


def _first(answer: _Answer, inside: Flags) -> Flags:
    """A person's first row of each stream, where it passes the stream's conditions.

    It is the first by its own date, before conditions and adjustment; of equal dates the smaller id.
    """
    assert answer.rank is not None
    assert answer.event_id is not None
    assert answer.passes is not None
    rows = np.flatnonzero(inside & (answer.rank != MISSING))
    ranked, ids = key(answer.person[rows], answer.rank[rows]), answer.event_id[rows]
    stream = None if answer.stream is None else answer.stream[rows]
    order = np.argsort(ranked, kind="stable")
    if stream is not None:
        order = order[np.argsort(stream[order], kind="stable")]
    same, changes = np.diff(ranked[order]) == 0, np.diff(person_of(ranked[order])) != 0
    if stream is not None:
        other = np.diff(stream[order]) != 0
        same, changes = same & ~other, changes | other
    order = broken(order, same, lambda tied: [ids[tied]])
    leads = rows[order[np.concatenate((np.ones(min(1, len(order)), bool), changes))]]
    kept = np.zeros(len(inside), bool)
    kept[leads] = answer.passes[leads]
    return kept
