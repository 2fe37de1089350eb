"""The de-identified tables as they stand in a package: sorted, and with no reference that leads nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from cdm import schema
from cdm.errors import BadInput
from cdm.source import CdmVersion
from extract.relations import references
from extract.sql import figures, quote, stream, total_order, without_values
from extract.writer import Written, write_parquet

COHORT = "cohort"
ROW = "place_in_file"
COHORT_COLUMNS = ("subject_id", "site_id", "set_id", "role", "index_date", "weight")


@dataclass(frozen=True)
class Packed:
    """A table in the package.

    people: distinct people; None where rows belong to nobody. null_shares: column -> share of rows.
    nulled: reference column -> rows whose reference led nowhere.
    """

    name: str
    written: Written
    people: int | None
    null_shares: Mapping[str, float]
    nulled: Mapping[str, int]


def find_tables(folder: Path, version: CdmVersion) -> tuple[str, ...]:
    """Name the tables of a de-identified folder. Raises BadInput for a table that no package may hold."""
    found = tuple(sorted(path.stem for path in folder.glob("*.parquet")))
    if COHORT not in found:
        raise BadInput(f"{folder}: no cohort.parquet; a package starts from de-identified tables")
    known = schema.tables(version)
    for name in found:
        if name != COHORT and (name not in known or known[name].vocabulary):
            raise BadInput(f"{folder}: {name}.parquet is not a clinical table of CDM {version}; it cannot be packed")
    return found


def pack_tables(con: duckdb.DuckDBPyConnection, folder: Path, version: CdmVersion, out: Path) -> list[Packed]:
    """Write out/<table>.parquet for every table of `folder`, sorted by person and key.

    A reference to a row outside the package becomes NULL: its key would say that a row exists which nobody may see.
    The tables' names stand for the written files in `con` afterwards.
    Raises BadInput for rows of people who are not in the cohort.
    """
    names = find_tables(folder, version)
    for name in names:
        with without_values(f"reading table {name}"):
            show(con, name, folder / f"{name}.parquet")
    _check_cohort(con, folder)
    packed = []
    for name in names:
        _check_people(con, name, version)
        with without_values(f"packing table {name}"):
            packed.append(_pack(con, name, names, version, out))
    for name in names:
        show(con, name, out / f"{name}.parquet")
    return packed


def show(con: duckdb.DuckDBPyConnection, name: str, file: Path) -> None:
    """Let the name of a table stand for a file, and `numbered(name)` for the same with the place of each row, ROW, from 0."""
    path = str(file).replace("'", "''")
    con.execute(f"CREATE OR REPLACE TEMP VIEW {quote(name)} AS SELECT * FROM read_parquet('{path}')")
    rows = f"SELECT *, file_row_number AS {ROW} FROM read_parquet('{path}')"
    con.execute(f"CREATE OR REPLACE TEMP VIEW {quote(numbered(name))} AS {rows}")


def numbered(name: str) -> str:
    """Name the view of a table's rows with their places."""
    return f"{name} by row"


def _pack(con: duckdb.DuckDBPyConnection, name: str, names: tuple[str, ...], version: CdmVersion, out: Path) -> Packed:
    columns = _columns(con, name)
    keys: tuple[str, ...] = COHORT_COLUMNS if name == COHORT else schema.tables(version)[name].order
    lost = {} if name == COHORT else _lost(con, name, columns, names, version)
    shown = ", ".join(
        f"CASE WHEN NOT ({lost[column]}) THEN {quote(column)} END AS {quote(column)}"
        if column in lost
        else quote(column)
        for column in columns
    )
    query = f"SELECT {shown} FROM {quote(name)} ORDER BY {total_order(keys, columns)}"
    written = write_parquet(stream(con, query), out / f"{name}.parquet")
    counts = [f"count(*) FILTER (WHERE {quote(column)} IS NULL)" for column in columns]
    counts += [f"count(*) FILTER (WHERE {condition})" for condition in lost.values()]
    person = "subject_id" if name == COHORT else schema.tables(version)[name].person_key
    people = f"count(DISTINCT {quote(person)})" if person in columns else "NULL"
    persons, *found = figures(con, f"SELECT {', '.join([people, *counts])} FROM {quote(name)}")
    nulled = dict(zip(lost, found[len(columns) :], strict=True))
    empty = {column: count + nulled.get(column, 0) for column, count in zip(columns, found, strict=False)}
    shares = {column: round(count / written.rows, 6) if written.rows else 0.0 for column, count in empty.items()}
    return Packed(name, written, persons, shares, {column: count for column, count in nulled.items() if count})


def _lost(
    con: duckdb.DuckDBPyConnection, name: str, columns: list[str], names: tuple[str, ...], version: CdmVersion
) -> dict[str, str]:
    """Give, for each reference column, the condition under which its target row is not in the package."""
    found = {}
    for column, (target, key) in references(schema.tables(version)[name], version).items():
        if column in columns:
            there = target in names and key in _columns(con, target)
            keys = f"SELECT {quote(key)} FROM {quote(target)} WHERE {quote(key)} IS NOT NULL"
            known = f"{quote(column)} IN ({keys})"
            found[column] = f"{quote(column)} IS NOT NULL" + (f" AND NOT {known}" if there else "")
    return found


def _columns(con: duckdb.DuckDBPyConnection, name: str) -> list[str]:
    return con.sql(f"SELECT * FROM {quote(name)} LIMIT 0").columns


def _check_cohort(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    found = _columns(con, COHORT)
    if missing := [column for column in COHORT_COLUMNS if column not in found]:
        raise BadInput(f"{folder}: cohort.parquet lacks {', '.join(missing)}")


def _check_people(con: duckdb.DuckDBPyConnection, name: str, version: CdmVersion) -> None:
    if name == COHORT:
        return
    person = schema.tables(version)[name].person_key
    if person is None or person not in _columns(con, name):
        return
    with without_values(f"counting people of table {name}"):
        outside = f"{quote(person)} IS NULL OR {quote(person)} NOT IN (SELECT subject_id FROM {COHORT})"
        (strangers,) = figures(con, f"SELECT count(*) FROM {quote(name)} WHERE {outside}")
    if strangers:
        raise BadInput(f"table {name} has rows of people who are not in cohort.parquet; de-identify it again")
