"""What a study asks of a hospital's rows, found in the whole database: its codes, its units, its filled columns, its hours."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import duckdb
import pyarrow as pa

from cdm.schema import Table, tables
from cdm.source import Need, Source
from quality.measure.engine import quote, row
from quality.spec import GateSpec, RequiredConcepts, ValueRange
from quality.verdict import Metric

# A unit in which less than half of the values come is not what this hospital measures in.
IN_UNIT = 50.0


def metrics(
    con: duckdb.DuckDBPyConnection, source: Source, spec: GateSpec, sets: Mapping[str, pa.Int64Array]
) -> list[Metric]:
    """Measure what `spec` declares, and rows of the study's concept sets (name -> all their concept ids), table by table."""
    known, present = tables(source.version), source.tables()
    asked = _by_table(spec, known)
    found = [metric for name in asked if name not in present for metric in _absent(known[name], asked[name])]
    for name in (name for name in known if name in present and name in asked):
        found += _table(con, source, known[name], present[name], asked[name])
    return found + _sets(con, source, present, sets)


class _Asked:
    """What is asked of one table."""

    def __init__(self) -> None:
        self.codes: list[RequiredConcepts] = []
        self.ranges: list[ValueRange] = []
        self.filled: dict[str, float] = {}


def _by_table(spec: GateSpec, known: Mapping[str, Table]) -> dict[str, _Asked]:
    asked: dict[str, _Asked] = defaultdict(_Asked)
    for codes in spec.required_concepts:
        asked[codes.table].codes.append(codes)
    for limits in spec.ranges:
        if limits.concepts and limits.units:
            asked[limits.table].ranges.append(limits)
    for path, least in spec.completeness.items():
        table, _, column = path.partition(".")
        asked[table].filled[column] = least
    return {name: one for name, one in asked.items() if name in known}


def _absent(table: Table, asked: _Asked) -> list[Metric]:
    """Whatever is asked of a table that is not there is found in nobody."""
    return [
        *(_recorded(table, codes, 0, 0) for codes in asked.codes),
        *(_filled(table, column, least, 0, 1) for column, least in asked.filled.items()),
    ]


def _table(
    con: duckdb.DuckDBPyConnection, source: Source, table: Table, present: Sequence[str], asked: _Asked
) -> list[Metric]:
    """One scan for everything that is asked of one table."""
    concept, person = table.main_concept, table.person_key
    read = {concept, person, "unit_concept_id", *asked.filled, *(one.column for one in asked.ranges)}
    shown = tuple(name for name in present if name in read)
    source.attach(con, Need({table.name: shown}))
    figures: list[tuple[str, str]] = []
    for codes in asked.codes:
        there = concept in shown and person in shown
        of_codes = f"t.{quote(str(concept))} IN ({_listed(codes.concepts)})" if there else "false"
        who = f"t.{quote(str(person))}" if there else "NULL"
        figures.append((f"count(DISTINCT {who}) FILTER ({of_codes})", f"count(DISTINCT {who})"))
    figures += [_in_unit(concept, limits, shown) for limits in asked.ranges]
    figures += [(_holds(table, column) if column in shown else "0", "greatest(count(*), 1)") for column in asked.filled]
    listed = ", ".join(f"{measured}, {of}" for measured, of in figures)
    values = row(con, f"SELECT {listed} FROM cdm.{quote(table.name)} AS t", f"the table {table.name}")
    pairs = iter([(values[2 * i] or 0, values[2 * i + 1] or 0) for i in range(len(figures))])
    return [
        *(_recorded(table, codes, *next(pairs)) for codes in asked.codes),
        *(
            Metric("readiness.unit_usable", table.name, limits.column, *next(pairs), detail=_words(limits))
            for limits in asked.ranges
        ),
        *(_filled(table, column, least, *next(pairs)) for column, least in asked.filled.items()),
    ]


def _recorded(table: Table, codes: RequiredConcepts, people: int, of: int) -> Metric:
    return Metric(
        "readiness.concept_recorded",
        table.name,
        table.main_concept or "",
        people,
        of,
        codes.min_people,
        detail=codes.name,
    )


def _filled(table: Table, column: str, least: float, filled: int, of: int) -> Metric:
    """A time of day that is asked for has to be one: midnight is a date."""
    hours = column in table.datetime_columns
    return Metric(
        "readiness.hours_recorded" if hours else "readiness.column_complete", table.name, column, filled, of, least
    )


def _holds(table: Table, column: str) -> str:
    name = f"t.{quote(column)}"
    if column not in table.datetime_columns:
        return f"count({name})"
    return f"count(*) FILTER (CAST({name} AS TIME) <> TIME '00:00:00')"


def _in_unit(concept: str | None, limits: ValueRange, shown: Sequence[str]) -> tuple[str, str]:
    if concept not in shown or limits.column not in shown or "unit_concept_id" not in shown:
        return ("0", "1")
    valued = f"t.{quote(str(concept))} IN ({_listed(limits.concepts)}) AND t.{quote(limits.column)} IS NOT NULL"
    return (
        f"count(*) FILTER ({valued} AND t.unit_concept_id IN ({_listed(limits.units)}))",
        f"count(*) FILTER ({valued})",
    )


def _words(limits: ValueRange) -> str:
    return f"concepts {_listed(limits.concepts)} units {_listed(limits.units)}"


def _listed(ids: Sequence[int]) -> str:
    return ", ".join(str(int(one)) for one in ids)


def _sets(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    present: Mapping[str, tuple[str, ...]],
    sets: Mapping[str, pa.Int64Array],
) -> list[Metric]:
    """Count the rows of each concept set over every table of events."""
    if not sets:
        return []
    names = pa.concat_arrays([pa.array([name] * len(ids), pa.string()) for name, ids in sets.items()])
    ids = pa.concat_arrays(list(sets.values()))
    con.register("asked_sets", pa.table({"name": names, "concept_id": ids}))
    rows = dict.fromkeys(sets, 0)
    for table in tables(source.version).values():
        concept = table.main_concept
        if concept is None or table.name.endswith("_era") or concept not in present.get(table.name, ()):
            continue
        source.attach(con, Need({table.name: (concept,)}))
        counted = con.execute(
            f"SELECT name, sum(n)::BIGINT FROM (SELECT {quote(concept)} AS concept_id, count(*) AS n "
            f"FROM cdm.{quote(table.name)} GROUP BY 1) JOIN asked_sets USING (concept_id) GROUP BY name"
        ).fetchall()
        for name, n in counted:
            rows[name] += n
    return [
        Metric("readiness.concept_set_populated", "concept", "concept_id", rows[name], len(ids), detail=name)
        for name, ids in sets.items()
    ]
