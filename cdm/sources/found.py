"""What a database really holds, and how it answers a need: names in any case, two CDM versions, columns that lack."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from cdm.errors import BadInput
from cdm.schema import VERSIONS, Column, Table, tables
from cdm.source import CdmVersion, Need


@dataclass(frozen=True)
class FoundColumn:
    """A column as the database has it. sql: the expression that reads it. type: its DuckDB type when it arrives."""

    sql: str
    type: str


@dataclass(frozen=True)
class FoundTable:
    """A table or view. relation: quoted, ready for FROM. columns: lower-case name -> column."""

    relation: str
    columns: Mapping[str, FoundColumn]


@dataclass(frozen=True)
class Wanted:
    """One table of a need: its CDM description, what was found, the CDM columns to show in CDM order."""

    table: Table
    found: FoundTable
    columns: tuple[Column, ...]


Catalog = Mapping[str, FoundTable]


def quoted(*names: str) -> str:
    """Quote the parts of a name for DuckDB and PostgreSQL and join them with dots."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


def by_lower_name(names: Iterable[str]) -> dict[str, str]:
    """Map lower-case name to the name as it stands; of two that differ in case only, the lower-case one wins."""
    ordered = sorted(names, key=lambda name: (name != name.lower(), name))
    return {name.lower(): name for name in reversed(ordered)}


def cdm_tables() -> frozenset[str]:
    """List the names of the tables of every version."""
    return frozenset(name for version in VERSIONS for name in tables(version))


def with_vocabulary(clinical: Catalog, vocabulary: Catalog) -> Catalog:
    """Add the vocabulary tables of another schema, and only those; a table that both hold is the clinical schema's."""
    names = {name for version in VERSIONS for name, table in tables(version).items() if table.vocabulary}
    return {name: table for name, table in vocabulary.items() if name in names} | dict(clinical)


def version_of(catalog: Catalog, claimed: str | None, where: str) -> CdmVersion:
    """Decide the version by cdm_source's own word, else by the columns that only one version has, else 5.4."""
    if claimed and (number := re.search(r"(\d+)\.(\d+)", claimed)):
        said = f"{number[1]}.{number[2]}"
        for version in VERSIONS:
            if version == said:
                return version
        raise BadInput(f"{where} says it is CDM {said}; Naru reads {' and '.join(VERSIONS)}")
    return max(reversed(VERSIONS), key=lambda version: _evidence(catalog, version))


def _evidence(catalog: Catalog, version: CdmVersion) -> int:
    """Count the columns found that the other versions do not know."""
    others = [tables(other) for other in VERSIONS if other != version]
    return sum(
        name in table.columns and not any(known in other and name in other[known].names for other in others)
        for known, table in catalog.items()
        if known in tables(version)
        for name in tables(version)[known].names
    )


def check_is_cdm(catalog: Catalog, where: str, hint: Callable[[], str] = str) -> None:
    """Refuse a database that holds no person table with a person_id. hint: asked only then."""
    if "person_id" not in getattr(catalog.get("person"), "columns", ()):
        raise BadInput(f"{where} is not an OMOP CDM: no table person with a person_id is there{hint()}")


def present(catalog: Catalog, version: CdmVersion) -> dict[str, tuple[str, ...]]:
    """Map the CDM tables found to the CDM columns found in them, in CDM order."""
    return {
        name: tuple(column for column in table.names if column in catalog[name].columns)
        for name, table in tables(version).items()
        if name in catalog
    }


def wanted(need: Need, catalog: Catalog, version: CdmVersion, where: str) -> list[Wanted]:
    """Resolve a need in CDM order; BadInput for what the CDM does not know or requires and the database lacks."""
    known = tables(version)
    if strangers := sorted(set(need.columns) - set(known)):
        raise BadInput(f"CDM {version} has no table {', '.join(strangers)}; {where} is CDM {version}")
    return [_wanted(known[name], need.columns[name], catalog, version, where) for name in known if name in need.columns]


def _wanted(table: Table, asked: tuple[str, ...], catalog: Catalog, version: CdmVersion, where: str) -> Wanted:
    if strangers := sorted(set(asked) - set(table.names)):
        raise BadInput(f"table {table.name} of CDM {version} has no column {', '.join(strangers)} ({where})")
    if table.name not in catalog:
        raise BadInput(f"{where} has no table {table.name}, which this step reads; add it, even empty")
    found = catalog[table.name]
    columns = tuple(column for column in table.columns if not asked or column.name in asked)
    if lacking := [column.name for column in columns if column.required and column.name not in found.columns]:
        raise BadInput(f"table {table.name} of {where} lacks {', '.join(lacking)}, which CDM {version} requires")
    return Wanted(table, found, columns)
