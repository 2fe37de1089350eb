"""The tables and columns of CDM 5.3 and 5.4: names, types, keys, dates, concepts.

The facts stand in `schema.json`, which `python -m cdm.derive` writes out of the `omop-cdm` package's SQLAlchemy
metadata; a test holds the two equal. Reading the file takes milliseconds, importing the ORM a second.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal, get_args

from cdm.source import CdmVersion

Family = Literal["integer", "number", "date", "datetime", "text"]
VERSIONS: tuple[CdmVersion, ...] = get_args(CdmVersion)

# The DDL says 32 bits, but the ids of a large hospital's rows outgrow them: BIGINT throughout.
DUCKDB_TYPES: Mapping[Family, str] = MappingProxyType(
    {"integer": "BIGINT", "number": "DOUBLE", "date": "DATE", "datetime": "TIMESTAMP", "text": "VARCHAR"}
)


@dataclass(frozen=True)
class Column:
    """One column of a CDM table.

    sql_type: the official type ('integer', 'bigint', 'numeric', 'date', 'timestamp', 'varchar(50)', 'text').
    required: NOT NULL in the CDM. references: (table, column) that the CDM's foreign key points at.
    """

    name: str
    family: Family
    sql_type: str
    required: bool = False
    max_length: int | None = None
    references: tuple[str, str] | None = None

    @property
    def duckdb_type(self) -> str:
        """The type this column has in the engine when the database's own one is of another family."""
        return DUCKDB_TYPES[self.family]

    @property
    def is_concept(self) -> bool:
        """Whether it holds a concept id."""
        return self.references == ("concept", "concept_id")


@dataclass(frozen=True)
class Table:
    """One table of a CDM version, columns in CDM order.

    primary_key: the one column `<table>_id` when the CDM declares it unique, else empty. (An ORM must name a key
        for every table; its keys of death, fact_relationship or the vocabulary links are no promise of the CDM.)
    person_key: the column that points at person, or is its key; None when rows belong to nobody directly.
    person_through: for a table without person_key, the required column and the table through which a row belongs
        to a person (note_nlp through note, episode_event through episode); else None.
    vocabulary: kept with the standard vocabularies, about nobody.
    start_date, end_date, start_datetime, end_datetime: when a row happened; None where the CDM has none.
    """

    name: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ()
    person_key: str | None = None
    person_through: tuple[str, str] | None = None
    vocabulary: bool = False
    start_date: str | None = None
    end_date: str | None = None
    start_datetime: str | None = None
    end_datetime: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The column names in CDM order."""
        return tuple(column.name for column in self.columns)

    @property
    def required(self) -> tuple[str, ...]:
        """The columns that the CDM wants filled."""
        return tuple(column.name for column in self.columns if column.required)

    @property
    def concept_columns(self) -> tuple[str, ...]:
        """The columns that hold concept ids."""
        return tuple(column.name for column in self.columns if column.is_concept)

    @property
    def main_concept(self) -> str | None:
        """The column that says what an event is about (condition_concept_id ...); None where rows are no events of people."""
        stem = self.name.removesuffix("_occurrence").removesuffix("_exposure").removesuffix("_era")
        name = f"{stem}_concept_id"
        return name if self.person_key and self.start_date and name in self.names else None

    @property
    def date_columns(self) -> tuple[str, ...]:
        """The columns of family 'date'."""
        return tuple(column.name for column in self.columns if column.family == "date")

    @property
    def datetime_columns(self) -> tuple[str, ...]:
        """The columns of family 'datetime'."""
        return tuple(column.name for column in self.columns if column.family == "datetime")

    @property
    def foreign_keys(self) -> dict[str, tuple[str, str]]:
        """Column -> (table, column) that it points at."""
        return {column.name: column.references for column in self.columns if column.references}

    @property
    def order(self) -> tuple[str, ...]:
        """Columns to sort by for the same order on every run: person, then the primary key or every column."""
        person = (self.person_key,) if self.person_key else ()
        rest = self.primary_key or self.names
        return person + tuple(name for name in rest if name not in person)

    def column(self, name: str) -> Column:
        """Find the column of this lower-case name; KeyError when the CDM has none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


@cache
def tables(version: CdmVersion) -> Mapping[str, Table]:
    """Map lower-case name to table, in CDM order. KeyError for a version other than '5.3' and '5.4'."""
    found = json.loads(files("cdm").joinpath("schema.json").read_text(encoding="utf-8"))[version]
    return MappingProxyType({entry["name"]: _table(entry) for entry in found})


def _table(entry: dict[str, Any]) -> Table:
    columns = tuple(Column(**_tuples(column)) for column in entry["columns"])
    return Table(**{**_tuples(entry), "columns": columns})


def _tuples(entry: dict[str, Any]) -> dict[str, Any]:
    """JSON knows lists only."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}
