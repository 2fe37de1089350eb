"""Which tables and columns of the CDM a plan reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cdm.errors import DefinitionRefused
from cdm.source import Need
from cohorts.plan.filters import Column, Filter, Operand, operands, places
from cohorts.plan.nodes import Check, Definition, DrugExit, Eras, Group, Keep, Plan, Scan
from cohorts.plan.uses import NOTHING_MORE, Wanted, uses
from cohorts.sql.scans import branches, event_columns, layout

_PLACES: Mapping[str, tuple[str, str]] = {
    "person": ("person", "person_id"),
    "visit": ("visit_occurrence", "visit_occurrence_id"),
    "provider": ("provider", "provider_id"),
    "care_site": ("care_site", "care_site_id"),
}
_PERIOD = ("person_id", "observation_period_start_date", "observation_period_end_date")


class _Columns:
    def __init__(self) -> None:
        self.found: dict[str, dict[str, None]] = {}

    def add(self, table: str, names: Iterable[str]) -> None:
        self.found.setdefault(table, {}).update(dict.fromkeys(names))

    def filters(self, conditions: tuple[Filter, ...]) -> None:
        for place in places(conditions) - {"event"}:
            table, key = _PLACES[place]
            self.add(table, [key, "person_id"] if place == "visit" else [key])
        for condition in conditions:
            for one in operands(condition):
                self._operand(one)

    def _operand(self, given: Operand) -> None:
        if isinstance(given, Column) and given.place != "event":
            self.add(_PLACES[given.place][0], [given.name])
        elif not isinstance(given, Column) and given.name.startswith("age"):
            self.add("person", ["year_of_birth"])


def need(plan: Plan, wanted: Wanted = NOTHING_MORE) -> Need:
    """The tables and columns that the whole plan reads, in alphabetical order; and those for what else is wanted."""
    columns = _Columns()
    if wanted.person_columns:
        columns.add("person", ["person_id", *wanted.person_columns])
    columns.add("observation_period", _PERIOD)
    scans = [(number, stream) for number, stream in enumerate(plan.streams) if isinstance(stream, Scan)]
    used = uses(plan, wanted)
    for branch in branches(scans):
        columns.add(branch.domain.table, event_columns(branch, layout(branch, used)))
    for stream in plan.streams:
        if isinstance(stream, Scan | Eras):
            columns.filters(stream.filters)
    for group in _groups(plan):
        for person in group.people:
            columns.filters(person.filters)
            columns.add("person", ["person_id"])
    _vocabulary(columns, plan)
    return Need({table: tuple(sorted(names)) for table, names in sorted(columns.found.items())})


def looks_at_people(plan: Plan) -> bool:
    """Whether a condition on index events or eras looks at the table person."""
    eras = any("person" in places(stream.filters) for stream in plan.streams if isinstance(stream, Eras))
    return eras or any(group.people for group in _groups(plan))


def person_columns(plan: Plan) -> tuple[str, ...]:
    """The columns of the table person, beside its key, that conditions on index events and eras look at."""
    filters = [condition for group in _groups(plan) for person in group.people for condition in person.filters]
    filters += [condition for stream in plan.streams if isinstance(stream, Eras) for condition in stream.filters]
    columns = _Columns()
    columns.filters(tuple(filters))
    return tuple(sorted(set(columns.found.get("person", {})) - {"person_id"}))


def _vocabulary(columns: _Columns, plan: Plan) -> None:
    items = [item for items in plan.sets for item in items]
    if items:
        columns.add("concept", ["concept_id", "invalid_reason"])
        columns.add("concept_ancestor", ["ancestor_concept_id", "descendant_concept_id"])
    if any(item.mapped for item in items):
        columns.add("concept_relationship", ["concept_id_1", "concept_id_2", "relationship_id", "invalid_reason"])


def checks(plan: Plan) -> list[Check]:
    """The checks of all groups."""
    return [check for group in _groups(plan) for check in group.checks]


def _groups(plan: Plan) -> list[Group]:
    waiting = [stream.group for stream in plan.streams if isinstance(stream, Keep)]
    waiting += [group for d in plan.definitions for group in (d.additional, *(r.group for r in d.rules)) if group]
    found = []
    while waiting:
        group = waiting.pop()
        found.append(group)
        waiting += group.groups
    return found


def refuse_missing(plan: Plan, present: Mapping[str, tuple[str, ...]], tables: Iterable[str]) -> None:
    """Raise `DefinitionRefused` naming the definition and the table if the CDM lacks a table that the plan reads."""
    missing = sorted(set(tables) - set(present))
    if not missing:
        return
    for definition in plan.definitions:
        lacking = sorted(set(need(_alone(plan, definition)).columns) & set(missing))
        if lacking:
            raise DefinitionRefused(
                definition.name,
                f"needs the table {lacking[0]}, which this CDM does not have; load it, or take the criterion out",
            )


def _alone(plan: Plan, definition: Definition) -> Plan:
    """The plan of one definition; streams of others become scans of nothing."""
    used = streams_of(plan, definition)
    blank = Eras(())
    streams = tuple(stream if number in used else blank for number, stream in enumerate(plan.streams))
    sets = plan.sets if any(isinstance(s, Scan) and s.concept_set is not None for s in streams) else ()
    return Plan((definition,), streams, sets)


def streams_of(plan: Plan, definition: Definition) -> set[int]:
    """All streams that a definition rests on."""
    groups = [
        *([definition.additional] if definition.additional else []),
        *(rule.group for rule in definition.rules),
    ]
    exits = definition.exit.streams if isinstance(definition.exit, DrugExit) else ()
    return closure(plan, [*definition.primary, *definition.censoring, *exits, *streams_in(groups)])


def streams_in(groups: Iterable[Group]) -> set[int]:
    """The streams that groups look at."""
    found: set[int] = set()
    for group in groups:
        found |= {check.stream for check in group.checks} | streams_in(group.groups)
    return found


def closure(plan: Plan, streams: Iterable[int]) -> set[int]:
    """These streams and all that they are made of."""
    found: set[int] = set()
    waiting = list(streams)
    while waiting:
        number = waiting.pop()
        if number not in found:
            found.add(number)
            waiting += made_of(plan, number)
    return found


def made_of(plan: Plan, number: int) -> list[int]:
    """The streams that a stream is made of."""
    stream = plan.streams[number]
    if isinstance(stream, Keep):
        return [stream.stream, *streams_in([stream.group])]
    return list(stream.streams) if isinstance(stream, Eras) else []
