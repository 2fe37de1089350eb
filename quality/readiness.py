"""Is a hospital's database ready for a study? Found out in seconds, before anything is drawn."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import duckdb
import pyarrow as pa

from cdm.engine import Limits, connect
from cdm.schema import Table, tables
from cdm.source import Need, Release, Source
from quality.asked import metrics as asked_metrics
from quality.checks import READINESS
from quality.measure.engine import quote, row
from quality.spec import GateSpec
from quality.verdict import Finding, Metric, judge

MIDNIGHT = "TIME '00:00:00'"


def check_source(
    source: Source,
    need: Need,
    *,
    concepts: Mapping[str, Collection[int]] | None = None,
    hours: Collection[str] = (),
    spec: GateSpec | None = None,
    sets: Mapping[str, pa.Int64Array] | None = None,
    limits: Limits | None = None,
) -> tuple[Finding, ...]:
    """Find out whether a source is ready for what a study reads.

    need: the tables and columns that it reads (an empty tuple is every column of the CDM version).
    concepts: name of a concept set -> concept ids that the vocabulary has to know.
    hours: tables in which the study needs times of day, not just dates.
    spec: what the study declares of its release; looked for in the whole database here. sets: the study's concept sets,
    each with all its concept ids, of which some row has to be there.
    Returns a finding for each check, table and column; exact counts of a whole database, for inside the hospital.
    Raises SourceUnavailable when the database is away.
    """
    known = tables(source.version)
    wanted = {name: need.columns[name] or known[name].names for name in need.columns if name in known}
    present = source.tables()
    found = [*_presence(wanted, present, known)]
    shown = {
        name: tuple(column for column in columns if column in present[name])
        for name, columns in _with_core(wanted).items()
        if name in present and not _missing(known[name], present[name])
    }
    with connect(limits) as con:
        release = source.release()
        for name, columns in shown.items():
            found += _table(con, source, known[name], columns, release, times=name in hours)
        found += _concepts(con, source, present, concepts or {})
        found += asked_metrics(con, source, spec or GateSpec(), sets or {})
    return judge(found, catalogue=READINESS)


def _with_core(columns: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Add the tables that tell who and what the database is about."""
    return {"person": (), "cdm_source": (), **columns}


def _presence(
    wanted: Mapping[str, tuple[str, ...]], present: Mapping[str, tuple[str, ...]], known: Mapping[str, Table]
) -> list[Metric]:
    found = []
    for name in _with_core(wanted):
        found.append(Metric("readiness.table_exists", name, "", float(name not in present), 1))
        if name not in present:
            continue
        missing = _missing(known[name], present[name])
        found += [Metric("readiness.column_exists", name, column, 1, 1) for column in missing]
        found += [
            Metric("readiness.optional_column_exists", name, column, 1, 1)
            for column in wanted.get(name, ())
            if column not in present[name] and column not in missing
        ]
    return found


def _missing(table: Table, present: tuple[str, ...]) -> list[str]:
    return [column for column in table.required if column not in present]


def _table(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    table: Table,
    columns: tuple[str, ...],
    release: Release,
    *,
    times: bool,
) -> list[Metric]:
    """Measure one table in one scan. Texts are not read: whether they are filled decides nothing."""
    read = tuple(
        column.name
        for column in table.columns
        if column.family != "text" and (column.name in columns or column.name in _always(table))
    )
    source.attach(con, Need({table.name: read or table.required[:1]}))
    if table.name == "person":
        sql = (
            "CREATE TEMP TABLE born AS SELECT person_id, min(year_of_birth) AS year FROM cdm.person GROUP BY person_id"
        )
        con.execute(sql)
    asked = _asked(table, read, columns, release, times=times)
    figures = ", ".join(f"{measured}, {of}" for _, _, measured, of in asked)
    with_birth = f"LEFT JOIN born AS p ON p.person_id = t.{quote(table.person_key)}" if table.person_key else ""
    values = row(con, f"SELECT {figures} FROM cdm.{quote(table.name)} AS t {with_birth}", f"the table {table.name}")
    return [
        Metric(check, table.name, column, values[2 * i] or 0, values[2 * i + 1] or 0)
        for i, (check, column, _, _) in enumerate(asked)
    ]


def _always(table: Table) -> set[str]:
    """Name the columns that the checks themselves need."""
    found = {
        table.person_key,
        table.start_date,
        table.start_datetime,
        *(("year_of_birth",) if table.name == "person" else ()),
    }
    return {name for name in found if name}


def _asked(
    table: Table, read: tuple[str, ...], columns: tuple[str, ...], release: Release, *, times: bool
) -> list[tuple[str, str, str, str]]:
    """Check, column, what is measured, and out of what."""
    if table.name == "cdm_source":
        return [("readiness.one_source_row", "", "abs(count(*) - 1)", "greatest(count(*), 1)")]
    asked = [("readiness.table_not_empty", "", "count(*)", "count(*)")]
    for name in read:
        if name in table.required:
            asked.append(("readiness.required_filled", name, f"count(*) - count(t.{quote(name)})", "count(*)"))
        elif name in columns:
            asked.append(("readiness.column_filled", name, f"count(t.{quote(name)})", "count(*)"))
    if table.person_key and table.name != "person":
        asked.append(
            ("readiness.person_resolves", table.person_key, "count(*) FILTER (WHERE p.person_id IS NULL)", "count(*)")
        )
    if table.start_date and table.person_key and table.start_date in read:
        asked += _dates(table.start_date, release)
    if times:
        asked.append(_times(table, read))
    return asked


def _dates(start: str, release: Release) -> list[tuple[str, str, str, str]]:
    column = f"t.{quote(start)}"
    last = int((release.cdm_release_date or "2100")[:4])
    outside = f"count(*) FILTER (WHERE year({column}) NOT BETWEEN 1900 AND {last})"
    born = f"count(*) FILTER (WHERE year({column}) < p.year)"
    return [
        ("readiness.dates_plausible", start, outside, f"count({column})"),
        ("readiness.not_before_birth", start, born, "count(p.year)"),
    ]


def _times(table: Table, read: tuple[str, ...]) -> tuple[str, str, str, str]:
    name = table.start_datetime
    if name is None or name not in read:
        return ("readiness.times_recorded", name or "", "count(*)", "count(*)")
    column = f"t.{quote(name)}"
    missing = f"count(*) FILTER (WHERE {column} IS NULL OR CAST({column} AS TIME) = {MIDNIGHT})"
    return ("readiness.times_recorded", name, missing, "count(*)")


def _concepts(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    present: Mapping[str, tuple[str, ...]],
    concepts: Mapping[str, Collection[int]],
) -> list[Metric]:
    if not concepts:
        return []
    if "concept_id" not in present.get("concept", ()):
        return [Metric("readiness.concepts_known", "concept", "concept_id", len(set(ids)), len(set(ids)), detail=name)
                for name, ids in concepts.items()]  # fmt: skip
    source.attach(con, Need({"concept": ("concept_id",)}))
    names = [name for name, ids in concepts.items() for _ in set(ids)]
    listed = [concept for ids in concepts.values() for concept in sorted(set(ids))]
    con.register("asked", pa.table({"name": pa.array(names, pa.string()), "concept_id": pa.array(listed, pa.int64())}))
    unknown = con.execute(
        "SELECT name, count(*) AS n FROM asked a ANTI JOIN cdm.concept c USING (concept_id) GROUP BY name"
    ).fetchall()
    missing = dict(unknown)
    return [
        Metric("readiness.concepts_known", "concept", "concept_id", missing.get(name, 0), len(set(ids)), detail=name)
        for name, ids in concepts.items()
    ]
