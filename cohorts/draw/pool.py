"""Who may be drawn: the eligible cases and controls of a cohort, as arrays for the matching."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cdm.errors import BadInput
from cdm.source import Need, Source
from cohorts.draw.candidates import Ints, Small
from cohorts.draw.factors import factor, joins, label, needed, scale, width
from cohorts.draw.spec import DrawSpec

COHORT = ("role", "subject_id", "cohort_start_date", "cohort_end_date")


@dataclass(frozen=True)
class Side:
    """Eligible people of one role, in no particular order.

    person: person_id; stratum: code of the matching stratum, -1 where no case has it; day: index date in days
    since 1970 (of a control with its case's date: the first day on which it may serve); lo, hi: n x D (equal
    for cases).
    """

    person: Ints
    stratum: Small
    day: Small
    lo: Small
    hi: Small

    def people(self) -> int:
        """Count the different people."""
        ordered = np.sort(self.person)  # np.unique hashes, which costs ten times as much
        return int((ordered[1:] != ordered[:-1]).sum()) + int(len(ordered) > 0)


@dataclass(frozen=True)
class Pool:
    """cases, controls: the two sides; strata: per stratum code, factor -> level as text."""

    cases: Side
    controls: Side
    strata: tuple[dict[str, str], ...]


def open_pool(con: duckdb.DuckDBPyConnection, source: Source, cohort: Path, spec: DrawSpec) -> Pool:
    """Read the cohort and find who is eligible under `spec`. Leaves temporary tables in `con`.

    Raises BadInput when the file is not a cohort.
    """
    _read_cohort(con, cohort)
    _attach(con, source, spec)
    _index(con, spec)
    strata = _strata(con, spec)
    cases = _side(con, spec, "case_member")
    return Pool(cases, _side(con, spec, "control_member"), strata)


def _read_cohort(con: duckdb.DuckDBPyConnection, cohort: Path) -> None:
    found = pq.read_schema(cohort).names if cohort.is_file() else None
    if found is None or not set(COHORT) <= set(found):
        what = "does not exist" if found is None else f"has the columns {', '.join(found)}"
        raise BadInput(f"The cohort file {cohort} {what}; a cohort of cases and controls has {', '.join(COHORT)}.")
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE entry AS
        SELECT role = 'case' AS is_case, subject_id AS person_id, cohort_start_date AS entered, cohort_end_date AS left_on
        FROM read_parquet($1) WHERE role IN ('case', 'control')""",
        [str(cohort)],
    )


def _attach(con: duckdb.DuckDBPyConnection, source: Source, spec: DrawSpec) -> None:
    people: pa.Table = con.sql("SELECT DISTINCT person_id::BIGINT AS person_id FROM entry").to_arrow_table()
    source.attach(con, Need(needed(spec), people))
    con.execute(
        """
        CREATE OR REPLACE TEMP VIEW observed AS
        SELECT person_id, observation_period_start_date AS first_day, observation_period_end_date AS last_day
        FROM cdm.observation_period"""
    )


