"""The drawn people's rows inside their windows, as one sorted Parquet file per table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from cdm.engine import Limits, connect
from cdm.errors import BadInput
from cdm.source import Need, Source
from extract.as_of import as_of_window
from extract.plan import TablePlan, plan
from extract.spec import ExtractSpec
from extract.sql import figures, quote, stream, total_order, without_values
from extract.writer import write_parquet

DRAW_COLUMNS = ("person_id", "role", "index_date", "set_id", "weight")


@dataclass(frozen=True)
class TableRows:
    """One table's part. people: None where rows belong to nobody (care_site ...).

    unresolved: reference column -> rows whose target row does not leave with them (a visit that began
    before the window, say). Their keys stay here as the hospital has them; the package nulls what resolves
    to nothing.
    """

    rows: int
    people: int | None
    unresolved: Mapping[str, int]


@dataclass(frozen=True)
class RowsReport:
    """people: distinct drawn people. tables: in the order of the study's list."""

    people: int
    tables: Mapping[str, TableRows]

    def to_json(self) -> dict[str, object]:
        """Plain JSON. Exact counts: for inside the hospital."""
        tables = {
            name: {"rows": table.rows, "people": table.people, "unresolved": dict(table.unresolved)}
            for name, table in self.tables.items()
        }
        return {"people": self.people, "tables": tables}


def extract_rows(source: Source, draw: Path, spec: ExtractSpec, out: Path, limits: Limits | None = None) -> RowsReport:
    """Write out/<table>.parquet for every table of `spec`, also when no row leaves.

    draw: Parquet with person_id, role, index_date, set_id, weight; somebody drawn twice gets the union of
    the windows, each row once. Files keep the source's keys and the CDM's columns and order, sorted by
    person and primary key; their types are `cdm.schema.DUCKDB_TYPES`, whatever the hospital's are, so that releases
    of several hospitals fit together. `out` exists. Raises BadInput for a table or column the CDM lacks, a draw that
    is none, a disk that is full.
    """
    parts = plan(spec, source.version)
    with connect(limits) as con:
        with without_values(f"reading {draw.name}"):
            people = _load_draw(con, draw)
        source.attach(con, _need(parts, people))
        for part in parts:
            with without_values(f"extracting table {part.name}"):
                _write(con, part, parts, out)
        tables = {}
        for part in parts:
            with without_values(f"counting table {part.name}"):
                tables[part.name] = _report(con, part, parts, out)
    return RowsReport(people.num_rows, {name: tables[name] for name in spec.tables})


def _load_draw(con: duckdb.DuckDBPyConnection, draw: Path) -> pa.Table:
    """Make table `drawn` (person_id, index_date); give the distinct people."""
    if not draw.is_file():
        raise BadInput(f"draw {draw.name}: no such file; draw cases and controls first")
    found = con.sql("SELECT * FROM read_parquet($1) LIMIT 0", params=[str(draw)]).columns
    if missing := [column for column in DRAW_COLUMNS if column not in found]:
        raise BadInput(f"draw {draw.name}: lacks {', '.join(missing)}; it needs {', '.join(DRAW_COLUMNS)}")
    con.execute(
        "CREATE TEMP TABLE drawn AS SELECT DISTINCT CAST(person_id AS BIGINT) AS person_id, "
        "CAST(index_date AS DATE) AS index_date FROM read_parquet($1)",
        [str(draw)],
    )
    (unusable,) = figures(con, "SELECT count(*) FROM drawn WHERE person_id IS NULL OR index_date IS NULL")
    if unusable:
        raise BadInput(f"draw {draw.name}: a row has no person_id or no index_date; every drawn person needs both")
    people = con.sql("SELECT DISTINCT person_id FROM drawn ORDER BY person_id").to_arrow_table()
    assert isinstance(people, pa.Table)
    return people


def _need(parts: tuple[TablePlan, ...], people: pa.Table) -> Need:
    columns = {part.name: part.columns for part in parts}
    if any(part.include_descendants for part in parts):
        columns["concept_ancestor"] = ("ancestor_concept_id", "descendant_concept_id")
    return Need(columns, people)


def _write(con: duckdb.DuckDBPyConnection, part: TablePlan, parts: tuple[TablePlan, ...], out: Path) -> None:
    conditions = [*_belongs(part, parts, out), *_in_window(con, part), *_of_concepts(con, part)]
    told = as_of_window(part)
    columns = ", ".join(
        f"CAST({told.get(c, f't.{quote(c)}')} AS {part.table.column(c).duckdb_type}) AS {quote(c)}"
        for c in part.columns
    )
    reach = f" JOIN reach AS r ON r.person_id = t.{quote(str(part.table.person_key))}" if told else ""
    query = (
        f"SELECT {columns} FROM cdm.{quote(part.name)} AS t{reach} "
        f"WHERE {' AND '.join(conditions)} ORDER BY {total_order(part.table.order, part.columns)}"
    )
    write_parquet(stream(con, query), out / f"{part.name}.parquet")


