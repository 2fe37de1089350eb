"""Groups of criteria evaluated for an index table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cohorts.execution.session import CHECK, GROUP, PERSON, Session
from cohorts.plan.nodes import Group, Keep, Plan
from cohorts.plan.rounds import Round
from cohorts.sql import rounds, scans
from cohorts.sql.conditions import Bound
from cohorts.sql.rounds import Tables


def evaluate(session: Session, tables: Tables, groups: Mapping[int, Sequence[Group]], *, direct: bool) -> Round:
    """Fill `tables.hit` with what deviates, for owners and their groups; the rows of parent 0 are the roots'."""
    given = Round(direct)
    for owner, roots in groups.items():
        given.add(owner, roots)
    session.load(tables.checks, CHECK, [rounds.check_row(row) for row in given.checks])
    session.load(tables.people, PERSON, [(r.number, r.owner, r.root, r.parent) for r in given.people])
    session.load(tables.groups, GROUP, [tuple(getattr(g, name) for name in GROUP.names) for g in given.groups])
    columns = "key BIGINT, root INTEGER, parent INTEGER, delta INTEGER"
    session.execute(f"CREATE OR REPLACE TEMP TABLE {tables.hit} ({columns})")
    for sql in rounds.check_hits(tables, given.checks, _fractions(session.plan)):
        session.execute(f"INSERT INTO {tables.hit} {sql}")
    if given.people:
        bound = Bound()
        session.execute(f"INSERT INTO {tables.hit} {rounds.person_hits(tables, given, bound)}", bound)
    for height in given.heights:
        session.execute(f"INSERT INTO {tables.hit} {rounds.group_hits(tables, height)}")
    return given


def _fractions(plan: Plan) -> frozenset[int]:
    """The streams whose counted value may have a fraction."""
    return frozenset(number for number in range(len(plan.streams)) if _counts_fractions(plan, number))


def _counts_fractions(plan: Plan, number: int) -> bool:
    stream = plan.streams[number]
    if isinstance(stream, Keep):
        return _counts_fractions(plan, stream.stream)
    return stream.counted is not None and scans.is_number(stream.counted)
