"""From a release to its profile: aggregates of at least `threshold` people each, rounded; the only thing that a twin is made of.

| told | as |
|---|---|
| rows a person has in a table | people by powers of two, in multiples of the threshold |
| a column's values (concepts, generalised years, roles) | rows by value, of values that at least `threshold` people have |
| a number, by the row's concept | quantiles with at least `threshold` people between two of them, three digits, never least or largest |
| a date | days from the index date (an end: from its start) in bins that at least `threshold` people fall into |
| free text, source values, keys | nothing |

Columns are told one by one: how they hang together in a person is not in the profile, so it cannot be in the twin.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from cdm import schema
from cdm.engine import connect
from cdm.source import CdmVersion
from extract.delta import read
from extract.manifest import read_manifest
from extract.relations import main_concept, references
from extract.sql import figures, quote, without_values
from extract.tables import COHORT

FORMAT = "naru-profile/1"
EDGES = (
    -36500,
    -3650,
    -1825,
    -1095,
    -730,
    -365,
    -180,
    -90,
    -30,
    -14,
    -7,
    -3,
    -1,
    0,
    1,
    3,
    7,
    14,
    30,
    90,
    180,
    365,
    730,
    1825,
    36500,
)
BINS = 10
MOST_VALUES = 300
Profile = dict[str, Any]


def profile(release: Path, version: CdmVersion, threshold: int) -> Profile:
    """Aggregate a release folder. Raises BadInput where it is none; a release of too few people has an empty profile."""
    manifest = read_manifest(release)
    with connect() as con, without_values("profiling the release"):
        for name in manifest.tables:
            con.execute(f"CREATE TEMP VIEW {quote(name)} AS {read(release, name)}")
        con.execute(
            f"CREATE TEMP TABLE of_person AS SELECT subject_id, min(CAST(index_date AS DATE)) AS index_date FROM {COHORT} GROUP BY 1"
        )
        (people,) = figures(con, "SELECT count(*) FROM of_person")
        return {
            "format": FORMAT,
            "cdm_version": version,
            "threshold": threshold,
            "people": _floor(people, threshold),
            "tables": {name: _table(con, name, version, threshold) for name in manifest.tables},
        }


def _floor(count: int, threshold: int) -> int:
    return count // threshold * threshold


def _table(con: duckdb.DuckDBPyConnection, name: str, version: CdmVersion, threshold: int) -> Profile:
    arrow = con.sql(f"SELECT * FROM {quote(name)} LIMIT 0").to_arrow_table().schema
    types = {field.name: field.type for field in arrow}
    person = "subject_id" if name == COHORT else schema.tables(version)[name].person_key
    told: Profile = {"schema": [[column, str(kind)] for column, kind in types.items()], "rows": [], "columns": {}}
    if person is None or person not in types:
        return told
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW here AS SELECT t.*, p.index_date AS of_index FROM {quote(name)} AS t "
        f"JOIN of_person AS p ON p.subject_id = t.{quote(person)}"
    )
    told["rows"] = _rows_per_person(con, person, threshold)
    told["columns"] = {
        column: _column(con, name, column, kind, person, version, threshold) for column, kind in types.items()
    }
    return told


def _rows_per_person(con: duckdb.DuckDBPyConnection, person: str, threshold: int) -> list[list[int]]:
    """[least, most, people]: most is twice least less one, but for none and one."""
    found = con.execute(
        f"SELECT CASE WHEN n = 0 THEN -1 ELSE CAST(floor(log2(n)) AS INTEGER) END AS power, count(*) FROM "
        f"(SELECT p.subject_id, count(h.{quote(person)}) AS n FROM of_person AS p LEFT JOIN here AS h ON h.{quote(person)} = p.subject_id "
        f"GROUP BY 1) GROUP BY 1 HAVING count(*) >= $1 ORDER BY 1",
        [threshold],
    ).fetchall()
    return [[0 if p < 0 else 2**p, 0 if p < 0 else 2 ** (p + 1) - 1, _floor(n, threshold)] for p, n in found]


def _column(
    con: duckdb.DuckDBPyConnection,
    name: str,
    column: str,
    kind: pa.DataType,
    person: str,
    version: CdmVersion,
    threshold: int,
) -> Profile:
    table = schema.tables(version).get(name)
    keys = table.primary_key if table else ()
    pointed: Mapping[str, tuple[str, str]] = references(table, version) if table else {}
    if column == person:
        return {"kind": "person"}
    if column in keys or (table is None and column == "set_id"):
        return {"kind": "key"}
    if column in pointed:
        return {"kind": "reference", "table": pointed[column][0]}
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return _date(con, column, person, table, threshold)
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _number(con, column, person, main_concept(table) if table else None, threshold)
    if column.endswith(("_source_value", "_source_concept_id")) or column in ("note_text", "value_as_string"):
        return {"kind": "nothing"}
    return _values(con, column, person, threshold)


def _share(con: duckdb.DuckDBPyConnection, column: str) -> float:
    """The share of rows without a value, in twentieths."""
    (share,) = figures(con, f"SELECT coalesce(avg(({quote(column)} IS NULL)::INT), 1) FROM here")
    return round(float(share) * 20) / 20


def _date(
    con: duckdb.DuckDBPyConnection, column: str, person: str, table: schema.Table | None, threshold: int
) -> Profile:
    start = table.start_date if table else None
    is_end = table is not None and column in (table.end_date, table.end_datetime)
    if table is None:  # the index date itself: by year
        years = con.execute(
            f"SELECT year({quote(column)}), count(DISTINCT {quote(person)}) AS n FROM here GROUP BY 1 HAVING n >= $1 ORDER BY 1",
            [threshold],
        ).fetchall()
        return {"kind": "year", "values": [[int(y), _floor(n, threshold)] for y, n in years]}
    origin = quote(start) if is_end and start else "of_index"
    day = f"CAST({quote(column)} AS DATE) - CAST({origin} AS DATE)"
    bins = con.execute(
        f"SELECT len(list_filter($2, lambda e: e <= d)) AS bin, count(*) AS rows, count(DISTINCT who) AS n FROM "
        f"(SELECT {day} AS d, {quote(person)} AS who FROM here WHERE {quote(column)} IS NOT NULL) "
        "GROUP BY 1 HAVING n >= $1 ORDER BY 1",
        [threshold, list(EDGES)],
    ).fetchall()
    found = [[EDGES[b - 1], EDGES[b] - 1, _floor(rows, threshold)] for b, rows, _ in bins if 0 < b < len(EDGES)]
    moment = f"CAST({quote(column)} AS TIMESTAMP)"
    (timed,) = figures(con, f"SELECT coalesce(avg(({moment} <> date_trunc('day', {moment}))::INT), 0) FROM here")
    return {
        "kind": "date",
        "from": "start" if is_end else "index",
        "bins": found,
        "timed": timed > 0.5,
        "null": _share(con, column),
    }


def _number(con: duckdb.DuckDBPyConnection, column: str, person: str, concept: str | None, threshold: int) -> Profile:
    by = quote(concept) if concept else "0"
    points = [[(i + 0.5) / n for i in range(n)] for n in range(1, BINS + 1)]
    quantiles = " ".join(f"WHEN {n} THEN quantile_cont(v, {points[n - 1]})" for n in range(1, BINS + 1))
    rows = f"SELECT CAST({by} AS BIGINT) AS c, CAST({quote(column)} AS DOUBLE) AS v, {quote(person)} AS who FROM here"
    found = con.execute(
        f"SELECT c, CASE least(count(DISTINCT who) // $1, {BINS}) {quantiles} END FROM ({rows}) WHERE v IS NOT NULL "
        "GROUP BY c HAVING count(DISTINCT who) >= $1 ORDER BY c",
        [threshold],
    ).fetchall()
    told = [[int(c), [float(f"{q:.3g}") for q in qs]] for c, qs in found if qs]
    return {"kind": "number", "by": concept, "quantiles": told, "null": _share(con, column)}


def _values(con: duckdb.DuckDBPyConnection, column: str, person: str, threshold: int) -> Profile:
    found = con.execute(
        f"SELECT {quote(column)} AS v, count(*) AS rows FROM here WHERE v IS NOT NULL GROUP BY 1 "
        f"HAVING count(DISTINCT {quote(person)}) >= $1 ORDER BY rows DESC, v LIMIT {MOST_VALUES}",
        [threshold],
    ).fetchall()
    return {
        "kind": "values",
        "values": [[v, _floor(rows, threshold)] for v, rows in found],
        "null": _share(con, column),
    }
