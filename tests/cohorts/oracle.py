"""circe-be's SQL, as duckcdm writes it, run by DuckDB: the independent reference for generated definitions.

duckcdm.sqlrender would turn the script into DuckDB's dialect, a second for each; here macros and a few replacements do
(`tests/cohorts/test_generated.py` checks one against the other).

Where circe-be leaves the choice among equals to the database, `PINS` add Naru's order behind circe's own. What a pinned
script finds is one of the answers that circe's may give; so Naru's rows are compared with it exactly.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import duckdb
import pyarrow as pa
from duckcdm.circe import build_cohort_query
from duckcdm.sqlrender import render, translate

Rows = list[tuple[int, date, date]]
ByRules = dict[frozenset[int], int]

MACROS = """
CREATE MACRO add_days(n, d) AS CAST(d AS DATE) + CAST(n AS INTEGER);
CREATE MACRO days_between(a, b) AS CAST(b AS DATE) - CAST(a AS DATE);
CREATE MACRO datefromparts(y, m, d) AS make_date(y, m, d);
"""
RESULTS = """
CREATE SCHEMA results;
CREATE TABLE results.cohort
    (cohort_definition_id BIGINT, subject_id BIGINT, cohort_start_date DATE, cohort_end_date DATE);
CREATE TABLE results.cohort_inclusion_result
    (cohort_definition_id BIGINT, inclusion_rule_mask BIGINT, person_count BIGINT, mode_id INTEGER);
"""
# A tiny CDM needs no plan worth the name, and planning is most of the time.
QUICK = """SET threads = 1;
SET disabled_optimizers = 'join_order,statistics_propagation,common_subexpressions,column_lifetime,build_side_probe_side,
top_n,filter_pushdown'"""
_WORDS = (
    (r"--.*", ""),
    (r"UPDATE STATISTICS #\w+", ""),
    (r"CREATE TABLE #", "CREATE TEMP TABLE #"),
    (r"DATEADD\((?:day|d),", "add_days("),
    (r"DATEDIFF\(d,", "days_between("),
    (r"count_big\(", "count("),
    ("#", ""),
)
_INTO = re.compile(r"\bINTO (\w+)\s", re.IGNORECASE)
# Clearing up, and statistics that nobody looks at.
_IDLE = re.compile(
    r"\s*(TRUNCATE|DROP|DELETE|insert into results\.cohort_(inclusion_stats|summary_stats|censor_stats)|$)",
    re.IGNORECASE,
)


class NoAnswer(Exception):
    """circe-be refuses the definition, or its SQL is no SQL."""


@dataclass(frozen=True)
class Answer:
    """The cohort's rows, sorted; and by rules kept, how many events, and how many people's best events."""

    rows: Rows
    all_events: ByRules
    best_events: ByRules


@dataclass(frozen=True)
class Pin:
    """Where circe-be orders by too little."""

    kind: str
    pattern: str
    replacement: str

    def put(self, text: str) -> str:
        return re.sub(self.pattern, self.replacement, text, flags=re.IGNORECASE)


_PERIOD = "OP.observation_period_start_date, OP.observation_period_end_date"
PINS = (
    Pin(
        "primary limit",
        r"(ORDER BY E\.sort_date (?:ASC|DESC), E\.event_id)\)",
        rf"\1, E.end_date, {_PERIOD}, E.nth, E.visit_occurrence_id)",
    ),
    Pin("qualified limit", r"(order by pe\.start_date (?:ASC|DESC))\)", r"\1, pe.event_id)"),
    Pin("expression limit", r"(partition by person_id order by start_date (?:ASC|DESC))\)", r"\1, event_id)"),
    Pin("first period", r"(ORDER BY (op\.observation|ppp\.payer_plan)_period_start_date)\)", r"\1, \2_period_id)"),
    Pin("eras", r"order by start_date(, is_start desc)? rows", r"order by start_date\1, end_date rows"),
    Pin("best event", r"(R\.min_rule_id ASC, *R\.start_date ASC)\)", r"\1, R.event_id)"),
)


def script(expression: Mapping[str, Any], *, attrition: bool = False, mended: bool = True) -> str:
    """circe-be's script in the dialect of SQL Server.

    mended: without the last comment of an episode criterion, which swallows the bracket that closes it.
    """
    try:
        text: str = build_cohort_query(
            json.dumps(expression), cdm_schema="cdm", target_table="results.cohort", result_schema="results",
            vocabulary_schema="cdm", cohort_id=1, generate_stats=attrition,
        )  # fmt: skip
    except RuntimeError as error:
        raise NoAnswer(f"refused: {error}") from None
    return str(render(text)).replace("-- End Episode Criteria" if mended else "never", "")


def statements(text: str) -> list[str]:
    """The script's statements in DuckDB's dialect."""
    for pattern, word in _WORDS:
        text = re.sub(pattern, word, text, flags=re.IGNORECASE)
    return [_as_table(one) for one in text.split(";") if not is_idle(one)]


