"""One run of a plan in one engine: the temporary tables, statement by statement.

member           set_id, concept_id                              concept sets, resolved
stream_concept   branch, stream, concept_id                      which concept leads to which streams
event            see sql/scans.py                                the events of all streams
qualified        owner, person_id, ... op_start, op_end          index events after the limits before the rules
judged           qualified + mask                                which inclusion rules hold
included, entry, cohort_row                                      what is left of it
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa

from cohorts.counts import count_into
from cohorts.needs import closure, made_of, streams_in
from cohorts.plan.nodes import Definition, DrugExit, Eras, Group, Keep, OffsetExit, Plan, Scan
from cohorts.plan.rounds import Round
from cohorts.sql import exits, kept, primary, rounds, scans, vocabulary
from cohorts.sql.conditions import Bound
from cohorts.sql.rounds import Tables

Progress = Callable[[str, float], None]
Fields = list[tuple[str, pa.DataType]]


def _schema(**columns: pa.DataType) -> pa.Schema:
    return pa.schema(list(columns.items()))


_SET_ITEM = pa.schema(
    [("set_id", pa.int32()), ("concept_id", pa.int64()), ("excluded", pa.bool_()), ("descendants", pa.bool_()),
     ("mapped", pa.bool_())]
)  # fmt: skip
_STREAM_SET = pa.schema([("branch", pa.string()), ("stream", pa.int32()), ("set_id", pa.int32())])
_DEFINITION = pa.schema(
    [("owner", pa.int32()), ("prior_days", pa.int32()), ("post_days", pa.int32()), ("primary_limit", pa.string()),
     ("qualified_limit", pa.string()), ("last_limit", pa.string()), ("rule_count", pa.int32()), ("offset_days", pa.int32()),
     ("offset_from_end", pa.bool_()), ("exit_id", pa.int32()), ("era_pad", pa.int32()), ("single", pa.bool_()),
     ("from_date", pa.date32()), ("to_date", pa.date32()), ("asks", pa.bool_())]
)  # fmt: skip
_OWNER_STREAM = pa.schema([("owner", pa.int32()), ("nth", pa.int32()), ("stream", pa.int32())])
_CHECK = pa.schema(
    [
        (
            name,
            pa.string()
            if name == "value"
            else pa.bool_()
            if name.endswith(("same_visit", "opens", "closes"))
            else pa.int32(),
        )
        for name in rounds.CHECK_COLUMNS
    ]
)
_PERSON = pa.schema([(name, pa.int32()) for name in ("number", "owner", "root", "parent")])
_GROUP = pa.schema(
    [(name, pa.int32()) for name in ("number", "owner", "root", "parent", "height", "low", "high", "base", "empties")]
    + [("initial", pa.bool_())]
)


@dataclass
class Run:
    """A plan being carried out in `con`, where schema `cdm` shows what the plan needs."""

    con: duckdb.DuckDBPyConnection
    plan: Plan
    progress: Progress
    layout: scans.Layout = field(init=False)
    drug_exits: dict[DrugExit, int] = field(init=False)
    _filled: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Look at what the plan uses."""
        streams = self.plan.streams
        self.layout = scans.Layout(
            sort_date=any(isinstance(s, Scan) and s.shown is not None for s in streams),
            counted=any(isinstance(s, Scan | Eras) and s.counted is not None for s in streams),
        )
        self.drug_exits = {}
        for definition in self.plan.definitions:
            if isinstance(definition.exit, DrugExit):
                self.drug_exits.setdefault(definition.exit, len(self.drug_exits))

    def execute(self, sql: str, bound: Bound | None = None) -> duckdb.DuckDBPyConnection:
        """Run one statement."""
        return self.con.execute(sql, bound.values) if bound and bound.values else self.con.execute(sql)

    def load(self, name: str, schema: pa.Schema, rows: Iterable[Sequence[object]]) -> None:
        """A small table of the plan as a temporary table, so that the optimizer knows its size."""
        columns = list(zip(*rows, strict=True)) or [()] * len(schema)
        given = pa.table(
            [pa.array(values, kind) for values, kind in zip(columns, schema.types, strict=True)],
            schema=schema,
        )
        self.con.register("given", given)
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM given")
        self.con.unregister("given")

    def carry_out(self) -> None:
        """Everything up to `cohort_row` (owner, person_id, start_date, end_date)."""
        self.progress("concept sets", 0.0)
        self._concept_sets()
        self._definitions()
        self.progress("primary events", 0.1)
        early = closure(self.plan, [s for d in self.plan.definitions for s in d.primary])
        self._create_events()
        self._fill(early, people=None)
        self._primary()
        count_into(self.con, "qualified", "primary_count")
        self.progress("events of the rules", 0.4)
        self.execute("CREATE TEMP TABLE who AS SELECT DISTINCT person_id FROM qualified")
        later = closure(self.plan, self._later_streams()) - early
        self._fill(later, people="who")
        self.progress("rules", 0.7)
        self._additional()
        count_into(self.con, "qualified", "asked_count")
        self._rules()
        self.progress("exits", 0.9)
        self._exits()

    def _concept_sets(self) -> None:
        items = [(number, *_item(item)) for number, one in enumerate(self.plan.sets) for item in one]
        if not items:
            self.execute("CREATE TEMP TABLE member (set_id INTEGER, concept_id BIGINT)")
        else:
            self.load("set_item", _SET_ITEM, items)
            self.execute(vocabulary.members(mapped=any(item[4] for item in items)))

    def _definitions(self) -> None:
        definitions = self.plan.definitions
        self.load("definition", _DEFINITION, [self._row(n, d) for n, d in enumerate(definitions)])
        self.load("primary_stream", _OWNER_STREAM, _numbered(d.primary for d in definitions))
        self.load("censor_stream", _OWNER_STREAM, _numbered(d.censoring for d in definitions))

    def _row(self, number: int, given: Definition) -> tuple[object, ...]:
        offset = given.exit if isinstance(given.exit, OffsetExit) else None
        exit_id = self.drug_exits[given.exit] if isinstance(given.exit, DrugExit) else None
        single = {given.primary_limit, given.qualified_limit, given.limit} != {"all"}
        return (
            number, given.prior_days, given.post_days, given.primary_limit, given.qualified_limit, given.limit,
            len(given.rules), offset and offset.days, bool(offset and offset.field == "end"), exit_id, given.era_pad,
            single, given.from_date, given.to_date, given.additional is not None,
        )  # fmt: skip

    def _later_streams(self) -> set[int]:
        definitions = self.plan.definitions
        groups = [group for d in definitions for group in (d.additional, *(rule.group for rule in d.rules)) if group]
        return streams_in(groups) | {stream for d in definitions for stream in d.censoring}

    # -- events

    def _create_events(self) -> None:
        kinds = {
            "stream": "INTEGER",
            "start_date": "DATE",
            "end_date": "DATE",
            "sort_date": "DATE",
            "counted_number": "DOUBLE",
        }
        columns = ", ".join(f"{name} {kinds.get(name, 'BIGINT')}" for name in self.layout.columns)
        self.execute(f"CREATE TEMP TABLE event ({columns})")

    def _fill(self, streams: set[int], people: str | None) -> None:
        """Fill `event` with these streams, those that others are made of first."""
        while streams - self._filled:
            ready = [
                number for number in sorted(streams - self._filled) if set(made_of(self.plan, number)) <= self._filled
            ]
            self._scans([n for n in ready if isinstance(self.plan.streams[n], Scan)], people)
            self._eras([n for n in ready if isinstance(self.plan.streams[n], Eras)])
            self._keeps([n for n in ready if isinstance(self.plan.streams[n], Keep)])
            self._filled |= set(ready)

    def _scans(self, numbers: list[int], people: str | None) -> None:
        given = [(n, s) for n in numbers if isinstance(s := self.plan.streams[n], Scan)]
        if not given:
            return
        branches = scans.branches(given)
        self.load("stream_set", _STREAM_SET, [row for branch in branches for row in scans.selections(branch)])
        self.execute(f"CREATE OR REPLACE {vocabulary.STREAM_CONCEPT.removeprefix('CREATE ')}")
        for branch in branches:
            bound = Bound()
            self.execute(f"INSERT INTO event {scans.select(branch, self.layout, bound, people)}", bound)

    def _eras(self, numbers: list[int]) -> None:
        for number in numbers:
            stream = self.plan.streams[number]
            assert isinstance(stream, Eras)
            bound = Bound()
            self.execute(f"INSERT INTO event {kept.eras(number, stream, self.layout, bound)}", bound)

    def _keeps(self, numbers: list[int]) -> None:
        if not numbers:
            return
        self.load(
            "keep",
            pa.schema([("owner", pa.int32()), ("stream", pa.int32())]),
            [(n, self._keep(n).stream) for n in numbers],
        )
        self.execute(f"CREATE OR REPLACE TEMP TABLE keep_row AS {kept.INDEX}")
        row = self.execute(kept.SHARED).fetchone()
        copies = bool(row and row[0])
        index = "keep_index"
        self.execute(f"CREATE OR REPLACE TEMP TABLE {index} AS {kept.index(copies)}")
        groups = {number: [self._keep(number).group] for number in numbers}
        tables = Tables("kept", index, copies)
        given = self._round(tables, groups, direct=not copies)
        self.load("root", _ROOT, [(r.owner, r.root, r.initial) for r in given.roots])
        self.execute(f"INSERT INTO event {kept.keep(tables, self.layout)}")

    def _keep(self, number: int) -> Keep:
        stream = self.plan.streams[number]
        assert isinstance(stream, Keep)
        return stream

    # -- index events

    def _primary(self) -> None:
        limits = frozenset(d.primary_limit for d in self.plan.definitions)
        self.execute(f"CREATE TEMP TABLE qualified AS {primary.primary(self.layout.sort_date, limits)}")

    def _indexed(self, table: str) -> str:
        self.execute(f"CREATE OR REPLACE TEMP VIEW {table}_index AS SELECT rowid AS key, * FROM {table}")
        return f"{table}_index"

    def _additional(self) -> None:
        groups = {n: [d.additional] for n, d in enumerate(self.plan.definitions) if d.additional}
        limits = frozenset(d.qualified_limit for d in self.plan.definitions)
        if groups:
            tables = Tables("additional", self._indexed("qualified"))
            given = self._round(tables, groups, direct=True)
            self.load("root", _ROOT, [(r.owner, r.root, r.initial) for r in given.roots])
            self.execute(
                f"""CREATE TEMP TABLE asked AS SELECT i.* EXCLUDE key FROM qualified_index i
                LEFT JOIN root r ON r.owner = i.owner LEFT JOIN {tables.hit} h ON h.key = i.key AND h.parent = 0
                WHERE r.owner IS NULL OR r.initial <> (h.key IS NOT NULL)"""
            )
            self.execute("DROP VIEW qualified_index; DROP TABLE qualified; ALTER TABLE asked RENAME TO qualified")
        if limits != {"all"}:
            self.execute(f"CREATE TEMP TABLE asked AS {primary.limited('qualified', 'qualified_limit', limits)}")
            self.execute("DROP TABLE qualified; ALTER TABLE asked RENAME TO qualified")

    def _rules(self) -> None:
        groups = {n: [r.group for r in d.rules] for n, d in enumerate(self.plan.definitions) if d.rules}
        limits = frozenset(d.limit for d in self.plan.definitions)
        index = self._indexed("qualified")
        if groups:
            tables = Tables("rule", index)
            given = self._round(tables, groups, direct=True)
            masks = dict.fromkeys(groups, 0)
            for root in given.roots:
                masks[root.owner] |= int(root.initial) << root.root
            full = [(number, mask, (1 << len(groups[number])) - 1) for number, mask in masks.items()]
            self.load(
                "rule_mask",
                pa.schema([("owner", pa.int32()), ("initial", pa.int64()), ("all_rules", pa.int64())]),
                full,
            )
            self.execute(
                f"""CREATE TEMP TABLE judged AS SELECT i.*, m.all_rules,
                    xor(m.initial, coalesce(h.deviating, 0)) AS mask
                FROM {index} i LEFT JOIN rule_mask m ON m.owner = i.owner
                LEFT JOIN (SELECT key, bit_or(CAST(1 AS BIGINT) << root) AS deviating FROM {tables.hit}
                    WHERE parent = 0 GROUP BY key) h ON h.key = i.key"""
            )
            passed = "(SELECT * FROM judged WHERE all_rules IS NULL OR mask = all_rules)"
        else:
            passed = index
        self.execute(f"CREATE TEMP TABLE included AS {primary.limited(passed, 'last_limit', limits)}")

    def _round(self, tables: Tables, groups: Mapping[int, Sequence[Group | None]], *, direct: bool) -> Round:
        given = Round(direct)
        for owner, roots in groups.items():
            given.add(owner, [group for group in roots if group])
        self.load(tables.checks, _CHECK, [rounds.check_row(row) for row in given.checks])
        self.load(tables.people, _PERSON, [(r.number, r.owner, r.root, r.parent) for r in given.people])
        self.load(tables.groups, _GROUP, [tuple(getattr(g, name) for name in _GROUP.names) for g in given.groups])
        self.execute(
            f"CREATE OR REPLACE TEMP TABLE {tables.hit} (key BIGINT, root INTEGER, parent INTEGER, delta INTEGER)"
        )
        numbers = frozenset(n for n, _ in enumerate(self.plan.streams) if self._counts_fractions(n))
        for sql in rounds.check_hits(tables, given.checks, numbers):
            self.execute(f"INSERT INTO {tables.hit} {sql}")
        if given.people:
            bound = Bound()
            self.execute(f"INSERT INTO {tables.hit} {rounds.person_hits(tables, given, bound)}", bound)
        for height in given.heights:
            self.execute(f"INSERT INTO {tables.hit} {rounds.group_hits(tables, height)}")
        return given

    def _counts_fractions(self, number: int) -> bool:
        stream = self.plan.streams[number]
        if isinstance(stream, Keep):
            return self._counts_fractions(stream.stream)
        return stream.counted is not None and scans.is_number(stream.counted)

    # -- exits

    def _exits(self) -> None:
        definitions = self.plan.definitions
        if self.drug_exits:
            self.execute(f"CREATE TEMP TABLE exit_person AS {exits.EXIT_PERSON}")
            given = [(number, one) for one, number in self.drug_exits.items()]
            self.execute(f"CREATE TEMP TABLE drug_era_exit AS {exits.drug_eras(given)}")
        entries = exits.entries(
            offset=any(isinstance(d.exit, OffsetExit) for d in definitions),
            drug=bool(self.drug_exits),
            censored=any(d.censoring for d in definitions),
        )
        self.execute(f"CREATE TEMP TABLE entry AS {entries}")
        singles = {{d.primary_limit, d.qualified_limit, d.limit} != {"all"} for d in definitions}
        rows = exits.collapsed(single=True in singles, several=False in singles)
        if any(d.from_date or d.to_date for d in definitions):
            rows = exits.clamped(rows)
        self.execute(f"CREATE TEMP TABLE cohort_row AS SELECT owner, person_id, start_date, end_date FROM ({rows})")


_ROOT = pa.schema([("owner", pa.int32()), ("root", pa.int32()), ("initial", pa.bool_())])


def _item(item: object) -> tuple[object, ...]:
    return tuple(getattr(item, name) for name in ("concept", "excluded", "descendants", "mapped"))


def _numbered(streams: Iterable[tuple[int, ...]]) -> list[tuple[int, int, int]]:
    return [(owner, nth, stream) for owner, several in enumerate(streams) for nth, stream in enumerate(several)]
