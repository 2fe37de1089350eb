"""The events of streams: concept sets, scans of CDM tables, then what is made of other streams."""

from __future__ import annotations

from dataclasses import dataclass, field

from cohorts.execution.groups import evaluate
from cohorts.execution.session import KEEP, ROOT, SET_ITEM, STREAM_CODE, STREAM_SET, Session
from cohorts.needs import checks, made_of
from cohorts.plan.nodes import Eras, Keep, Scan
from cohorts.sql import kept, scans, source_codes, vocabulary
from cohorts.sql.conditions import Bound
from cohorts.sql.rounds import Tables

_TYPES = {
    "stream": "INTEGER",
    "start_date": "DATE",
    "end_date": "DATE",
    "sort_date": "DATE",
    "counted_number": "DOUBLE",
}


@dataclass
class Events:
    """The table `event` of a session, filled stream by stream."""

    session: Session
    layout: scans.Layout = field(init=False)
    _filled: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Resolve the concept sets and make the empty table."""
        streams = self.session.plan.streams
        self.layout = scans.Layout(
            sort_date=any(isinstance(s, Scan) and s.shown is not None for s in streams),
            counted=any(isinstance(s, Scan | Eras) and s.counted is not None for s in streams),
            visit=any(check.same_visit or check.distinct == "visit" for check in checks(self.session.plan)),
        )
        self._resolve()
        columns = ", ".join(f"{name} {_TYPES.get(name, 'BIGINT')}" for name in self.layout.columns)
        self.session.execute(f"CREATE TEMP TABLE event ({columns})")

    def fill(self, streams: set[int], people: str | None) -> None:
        """Fill in these streams, those that others are made of first; `people`: a table of whom alone they matter."""
        plan = self.session.plan
        while missing := streams - self._filled:
            ready = [number for number in sorted(missing) if set(made_of(plan, number)) <= self._filled]
            self._scans([(n, s) for n in ready if isinstance(s := plan.streams[n], Scan)], people)
            self._eras([(n, s) for n in ready if isinstance(s := plan.streams[n], Eras)])
            self._keeps([(n, s) for n in ready if isinstance(s := plan.streams[n], Keep)])
            self._filled |= set(ready)

    def _resolve(self) -> None:
        items = [
            (number, item.concept, item.excluded, item.descendants, item.mapped)
            for number, one in enumerate(self.session.plan.sets)
            for item in one
        ]
        if not items:
            self.session.execute("CREATE TEMP TABLE member (set_id INTEGER, concept_id BIGINT)")
            return
        self.session.load("set_item", SET_ITEM, items)
        self.session.execute(vocabulary.members(mapped=any(item[4] for item in items)))

    def _scans(self, given: list[tuple[int, Scan]], people: str | None) -> None:
        if not given:
            return
        branches = scans.branches(given)
        rows = [row for branch in branches for row in scans.selections(branch)]
        self.session.load("stream_set", STREAM_SET, rows)
        self.session.execute(vocabulary.STREAM_CONCEPT)
        self._code_values([branch for branch in branches if branch.coded])
        for branch in branches:
            bound = Bound()
            self.session.execute(f"INSERT INTO event {scans.select(branch, self.layout, bound, people)}", bound)

    def _code_values(self, coded: list[scans.Branch]) -> None:
        if not coded:
            return
        self.session.load("stream_code", STREAM_CODE, [row for branch in coded for row in scans.code_rows(branch)])
        columns: dict[tuple[str, str], frozenset[str]] = {}
        for branch in coded:
            key = branch.domain.table, str(branch.domain.source_value)
            columns[key] = columns.get(key, frozenset()) | {branch.name, f"{branch.name}_source"}
        self.session.execute(source_codes.values("stream_value", "stream_code", columns))

    def _eras(self, given: list[tuple[int, Eras]]) -> None:
        for number, stream in given:
            bound = Bound()
            self.session.execute(f"INSERT INTO event {kept.eras(number, stream, self.layout, bound)}", bound)

    def _keeps(self, given: list[tuple[int, Keep]]) -> None:
        if not given:
            return
        session = self.session
        session.load("keep", KEEP, [(number, stream.stream) for number, stream in given])
        session.execute(f"CREATE OR REPLACE TEMP TABLE keep_row AS {kept.rows(self.layout)}")
        ((copies,),) = session.execute(kept.SHARED).fetchall()
        kind, name = ("TABLE", "keep_copy") if copies else ("VIEW", "keep_index")
        session.execute(f"CREATE OR REPLACE TEMP {kind} {name} AS {kept.index(copies)}")
        tables = Tables("kept", name, copies)
        found = evaluate(session, tables, {number: [stream.group] for number, stream in given}, direct=not copies)
        session.load("root", ROOT, [(r.owner, r.root, r.initial) for r in found.roots])
        session.execute(f"INSERT INTO event {kept.keep(tables, self.layout)}")
        session.drop(tables.hit, "keep_row", *([name] if copies else []))
