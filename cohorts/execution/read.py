"""Streams read from the CDM: one statement per branch, its rows sorted and cut into streams."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cohorts.columns.events import Counted, Events
from cohorts.columns.keys import MISSING, Days, Flags, Whole, broken, key, person_of
from cohorts.columns.observed import Observed, observed
from cohorts.execution.arrow import ask, days, flags, fractions, known, small, whole
from cohorts.plan.filters import InSet
from cohorts.plan.nodes import Scan
from cohorts.plan.uses import Use
from cohorts.sql import scans
from cohorts.sql.conditions import Bound
from cohorts.sql.source_codes import values

_PERIODS = """SELECT person_id, CAST(observation_period_start_date AS DATE) AS start_date,
    CAST(observation_period_end_date AS DATE) AS end_date FROM cdm.observation_period
WHERE person_id IS NOT NULL AND observation_period_start_date IS NOT NULL AND observation_period_end_date IS NOT NULL"""

_JOINED = 0.03  # DuckDB asks of each row whether it is one of these people's; that pays only if they are this few


def read_observed(con: duckdb.DuckDBPyConnection) -> Observed:
    """Everybody under observation."""
    found = ask(con, _PERIODS)
    return observed(whole(found["person_id"]), days(found["start_date"]), days(found["end_date"]))


class Reader:
    """Reads streams from schema `cdm` of an engine.

    sets: the members of each concept set of the plan. used: what each stream has to carry. whole: so used that primary
    events have all they can carry.
    """

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        observed: Observed,
        sets: Sequence[Whole],
        used: tuple[Use, ...],
        *,
        whole: bool = False,
    ) -> None:
        self._con = con
        self._observed = observed
        self._sets = sets
        self._used = used
        self.whole = whole

    def read(
        self, given: Sequence[tuple[int, Scan]], people: Flags | None, span: tuple[int, int] | None
    ) -> Iterator[tuple[int, Events]]:
        """The streams with their events; `people`: by number, whom alone they matter for."""
        joined = people is not None and int(np.count_nonzero(people)) <= _JOINED * len(people)
        if joined:
            self._show("who", {"person_id": self._observed.ids[people]})
        if any(isinstance(condition, InSet) for _, scan in given for condition in scan.filters):
            number = np.repeat(np.arange(len(self._sets)), [len(one) for one in self._sets])
            self._show("member", {"set_id": number.astype(np.int32), "concept_id": np.concatenate(self._sets)})
        for branch in scans.branches(given):
            yield from self._branch(branch, scans.Limits(joined, span), people)
        if joined:
            self._con.unregister("who")

    def _show(self, name: str, columns: Mapping[str, npt.NDArray[np.generic]]) -> None:
        self._con.register(name, pa.table({column: pa.array(values) for column, values in columns.items()}))

    def _branch(self, branch: scans.Branch, limits: scans.Limits, people: Flags | None) -> Iterator[tuple[int, Events]]:
        shape = scans.layout(branch, self._used)
        self._select(branch)
        bound = Bound()
        found = ask(self._con, scans.select(branch, shape, bound, limits), bound)
        answer = _answer(found, self._observed, branch, shape)
        del found
        fraction = {number for number, scan in branch.streams if scan.counted and scans.is_number(scan.counted)}
        for number, at, keys in _streams(answer, [number for number, _ in branch.streams], people):
            yield number, answer.rows(at, keys, fraction=number in fraction)

    def _select(self, branch: scans.Branch) -> None:
        if branch.by != "all":
            self._show("selection", self._concepts(branch, source=branch.by == "source"))
        elif branch.several:
            self._show("selection", {"stream": np.array([number for number, _ in branch.streams], np.int16)})
        if branch.by == "both":
            self._show("selection_source", self._concepts(branch, source=True))
        if branch.coded:
            self._values("selection_value", branch, source=branch.by == "source")
            self._values("selection_source_value", branch, source=True)

    def _values(self, name: str, branch: scans.Branch, *, source: bool) -> None:
        """Source values that are as good as a concept of the (source) set."""
        coded = [
            (n, code) for n, scan in branch.streams for code in (scan.source_codes if source else scan.concept_codes)
        ]
        codes: dict[str, pa.Array[Any]] = {
            "stream": pa.array([number for number, _ in coded], pa.int16()),
            "code": pa.array([code.text for _, code in coded], pa.string()),
            "prefix": pa.array([code.prefix for _, code in coded], pa.bool_()),
        }
        self._con.register("codes", pa.table(codes))
        assert branch.domain.source_value is not None
        found = ask(self._con, values("codes", branch.domain.table, branch.domain.source_value))
        self._con.register(name, found)
        self._con.unregister("codes")

    def _concepts(self, branch: scans.Branch, *, source: bool) -> dict[str, npt.NDArray[np.generic]]:
        streams, concepts = [], []
        for number, scan in branch.streams:
            concept_set = scan.source_set if source else scan.concept_set
            assert concept_set is not None
            members = self._sets[concept_set]
            streams.append(np.full(len(members), number, np.int16))
            concepts.append(members)
        return {"stream": np.concatenate(streams), "concept_id": np.concatenate(concepts)}


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
