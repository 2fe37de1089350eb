"""features/baseline.parquet: one line a person of what was known before the prediction time, wide, ready for a model.

| column | value |
|---|---|
| subject_id, is_case, prediction_time | the line's person, label and moment |
| <table>/rows | rows before the prediction time |
| <table>/<concept_id>/count | rows with the concept |
| <table>/<concept_id>/last | the last value_as_number, NULL where there is none |

Concepts that fewer than `smallest` people carry have no column, and of the others the LIMIT that most people carry. The
columns are told in docs/features.csv.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import duckdb

from extract.sql import quote, stream, without_values
from extract.writer import write_parquet

LIMIT = 400
HEAD = ("column", "table", "concept_id", "concept_name", "kind", "people")


def write_features(con: duckdb.DuckDBPyConnection, smallest: int, out: Path) -> bytes:
    """Write the matrix to `out` and give features.csv. `con` holds known_rows, predicted and known_concepts."""
    with without_values("writing the features"):
        con.execute("CREATE OR REPLACE TEMP TABLE seen AS SELECT * FROM known_rows WHERE NOT late")
        columns = _columns(con, smallest)
        con.execute(
            "CREATE OR REPLACE TEMP TABLE chosen (name VARCHAR, source VARCHAR, concept_id BIGINT, kind VARCHAR)"
        )
        if columns:
            con.executemany("INSERT INTO chosen VALUES (?, ?, ?, ?)", [(c[0], c[1], c[2], c[4]) for c in columns])
        con.execute(f"CREATE OR REPLACE TEMP TABLE long AS {_LONG}")
        shown = ", ".join(
            f"CAST({'' if kind == 'last' else 'coalesce('}max(l.v) FILTER (WHERE l.name = '{name}'){'' if kind == 'last' else ', 0)'} "
            f"AS {'FLOAT' if kind == 'last' else 'INTEGER'}) AS {quote(name)}"
            for name, _, _, _, kind, _ in columns
        )
        query = (
            f"SELECT p.subject_id, p.is_case, p.moment AS prediction_time{', ' + shown if shown else ''} "
            "FROM predicted AS p LEFT JOIN long AS l USING (subject_id) GROUP BY ALL ORDER BY p.subject_id"
        )
        out.parent.mkdir(parents=True, exist_ok=True)
        write_parquet(stream(con, query), out)
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(HEAD)
    rows.writerows(["" if cell is None else cell for cell in column] for column in columns)
    return text.getvalue().encode("utf-8")


_LONG = """
SELECT c.name, s.subject_id, CAST(count(*) AS DOUBLE) AS v FROM seen AS s JOIN chosen AS c
    ON c.source = s.source AND c.kind = 'rows' GROUP BY ALL
UNION ALL
SELECT c.name, s.subject_id, CAST(count(*) AS DOUBLE) FROM seen AS s JOIN chosen AS c
    ON c.source = s.source AND c.concept_id = s.concept_id AND c.kind = 'count' GROUP BY ALL
UNION ALL
SELECT c.name, s.subject_id, arg_max(s.value, (s.moment, s.value)) FROM seen AS s JOIN chosen AS c
    ON c.source = s.source AND c.concept_id = s.concept_id AND c.kind = 'last' WHERE s.value IS NOT NULL GROUP BY ALL
"""

Column = tuple[str, str, int | None, str | None, str, int]


def _columns(con: duckdb.DuckDBPyConnection, smallest: int) -> list[Column]:
    """The columns in their order: rows by table, then by table and concept count and last value."""
    tables = con.execute(
        "SELECT source, count(DISTINCT subject_id) AS people FROM seen GROUP BY source HAVING people >= $1 ORDER BY source",
        [smallest],
    ).fetchall()
    concepts = con.execute(
        "SELECT s.source, s.concept_id, any_value(c.concept_name), s.people, s.valued FROM "
        "(SELECT source, concept_id, count(DISTINCT subject_id) AS people, "
        "count(DISTINCT subject_id) FILTER (WHERE value IS NOT NULL) AS valued FROM seen WHERE concept_id > 0 "
        "GROUP BY source, concept_id HAVING people >= $1 ORDER BY people DESC, source, concept_id LIMIT $2) AS s "
        "LEFT JOIN known_concepts AS c USING (concept_id) GROUP BY ALL ORDER BY s.source, s.concept_id",
        [smallest, LIMIT],
    ).fetchall()
    found: list[Column] = [(f"{source}/rows", source, None, None, "rows", people) for source, people in tables]
    for source, concept, name, people, valued in concepts:
        found.append((f"{source}/{concept}/count", source, concept, name, "count", people))
        if valued >= smallest:
            found.append((f"{source}/{concept}/last", source, concept, name, "last", valued))
    return found