def _belongs(part: TablePlan, parts: tuple[TablePlan, ...], out: Path) -> list[str]:
    """Ask that the row is a drawn person's, or pointed at by rows already written."""
    if part.table.person_key is not None:
        return [f"t.{quote(part.table.person_key)} IN (SELECT person_id FROM drawn)"]
    if part.parent is not None:
        column, target = part.parent
        return [f"t.{quote(column)} IN (SELECT {quote(column)} FROM {_parquet(out, target)})"]
    (key,) = part.table.primary_key
    pointing = [
        f"SELECT {quote(column)} FROM {_parquet(out, other.name)}"
        for other in parts
        for column, (target, _) in other.references.items()
        if target == part.name and (out / f"{other.name}.parquet").is_file()
    ]
    return [f"t.{quote(key)} IN ({' UNION '.join(pointing)})" if pointing else "false"]


def _in_window(con: duckdb.DuckDBPyConnection, part: TablePlan) -> list[str]:
    """Ask for a start date (for periods: any day) inside a window around one of the person's index dates.

    A row without a start date lies in no window; it leaves only when the window is unlimited.
    """
    if not part.dated:
        return []
    low, high = part.window.from_days, part.window.to_days
    con.execute(
        "CREATE OR REPLACE TEMP TABLE spans AS SELECT DISTINCT person_id, "
        "coalesce(index_date + CAST($1 AS INTEGER), DATE '0001-01-01') AS low, "
        "coalesce(index_date + CAST($2 AS INTEGER), DATE '9999-12-31') AS high FROM drawn",
        [low, high],
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE reach AS SELECT person_id, min(low) AS low, max(high) AS high FROM spans GROUP BY ALL"
    )
    start = f"CAST(t.{quote(str(part.table.start_date))} AS DATE)"
    end = start
    if part.kind == "periods" and part.table.end_date in part.columns:
        end = f"coalesce(CAST(t.{quote(part.table.end_date)} AS DATE), {start})"
    person = quote(str(part.table.person_key))
    inside = f"s.person_id = t.{person} AND {start} <= s.high AND {end} >= s.low"
    return [f"EXISTS (SELECT 1 FROM spans AS s WHERE {inside})"]


def _of_concepts(con: duckdb.DuckDBPyConnection, part: TablePlan) -> list[str]:
    if part.concepts is None or part.main_concept is None:
        return []
    con.register("asked_concepts", pa.table({"concept_id": pa.array(part.concepts, pa.int64())}))
    con.execute("CREATE OR REPLACE TEMP TABLE wanted_concepts AS SELECT concept_id FROM asked_concepts")
    con.unregister("asked_concepts")
    if part.include_descendants:
        con.execute(
            "INSERT INTO wanted_concepts SELECT descendant_concept_id FROM cdm.concept_ancestor "
            "WHERE ancestor_concept_id IN (SELECT concept_id FROM wanted_concepts)"
        )
    return [f"t.{quote(part.main_concept)} IN (SELECT concept_id FROM wanted_concepts)"]


def _report(con: duckdb.DuckDBPyConnection, part: TablePlan, parts: tuple[TablePlan, ...], out: Path) -> TableRows:
    people = f"count(DISTINCT {quote(part.table.person_key)})" if part.table.person_key else "NULL"
    written = {other.name for other in parts}
    lost: dict[str, str] = {}
    for column, (target, key) in part.references.items():
        there = f"SELECT {quote(key)} FROM {_parquet(out, target)}" if target in written else "SELECT 0 WHERE false"
        lost[column] = f"count(*) FILTER (WHERE {quote(column)} IS NOT NULL AND {quote(column)} NOT IN ({there}))"
    asked = ", ".join(["count(*)", people, *lost.values()])
    rows, persons, *counts = figures(con, f"SELECT {asked} FROM {_parquet(out, part.name)}")
    return TableRows(rows, persons, {column: count for column, count in zip(lost, counts, strict=True) if count})


def _parquet(out: Path, table: str) -> str:
    """Give a table already written as a FROM term; the path is ours, its quotes doubled."""
    path = str(out / f"{table}.parquet").replace("'", "''")
    return f"read_parquet('{path}')"
