"""circe-be's SQL, as duckcdm writes it, run by DuckDB: the independent reference for generated definitions.

duckcdm.sqlrender would turn the script into DuckDB's dialect, a second for each; here macros and five replacements do
(`tests/cohorts/test_generated.py` checks one against the other).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa
from duckcdm.circe import build_cohort_query
from duckcdm.sqlrender import render, translate

Rows = list[tuple[int, date, date]]

MACROS = """
CREATE MACRO add_days(n, d) AS CAST(d AS DATE) + CAST(n AS INTEGER);
CREATE MACRO days_between(a, b) AS CAST(b AS DATE) - CAST(a AS DATE);
CREATE MACRO datefromparts(y, m, d) AS make_date(y, m, d);
"""
_WORDS = (
    (r"UPDATE STATISTICS #\w+", ""),
    (r"CREATE TABLE #", "CREATE TEMP TABLE #"),
    (r"DATEADD\((?:day|d),", "add_days("),
    (r"DATEDIFF\(d,", "days_between("),
    ("#", ""),
)
_INTO = re.compile(r"\bINTO #(\w+)\s", re.IGNORECASE)


class NoAnswer(Exception):
    """circe-be refuses the definition, or its SQL is no SQL."""


def script(expression: Mapping[str, Any]) -> str:
    """circe-be's script in the dialect of SQL Server."""
    try:
        text: str = build_cohort_query(
            json.dumps(expression), cdm_schema="cdm", target_table="results.cohort", result_schema="results",
            vocabulary_schema="cdm", cohort_id=1, generate_stats=False,
        )  # fmt: skip
    except RuntimeError as error:
        raise NoAnswer(str(error)) from None
    # The last comment of an episode criterion swallows the bracket that closes it.
    return str(render(text)).replace("-- End Episode Criteria", "")


def statements(text: str) -> list[str]:
    """The script's statements in DuckDB's dialect."""
    return [_translated(one) for one in re.sub(r"--.*", "", text).split(";") if one.strip()]


def _translated(statement: str) -> str:
    into = None if statement.lstrip().upper().startswith("INSERT") else _INTO.search(statement)
    if into:
        statement = f"CREATE TEMP TABLE #{into[1]} AS {statement[: into.start()]}{statement[into.end() :]}"
    for pattern, word in _WORDS:
        statement = re.sub(pattern, word, statement, flags=re.IGNORECASE)
    return statement


def by_sqlrender(text: str) -> list[str]:
    """The same by duckcdm's port of SqlRender."""
    return [one.query for one in duckdb.extract_statements(translate(text, "duckdb"))]


def rows(tables: Mapping[str, pa.Table], expression: Mapping[str, Any], dialect: Any = statements) -> Rows:
    """(subject_id, start, end), sorted."""
    text = script(expression)
    with duckdb.connect() as con:
        con.execute("SET threads = 1")
        con.execute(MACROS)
        con.execute("CREATE SCHEMA cdm; CREATE SCHEMA results")
        con.execute(
            "CREATE TABLE results.cohort "
            "(cohort_definition_id BIGINT, subject_id BIGINT, cohort_start_date DATE, cohort_end_date DATE)"
        )
        for name, table in tables.items():
            con.register(f"given_{name}", table)
            con.execute(f"CREATE VIEW cdm.{name} AS SELECT * FROM given_{name}")
        try:
            for statement in dialect(text):
                if statement.strip():
                    con.execute(statement)
        except (duckdb.BinderException, duckdb.ParserException, duckdb.CatalogException) as error:
            raise NoAnswer(str(error)) from None
        return con.execute(
            "SELECT subject_id, cohort_start_date, cohort_end_date FROM results.cohort ORDER BY ALL"
        ).fetchall()
