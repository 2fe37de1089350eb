"""Groups of criteria, judged for the events of an index table.

    index   person_id, ordinal, start_date, end_date, visit_id, op_start, op_end [, copies]
    match   person_id, ordinal, number, found      how often a check is met, or 1 for a demographic criterion; no row: 0
An index event is known by person and ordinal. Where several rows share them (events inside another criterion, in
overlapping observation periods), circe-be counts each child once per row and an empty group once per pair of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from cdm.source import Kind
from cohorts.in_place.conditions import Dates, Phrases, conditions
from cohorts.in_place.trees import (
    Query,
    Select,
    Tree,
    add_days,
    all_of,
    case,
    cast,
    column,
    columns,
    compare,
    count_distinct,
    count_rows,
    derived,
    every,
    first_filled,
    flag,
    inner,
    largest,
    left,
    plus,
    select,
    table,
    times,
    whole,
)
from cohorts.plan.filters import places
from cohorts.plan.nodes import Check, Group, Side
from cohorts.plan.rounds import UNLIMITED, CheckRow, GroupRow, PersonRow, Round

MATCH: Mapping[str, Kind] = {"person_id": "long", "ordinal": "long", "number": "int", "found": "long"}
_KEY = ("person_id", "ordinal")
_VALUES = {
    "start": "e.start_date", "end": "e.end_date", "visit": "e.visit_id", "event": "e.event_id", "counted": "e.counted",
}  # fmt: skip
Events = Callable[[int], Tree]  # a stream's events in FROM, called e


@dataclass(frozen=True)
class Judged:
    """An index table, the groups asked of it, and the table of what matches. copies: whether it has that column."""

    index: str
    match: str
    round: Round
    copies: bool = False

    @property
    def matters(self) -> bool:
        """Whether any check or demographic criterion has to be looked at."""
        return bool(self.round.checks or self.round.people)

    def matches(self, events: Events, phrases: Phrases) -> Query:
        """The rows of `match`."""
        found = [self._check(row, events(row.check.stream)) for row in self.round.checks]
        return all_of([*found, *(self._person(row, phrases) for row in self.round.people)])

    def with_matches(self, more: Mapping[str, Tree], names: Sequence[str], where: Sequence[Tree] = ()) -> Select:
        """Index rows (their columns `names`, and `more`) beside what matches them."""
        joins = []
        if self.matters:
            same = [compare(column(f"m.{name}"), "=", column(f"i.{name}")) for name in _KEY]
            joins.append(left(derived(self._side_by_side(), "m"), *same))
        return select({**columns("i", names), **more}, table(self.index, "i"), joins=joins, where=where)

    def holds(self, root: int) -> Tree:
        """Whether the group `root` holds, in a query of `with_matches`."""
        top = [group for group in self.round.groups if group.root == root and group.parent == 0]
        return self._group(top[0]) if top else every([])

    def _check(self, row: CheckRow, events: Tree) -> Select:
        check = row.check
        count = count_rows() if check.distinct is None else count_distinct(column(_VALUES[check.distinct]))
        if self.copies and check.distinct is None and check.absent_passes:
            count = times(count, largest(column("i.copies")))
        found = {**columns("i", _KEY), "number": whole(row.number), "found": cast(count, "long")}
        joins = [inner(events, compare(column("e.person_id"), "=", column("i.person_id")), *window(check))]
        return select(found, table(self.index, "i"), joins=joins, group_by=[f"i.{name}" for name in _KEY])

    def _person(self, row: PersonRow, phrases: Phrases) -> Select:
        dates = Dates(column("i.start_date"), column("i.end_date"))
        person = inner(table("cdm_person", "p"), compare(column("p.person_id"), "=", column("i.person_id")))
        beside = places(row.filters) - {"person"}
        assert not beside, "a demographic criterion looks at the person and the dates alone"
        found = {**columns("i", _KEY), "number": whole(row.number), "found": cast(whole(1), "long")}
        where = conditions(row.filters, dates, phrases)
        return select(found, table(self.index, "i"), joins=[person], where=where, distinct=self.copies)

    def _side_by_side(self) -> Select:
        """One row for an index event: found_1, found_2, ..."""
        numbers = [row.number for row in self.round.checks] + [row.number for row in self.round.people]
        found = {
            f"found_{number}": largest(case([(compare(column("x.number"), "=", whole(number)), column("x.found"))]))
            for number in numbers
        }
        keys = [f"x.{name}" for name in _KEY]
        return select({**columns("x", _KEY), **found}, table(self.match, "x"), group_by=keys)

    def _group(self, group: GroupRow) -> Tree:
        given = self.round
        children = [
            _within(_found(row.number), row.low, row.high) for row in given.checks if row.parent == group.number
        ]
        children += [_within(_found(row.number), 1, UNLIMITED) for row in given.people if row.parent == group.number]
        children += [self._group(row) for row in given.groups if row.parent == group.number]
        holding = plus([flag(child) for child in children])
        if self.copies:
            copies = column("i.copies")
            holding = plus([times(holding, copies), times(whole(group.empties), times(copies, copies))])
        elif group.empties:
            holding = plus([holding, whole(group.empties)])
        return _within(holding, group.low, group.high)


def judged(index: str, match: str, groups: Sequence[Group], *, copies: bool = False) -> Judged:
    """The groups, numbered as roots from 0, asked of an index table."""
    given = Round(direct=False)
    given.add(0, groups)
    return Judged(index, match, given, copies)


def _found(number: int) -> Tree:
    return first_filled(column(f"m.found_{number}"), whole(0))


def _within(number: Tree, low: int, high: int) -> Tree:
    bounds = [compare(number, ">=", whole(low))]
    if high != UNLIMITED:
        bounds.append(compare(number, "<=", whole(high)))
    return every(bounds)


def window(check: Check) -> list[Tree]:
    """What an event e has to fulfil to lie in the window around the index event i."""
    given = check.window
    terms = [
        *_bounds("e.start_date", ">=", given.start_from),
        *_bounds("e.start_date", "<=", given.start_to),
        *_bounds("e.end_date", ">=", given.end_from),
        *_bounds("e.end_date", "<=", given.end_to),
    ]
    if check.same_visit:
        terms.append(compare(column("e.visit_id"), "=", column("i.visit_id")))
    return terms


def _bounds(date: str, operator: str, side: Side) -> list[Tree]:
    """Each part of a side bounds the date by itself, so the tightest of them does."""
    found = []
    if side.from_start is not None:
        found.append(add_days(column("i.start_date"), side.from_start))
    if side.from_end is not None:
        found.append(add_days(column("i.end_date"), side.from_end))
    if side.period_start:
        found.append(column("i.op_start"))
    if side.period_end:
        found.append(column("i.op_end"))
    return [compare(column(date), operator, bound) for bound in found]
