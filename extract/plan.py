"""How each table of a study is limited: the rule of its kind, its columns, an order that resolves references.

| kind | tables | rows that leave |
|---|---|---|
| people | person | the drawn people's row; it has no date, so no window |
| events | every table with a person key and a start date, death among them | start date inside the window |
| periods | observation_period, payer_plan_period | the period and the window have a day in common; the rest of it stays |
| through | note_nlp, episode_event | the row's note or episode leaves |
| referenced | provider, care_site, location | a row that leaves points at it |

Vocabularies never leave as tables (the codebook tells the concepts that occur). cost, fact_relationship,
cdm_source and metadata are refused: their rows cannot be limited to people and windows by a key of their
own.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from cdm import schema
from cdm.errors import BadInput
from cdm.source import CdmVersion
from extract.spec import ExtractSpec, TableSpec, Window

Kind = Literal["people", "events", "periods", "through", "referenced"]


@dataclass(frozen=True)
class TablePlan:
    """One table, ready to be read.

    columns: what leaves, in CDM order. references: column -> (table, key) that it points at, of the columns
    that leave. parent: for kind 'through', the column and the table that its rows leave with. main_concept:
    what `concepts` limit.
    """

    table: schema.Table
    kind: Kind
    columns: tuple[str, ...]
    references: Mapping[str, tuple[str, str]]
    parent: tuple[str, str] | None
    window: Window
    concepts: tuple[int, ...] | None
    include_descendants: bool
    main_concept: str | None

    @property
    def name(self) -> str:
        """The table's name."""
        return self.table.name

    @property
    def dated(self) -> bool:
        """Whether the window decides about its rows."""
        return self.kind in ("events", "periods") and not self.window.unlimited


def kind_of(table: schema.Table, version: CdmVersion) -> Kind | None:
    """Give the rule that limits the table's rows, or None when there is none and the table cannot leave."""
    if table.vocabulary:
        return None
    if table.person_key is not None:
        if table.start_date is None:
            return "people"
        return "periods" if table.name.endswith("_period") else "events"
    if parent_of(table, version) is not None:
        return "through"
    return "referenced" if table.name in _targets(version) else None


def references(table: schema.Table, version: CdmVersion) -> dict[str, tuple[str, str]]:
    """Column -> (table, key column) of its clinical references other than the person.

    The CDM's foreign keys, and columns that bear the name of another table's key where the CDM forgot to
    declare one.
    """
    known = schema.tables(version)
    by_key = {
        t.primary_key[0]: t.name for t in known.values() if t.primary_key and not t.vocabulary and t.name != table.name
    }
    found: dict[str, tuple[str, str]] = {}
    for column in table.columns:
        target = column.references or ((by_key[column.name], column.name) if column.name in by_key else None)
        if target and target[0] != "person" and not known[target[0]].vocabulary:
            found[column.name] = target
    return found


def parent_of(table: schema.Table, version: CdmVersion) -> tuple[str, str] | None:
    """Give, for a table without a person key, its required column and the people's table it points at."""
    if table.person_key is not None or table.vocabulary:
        return None
    known = schema.tables(version)
    for column, (target, _) in references(table, version).items():
        if column in table.required and known[target].person_key is not None:
            return column, target
    return None


def accepted(version: CdmVersion) -> tuple[str, ...]:
    """Name the tables that can leave."""
    return tuple(name for name, table in schema.tables(version).items() if kind_of(table, version) is not None)


def plan(spec: ExtractSpec, version: CdmVersion) -> tuple[TablePlan, ...]:
    """Give the tables of `spec`, those that others point at last.

    Raises BadInput for a table or column that this CDM version does not have or that cannot leave, for a
    note_nlp without its note, and for a window or concepts on a table that has no date or no main concept.
    """
    found = [_table_plan(name, part, spec, version) for name, part in spec.tables.items()]
    for part in found:
        if part.parent is not None and part.parent[1] not in spec.tables:
            owner = part.parent[1]
            raise BadInput(f"extract.tables.{part.name}: its rows leave with their {owner}; name {owner} as well")
    place = {name: number for number, name in enumerate(_reading_order(version))}
    return tuple(sorted(found, key=lambda part: place[part.name]))


def _table_plan(name: str, part: TableSpec, spec: ExtractSpec, version: CdmVersion) -> TablePlan:
    where = f"extract.tables.{name}"
    table = schema.tables(version).get(name)
    kind = None if table is None else kind_of(table, version)
    if table is None or kind is None:
        what = "is not a table of CDM" if table is None else "cannot be limited to people and windows in CDM"
        raise BadInput(f"{where}: {name} {what} {version}; {_offer(name, accepted(version))}")
    main = main_concept(table)
    columns = _columns(table, part.columns, where, version)
    if part.window is not None and kind not in ("events", "periods"):
        raise BadInput(f"{where}.window: rows of {name} have no date of their own; leave the window out")
    if part.concepts is not None and main is None:
        raise BadInput(f"{where}.concepts: {name} has no main concept column; leave concepts out")
    return TablePlan(
        table=table,
        kind=kind,
        columns=columns,
        references={name: target for name, target in references(table, version).items() if name in columns},
        parent=parent_of(table, version),
        window=spec.window_of(name),
        concepts=part.concepts,
        include_descendants=part.include_descendants,
        main_concept=main,
    )


def _columns(table: schema.Table, wanted: tuple[str, ...] | None, where: str, version: CdmVersion) -> tuple[str, ...]:
    if wanted is None:
        return table.names
    for column in wanted:
        if column not in table.names:
            offer = _offer(column, table.names)
            raise BadInput(f"{where}.columns: {column} is not a column of {table.name} in CDM {version}; {offer}")
    parent = parent_of(table, version)
    always = {*table.primary_key, table.person_key, table.start_date, parent[0] if parent else None}
    return tuple(column for column in table.names if column in wanted or column in always)


def main_concept(table: schema.Table) -> str | None:
    """Find the first required concept column that is not the record's type (drug_concept_id ...)."""
    if table.person_key is None or table.start_date is None:
        return None
    asked = (c for c in table.concept_columns if c in table.required and not c.endswith("_type_concept_id"))
    return next(asked, None)


def _targets(version: CdmVersion) -> tuple[str, ...]:
    """Tables about nobody that rows of people point at, each before the ones that it points at itself."""
    known = schema.tables(version)
    waiting = [table for table in known.values() if table.person_key is not None]
    found: list[str] = []
    while waiting:
        table = waiting.pop(0)
        for target, _ in references(table, version).values():
            if known[target].person_key is None:
                if target in found:
                    found.remove(target)
                found.append(target)
                waiting.append(known[target])
    return tuple(found)


def _reading_order(version: CdmVersion) -> tuple[str, ...]:
    known: Mapping[str, schema.Table] = schema.tables(version)
    last = _targets(version)
    through = tuple(name for name, table in known.items() if parent_of(table, version) is not None)
    first = tuple(name for name in known if name not in last and name not in through)
    return first + through + last


def _offer(given: str, choices: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(given, choices, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    return f"{hint}accepted: {', '.join(choices)}"
