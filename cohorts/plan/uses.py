"""Which columns of its events each stream has to carry, by who looks at it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from cohorts.plan.nodes import Check, Definition, DrugExit, Eras, Group, Keep, OffsetExit, Plan, Side


@dataclass(frozen=True)
class Use:
    """Person and start always; the rest where it is looked at."""

    ends: bool = False
    ids: bool = False
    visit: bool = False

    def __or__(self, other: Use) -> Use:
        return Use(self.ends or other.ends, self.ids or other.ids, self.visit or other.visit)


NOTHING = Use()


@dataclass(frozen=True)
class Wanted:
    """What is looked at beyond what the plan itself needs.

    person_columns: of the table person. whole_events: ends and ids of primary events.
    """

    person_columns: tuple[str, ...] = ()
    whole_events: bool = False


NOTHING_MORE = Wanted()


def uses(plan: Plan, wanted: Wanted = NOTHING_MORE) -> tuple[Use, ...]:
    """The use of every stream of the plan."""
    found = [NOTHING] * len(plan.streams)

    def add(stream: int, use: Use) -> None:
        found[stream] = found[stream] | use

    for definition in plan.definitions:
        for stream, use in _of_definition(definition, whole=wanted.whole_events):
            add(stream, use)
    for number in range(len(plan.streams) - 1, -1, -1):  # a stream refers only to smaller numbers
        given = plan.streams[number]
        if isinstance(given, Keep):
            add(given.stream, found[number] | index_use([given.group]))
            for check in checks_in(given.group):
                add(check.stream, _of_check(check))
        elif isinstance(given, Eras):
            for stream in given.streams:
                add(stream, Use(ends=True))
    return tuple(found)


def primary_use(definition: Definition, *, whole: bool = False) -> Use:
    """What primary events have to carry. An id decides among events of one day; nobody else looks at it."""
    groups = groups_of(definition)
    if whole or ties_matter(definition):
        return index_use(groups)
    by_end = isinstance(definition.exit, OffsetExit) and definition.exit.field == "end"
    return replace(index_use(groups), ends=by_end or bool(groups), ids=False)


def ties_matter(definition: Definition) -> bool:
    """Whether it matters which of a person's events of one day comes first."""
    limits = {definition.primary_limit, definition.qualified_limit, definition.limit}
    return bool(definition.rules) or limits != {"all"}


def _of_definition(definition: Definition, *, whole: bool) -> Iterator[tuple[int, Use]]:
    groups = groups_of(definition)
    for stream in definition.primary:
        yield stream, primary_use(definition, whole=whole)
    for group in groups:
        for check in checks_in(group):
            yield check.stream, _of_check(check)
    if isinstance(definition.exit, DrugExit):
        for stream in definition.exit.streams:
            yield stream, Use(ends=definition.exit.days_supply is None)


def groups_of(definition: Definition) -> list[Group]:
    """The groups that index events have to keep."""
    return [*([definition.additional] if definition.additional else []), *(rule.group for rule in definition.rules)]


def checks_in(group: Group) -> Iterator[Check]:
    """The checks of a group and of the groups in it."""
    yield from group.checks
    for inner in group.groups:
        yield from checks_in(inner)


def index_use(groups: list[Group]) -> Use:
    """What index events have to carry for these groups; end and id also decide ties."""
    return Use(ends=True, ids=True, visit=any(check.same_visit for group in groups for check in checks_in(group)))


def _of_check(check: Check) -> Use:
    window = check.window
    bounded = window.end_from != Side() or window.end_to != Side()
    return Use(ends=bounded or check.distinct == "end", ids=False, visit=check.same_visit or check.distinct == "visit")
