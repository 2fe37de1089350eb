"""Derive the CDM's schema from the `omop-cdm` package and write `schema.json`: `python -m cdm.derive`.

Its classes follow the OHDSI DDL; where SQLAlchemy forces a detail on them that the CDM does not have, a rule
here takes it back (see `Table.primary_key` and `_family`).
"""

from __future__ import annotations

import importlib
import json
from dataclasses import asdict, replace
from pathlib import Path

import sqlalchemy as sa

from cdm.schema import Column, Family, Table
from cdm.source import CdmVersion

MODULES: dict[CdmVersion, str] = {"5.3": "omop_cdm.regular.cdm531", "5.4": "omop_cdm.regular.cdm54"}
VOCABULARY_SCHEMA = "vocabulary_schema"
PERSON = ("person", "person_id")


def derive(version: CdmVersion) -> dict[str, Table]:
    """Describe every table of the version: person, the other clinical ones, then vocabulary."""
    metadata: sa.MetaData = importlib.import_module(MODULES[version]).Base.metadata
    found = [_table(table) for table in metadata.tables.values()]
    keyed = {table.primary_key[0]: table.name for table in found if table.person_key and table.primary_key}
    ordered = sorted(found, key=lambda table: (table.vocabulary, table.name != "person"))
    return {table.name: _dated(_through(table, keyed)) for table in ordered}


def _table(table: sa.Table) -> Table:
    columns = tuple(_column(column) for column in table.columns)
    keys = tuple(column.name for column in table.primary_key.columns)
    people = [c.name for c in columns if PERSON in (c.references, (table.name, c.name))]
    return Table(
        name=table.name,
        columns=columns,
        primary_key=keys if keys == (f"{table.name}_id",) else (),
        person_key=people[0] if people else None,
        person_through=None,
        vocabulary=table.schema == VOCABULARY_SCHEMA or "target_concept_id" in table.columns,
    )


def _column(column: sa.Column[object]) -> Column:
    family = _family(column)
    length = column.type.length if isinstance(column.type, sa.String) else None
    targets = [key.target_fullname.split(".")[-2:] for key in column.foreign_keys]
    return Column(
        name=column.name,
        family=family,
        sql_type=_sql_type(column, family, length),
        required=not column.nullable,
        max_length=length,
        references=(targets[0][0], targets[0][1]) if targets else None,
    )


def _family(column: sa.Column[object]) -> Family:
    """Tell by the type, except that `*_date` is a date: the package's 5.3.1 has the era dates as DateTime."""
    if column.name.endswith("_date"):
        return "date"
    families: tuple[tuple[type[object], Family], ...] = (
        (sa.Integer, "integer"),
        (sa.Numeric, "number"),
        (sa.DateTime, "datetime"),
        (sa.Date, "date"),
        (sa.String, "text"),
    )
    return next(family for kind, family in families if isinstance(column.type, kind))


def _sql_type(column: sa.Column[object], family: Family, length: int | None) -> str:
    if family == "integer":
        return "bigint" if isinstance(column.type, sa.BigInteger) else "integer"
    if family == "text":
        return f"varchar({length})" if length else "text"
    return {"number": "numeric", "date": "date", "datetime": "timestamp"}[family]


def _through(table: Table, keyed: dict[str, str]) -> Table:
    """Link rows without a person key to a person through a required key of a table that has one.

    By name, since the package (as the DDL) declares no foreign key for note_nlp.note_id in 5.4.
    """
    if table.person_key or table.vocabulary:
        return table
    links = [(c.name, keyed[c.name]) for c in table.columns if c.required and c.name in keyed]
    return replace(table, person_through=links[0] if links else None)


def _dated(table: Table) -> Table:
    """Find when a row happens: it starts at its first required date; end and times bear the same stem."""
    dates = [c.name for c in table.columns if c.family == "date" and c.required]
    if not dates or not (table.person_key or table.person_through or table.vocabulary):
        return table
    stem = dates[0].removesuffix("_date").removesuffix("_start")
    present = {name: name for name in table.names}
    return replace(
        table,
        start_date=dates[0],
        end_date=present.get(f"{stem}_end_date"),
        start_datetime=present.get(dates[0].removesuffix("_date") + "_datetime"),
        end_datetime=present.get(f"{stem}_end_datetime"),
    )


def text() -> str:
    """Write the content of schema.json: one line per column."""
    versions = (f'"{version}": [\n' + ",\n".join(map(_lines, derive(version).values())) for version in MODULES)
    return "{\n" + "\n],\n".join(versions) + "\n]\n}\n"


def _lines(table: Table) -> str:
    entry = asdict(table)
    columns = ",\n".join(json.dumps(_stated(column)) for column in entry.pop("columns"))
    return json.dumps(_stated(entry))[:-1] + ', "columns": [\n' + columns + "]}"


def _stated(entry: dict[str, object]) -> dict[str, object]:
    """Leave out what is absent anyway."""
    return {name: value for name, value in entry.items() if value not in (None, False, ())}


if __name__ == "__main__":
    Path(__file__).with_name("schema.json").write_text(text(), encoding="utf-8")