def _index(con: duckdb.DuckDBPyConnection, spec: DrawSpec) -> None:
    """Make case_index and control_index: person_id; index_date, observed_from, free_from, free_to (dates)."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE case_index AS {_own_index('is_case', spec)}")
    control = _at_risk(spec) if spec.index_from_case else _own_index(f"NOT is_case AND {NEVER_A_CASE}", spec)
    con.execute(f"CREATE OR REPLACE TEMP VIEW control_index AS {control}")


NEVER_A_CASE = "NOT EXISTS (FROM entry e WHERE e.is_case AND e.person_id = q.person_id)"


def _own_index(where: str, spec: DrawSpec) -> str:
    """Find the first entry of each person that is observed long enough, and since when."""
    first = "min(struct_pack(day := entered, since := first_day))"
    return f"""
        SELECT person_id, f.day AS index_date, f.since AS observed_from, f.day AS free_from, f.day AS free_to
        FROM (
            SELECT q.person_id, {first} AS f FROM entry q JOIN observed o ON o.person_id = q.person_id
            WHERE {where} AND entered BETWEEN first_day + {spec.prior_observation_days} AND last_day GROUP BY 1)"""


def _at_risk(spec: DrawSpec) -> str:
    """Find when a member of the control cohort may serve: entered, observed long enough, not yet a case."""
    until, where, events = ["last_day"], f"AND {NEVER_A_CASE}", ""
    if spec.design == "risk_set":
        until.append("left_on")
    if spec.future_cases:
        until.append("coalesce(event - 1, last_day)")
        where = ""
        events = """LEFT JOIN (SELECT person_id, min(entered) AS event FROM entry WHERE is_case GROUP BY 1) c
            ON c.person_id = q.person_id"""
    free_from = f"greatest(entered, first_day + {spec.prior_observation_days})"
    return f"""
        SELECT q.person_id, {free_from} AS index_date, first_day AS observed_from,
            {free_from} AS free_from, least({", ".join(until)}) AS free_to
        FROM entry q JOIN observed o ON o.person_id = q.person_id {events}
        WHERE NOT is_case AND {free_from} <= least({", ".join(until)}) {where}"""


def _strata(con: duckdb.DuckDBPyConnection, spec: DrawSpec) -> tuple[dict[str, str], ...]:
    """Make case_member, control_member (with factors and scales) and stratum (codes of the cases' strata)."""
    factors = [f"{factor(name, spec)} AS f{n}" for n, name in enumerate(spec.match)]
    scales = [f"({scale(c)})::BIGINT AS s{n}" for n, c in enumerate(spec.calipers)]
    for role, kind in (("case", "TABLE"), ("control", "VIEW")):
        con.execute(
            f"""
            CREATE OR REPLACE TEMP {kind} {role}_member AS
            WITH i AS (FROM {role}_index)
            SELECT {", ".join(["i.*", *factors, *scales])} FROM i {joins(spec)}"""
        )
    names = [f"f{n}" for n in range(len(spec.match))]
    listed, ordered = ", ".join(names) or "0 AS f0", ", ".join(names) or "f0"
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE stratum AS
        SELECT row_number() OVER (ORDER BY {ordered}) - 1 AS stratum, *
        FROM (SELECT DISTINCT {listed} FROM case_member)"""
    )
    rows = con.execute(f"SELECT {', '.join(names) or '0'} FROM stratum ORDER BY stratum").fetchall()
    return tuple({name: label(name, row[n], spec) for n, name in enumerate(spec.match)} for row in rows)


def _side(con: duckdb.DuckDBPyConnection, spec: DrawSpec, member: str) -> Side:
    on = " AND ".join(f"m.f{n} = t.f{n}" for n in range(len(spec.match))) or "true"
    lows, highs = [], []
    for n, caliper in enumerate(spec.calipers):
        half = width(caliper) if member == "control_member" else 0
        lows.append(f"s{n} - {half}")
        highs.append(f"s{n} + {half}")
    if spec.index_from_case:
        lows.append("free_from - DATE '1970-01-01'")
        highs.append("free_to - DATE '1970-01-01'")
    columns = [
        *(f"({x})::INTEGER AS lo{n}" for n, x in enumerate(lows)),
        *(f"({x})::INTEGER AS hi{n}" for n, x in enumerate(highs)),
    ]
    extra = "".join(", " + c for c in columns)
    found = con.execute(
        f"""
        SELECT m.person_id::BIGINT AS person_id, coalesce(stratum, -1)::INTEGER AS stratum,
            (index_date - DATE '1970-01-01')::INTEGER AS day{extra}
        FROM {member} m LEFT JOIN stratum t ON {on}"""
    ).fetchnumpy()
    got: dict[str, Any] = {name: np.asarray(column) for name, column in found.items()}
    dims = range(len(lows))
    return Side(
        got["person_id"],
        got["stratum"],
        got["day"],
        _matrix(got, [f"lo{n}" for n in dims]),
        _matrix(got, [f"hi{n}" for n in dims]),
    )


def _matrix(got: dict[str, Small], names: list[str]) -> Small:
    if not names:
        return np.empty((len(got["day"]), 0), np.int32)
    return np.stack([got[name] for name in names], axis=1)
