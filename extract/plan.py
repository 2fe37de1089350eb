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
from extract.relations import main_concept, parent_of, references, targets
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
    return "referenced" if table.name in targets(version) else None


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


def _reading_order(version: CdmVersion) -> tuple[str, ...]:
    known: Mapping[str, schema.Table] = schema.tables(version)
    last = targets(version)
    through = tuple(name for name, table in known.items() if parent_of(table, version) is not None)
    first = tuple(name for name in known if name not in last and name not in through)
    return first + through + last


def _offer(given: str, choices: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(given, choices, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    return f"{hint}accepted: {', '.join(choices)}"