def is_idle(statement: str) -> bool:
    """Whether nothing that is looked at depends on the statement."""
    return bool(_IDLE.match(statement))


def _as_table(statement: str) -> str:
    into = None if statement.lstrip().upper().startswith("INSERT") else _INTO.search(statement)
    if not into:
        return statement
    return f"CREATE TEMP TABLE {into[1]} AS {statement[: into.start()]}{statement[into.end() :]}"


def pinned(pins: Iterable[Pin] = PINS) -> Callable[[str], list[str]]:
    """`statements` with an order among equals."""
    pins = list(pins)

    def translated(text: str) -> list[str]:
        for pin in pins:
            text = pin.put(text)
        return statements(_numbered_criteria(re.sub(r"--.*", "", text)))

    return translated


def _numbered_criteria(text: str) -> str:
    """Each primary criterion's events with the place of the criterion, `nth`, which circe-be does not keep."""
    mark = re.compile(r"PARTITION BY E\.person_id ORDER BY E\.sort_date.*?FROM\s*\(", re.IGNORECASE | re.DOTALL)
    found = mark.search(text)
    while found:
        end = _closing(text, found.end())
        criteria = _top_level_unions(text[found.end() : end])
        numbered = " UNION ALL ".join(f"SELECT {n} AS nth, x.* FROM ({one}) x" for n, one in enumerate(criteria))
        text = text[: found.end()] + numbered + text[end:]
        found = mark.search(text, found.end() + len(numbered))
    return text


def _closing(text: str, start: int) -> int:
    """Where the bracket that was opened before `start` closes."""
    depth = 1
    for bracket in re.finditer(r"[()]", text[start:]):
        depth += 1 if bracket[0] == "(" else -1
        if depth == 0:
            return start + bracket.start()
    raise AssertionError("a bracket of circe's is not closed")


def _top_level_unions(text: str) -> list[str]:
    depth, parts, start = 0, [], 0
    for token in re.finditer(r"[()]|\bUNION ALL\b", text, re.IGNORECASE):
        if token[0] in "()":
            depth += 1 if token[0] == "(" else -1
        elif depth == 0:
            parts.append(text[start : token.start()])
            start = token.end()
    return [*parts, text[start:]]


def by_sqlrender(text: str) -> list[str]:
    """The same by duckcdm's port of SqlRender."""
    return [one.query for one in duckdb.extract_statements(translate(text, "duckdb"))]


@dataclass(frozen=True)
class Circe:
    """circe-be at a hospital of these tables, which are loaded once."""

    tables: Mapping[str, pa.Table]

    @cached_property
    def _con(self) -> duckdb.DuckDBPyConnection:
        con = duckdb.connect()
        con.execute(f"{QUICK}; {MACROS}; CREATE SCHEMA cdm; {RESULTS}")
        for name, table in self.tables.items():
            con.register("given", table)
            con.execute(f"CREATE TABLE cdm.{name} AS SELECT * FROM given")
            con.unregister("given")
        return con

    def answer(
        self,
        expression: Mapping[str, Any],
        dialect: Callable[[str], list[str]] = statements,
        more: Mapping[str, pa.Table] | None = None,
    ) -> Answer:
        """What circe's script finds. more: rows that the tables hold this once. Raises `NoAnswer`."""
        text = script(expression, attrition=bool(expression.get("InclusionRules")))
        self._con.execute("BEGIN")
        try:
            for name, table in (more or {}).items():
                self._con.register("given", table)
                self._con.execute(f"INSERT INTO cdm.{name} BY NAME SELECT * FROM given")
                self._con.unregister("given")
            for statement in dialect(text):
                self._con.execute(statement)
            return Answer(self._rows(), self._by_rules(0), self._by_rules(1))
        except (duckdb.BinderException, duckdb.ParserException, duckdb.CatalogException) as error:
            raise NoAnswer(f"no SQL: {error}") from None
        finally:
            self._con.execute("ROLLBACK")

    def close(self) -> None:
        self._con.close()

    def _rows(self) -> Rows:
        return self._con.execute(
            "SELECT subject_id, cohort_start_date, cohort_end_date FROM results.cohort ORDER BY ALL"
        ).fetchall()

    def _by_rules(self, mode: int) -> ByRules:
        found = self._con.execute(
            "SELECT inclusion_rule_mask, person_count FROM results.cohort_inclusion_result WHERE mode_id = $mode",
            {"mode": mode},
        ).fetchall()
        return {frozenset(n + 1 for n in range(mask.bit_length()) if mask >> n & 1): count for mask, count in found}


def rows(tables: Mapping[str, pa.Table], expression: Mapping[str, Any], dialect: Any = statements) -> Rows:
    """(subject_id, start, end), sorted, by circe at a hospital that is used once."""
    return Circe(tables).answer(expression, dialect).rows
