"""What the draw is held against: the most pairs there can be, found another way, and every pair looked up in the CDM."""

from __future__ import annotations

import heapq
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from benchmarks._draw_hospitals import PRIOR
from cdm import open_source
from cdm.engine import connect
from cohorts.draw.balance import Sample, balance
from cohorts.draw.pool import open_pool
from cohorts.draw.propensity import Scored, score
from cohorts.draw.spec import DrawSpec

FOREVER = "DATE '9999-01-01'"


def reader(database: Path, cohort: Path) -> duckdb.DuckDBPyConnection:
    """A connection with `event` (person_id, event): when each person first is a case."""
    con = duckdb.connect(str(database), read_only=True)
    con.execute(
        f"""CREATE TEMP TABLE event AS SELECT subject_id AS person_id, min(cohort_start_date) AS event
        FROM '{cohort}' WHERE role = 'case' GROUP BY 1"""
    )
    return con


def most_dated_pairs(con: duckdb.DuckDBPyConnection, ratio: int, later_cases: bool) -> int:
    """The most pairs of equal sex and birth year with the case's date.

    Per stratum, each case in turn of dates takes those who leave first (Glover, Maximum matching in a convex bipartite graph,
    1967). later_cases: whoever becomes a case later is at risk until the day before its event, and so a control like any other.
    """
    own = "event - 1" if later_cases else "DATE '0001-01-01'"
    points = con.execute(
        f"""SELECT gender_concept_id * 10000 + year_of_birth AS s, event - DATE '2000-01-01' AS t
        FROM event JOIN cdm.person USING (person_id) JOIN cdm.observation_period USING (person_id)
        WHERE event BETWEEN observation_period_start_date + {PRIOR} AND observation_period_end_date ORDER BY s, t"""
    ).fetchnumpy()
    spells = con.execute(
        f"""SELECT gender_concept_id * 10000 + year_of_birth AS s,
            observation_period_start_date + {PRIOR} - DATE '2000-01-01' AS a,
            CASE WHEN event IS NULL THEN observation_period_end_date ELSE least(observation_period_end_date, {own}) END
                - DATE '2000-01-01' AS b
        FROM cdm.person JOIN cdm.observation_period USING (person_id) LEFT JOIN event USING (person_id) ORDER BY s, a, b"""
    ).fetchnumpy()
    return most_pairs((points["s"], points["t"]), (spells["s"], spells["a"], spells["b"]), ratio)


def most_pairs(points: tuple[np.ndarray, ...], spells: tuple[np.ndarray, ...], ratio: int) -> int:
    """The most pairs of points (stratum, place) and intervals (stratum, from, to), both sorted by stratum and then by place."""
    pairs, at, waiting, stratum = 0, 0, list[int](), None
    s, a, b = (column.tolist() for column in spells)
    for own, place in zip(points[0].tolist(), points[1].tolist(), strict=True):
        if own != stratum:
            stratum, waiting = own, []
            at = int(np.searchsorted(spells[0], own))
        while at < len(s) and s[at] == own and a[at] <= place:
            heapq.heappush(waiting, b[at])
            at += 1
        while waiting and waiting[0] < place:
            heapq.heappop(waiting)
        for _ in range(min(ratio, len(waiting))):
            heapq.heappop(waiting)
            pairs += 1
    return pairs


def broken_dated_pairs(con: duckdb.DuckDBPyConnection, drawn: Path, years: int, later_cases: bool) -> int:
    """Pairs of the case's date that break a rule, and controls drawn twice, by queries over the CDM alone."""
    free = f"b.index_date < coalesce(b.event, {FOREVER})" if later_cases else "b.event IS NULL"
    return _broken(
        con, drawn,
        f"""a.index_date = a.event AND a.gender_concept_id = b.gender_concept_id AND {free}
        AND abs(a.year_of_birth - b.year_of_birth) <= {years} AND a.index_date = b.index_date""",
    )  # fmt: skip


def broken_scored_pairs(con: duckdb.DuckDBPyConnection, drawn: Path, cohort: Path) -> int:
    """Pairs of a propensity draw that break a rule other than the caliper: never a case, each with its own index date."""
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE own AS SELECT subject_id AS person_id, min(cohort_start_date) AS entered
        FROM '{cohort}' GROUP BY 1"""
    )
    return _broken(
        con,
        drawn,
        "a.index_date = a.event AND b.event IS NULL AND b.index_date = b.entered",
        "JOIN own USING (person_id)",
    )


def _broken(con: duckdb.DuckDBPyConnection, drawn: Path, good: str, joined: str = "") -> int:
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE d AS FROM '{drawn}' JOIN cdm.person USING (person_id)
        JOIN cdm.observation_period USING (person_id) LEFT JOIN event USING (person_id) {joined}"""
    )
    ((broken, twice),) = con.execute(
        f"""SELECT count(*) FILTER (NOT ({good}
            AND b.index_date BETWEEN b.observation_period_start_date + {PRIOR} AND b.observation_period_end_date)),
            (SELECT count(*) - count(DISTINCT person_id) FROM d WHERE role = 'control')
        FROM d a JOIN d b USING (set_id) WHERE a.role = 'case' AND b.role = 'control'"""
    ).fetchall()
    return int(broken + twice)


def scored(database: Path, cohort: Path, asked: DrawSpec) -> Scored:
    """The pool with the score on which a propensity draw matches."""
    with open_source(f"duckdb://{database}?schema=cdm", database.parent) as source:
        with connect() as con:
            pool = open_pool(con, source, cohort, asked)
        return score(source, pool, asked)


Places, Reach = dict[int, int], dict[int, tuple[int, int]]


def scored_scale(database: Path, cohort: Path, asked: DrawSpec) -> tuple[Places, Reach]:
    """Where each case stands on the score, and how far each control reaches."""
    pool = scored(database, cohort, asked).pool
    low, high = pool.controls.lo[:, 0].tolist(), pool.controls.hi[:, 0].tolist()
    places = dict(zip(pool.cases.person.tolist(), pool.cases.lo[:, 0].tolist(), strict=True))
    return places, dict(zip(pool.controls.person.tolist(), zip(low, high, strict=True), strict=True))


def scored_optimum(places: Places, reach: Reach, ratio: int) -> int:
    """The most pairs within the caliper; a case in excess of the wanted ones is not looked for (there is none here)."""
    at = np.sort(np.fromiter(places.values(), np.int64))
    spells = np.array(sorted(reach.values()), np.int64)
    zero = np.zeros(len(at), np.int64)
    return most_pairs((zero, at), (np.zeros(len(spells), np.int64), spells[:, 0], spells[:, 1]), ratio)


def outside_caliper(con: duckdb.DuckDBPyConnection, places: Places, reach: Reach) -> int:
    """Pairs of `d` (see `broken_scored_pairs`) whose control lies outside of the caliper."""
    rows = con.execute(
        "SELECT a.person_id, b.person_id FROM d a JOIN d b USING (set_id) WHERE a.role = 'case' AND b.role = 'control'"
    ).fetchall()
    return sum(not reach[control][0] <= places[case] <= reach[control][1] for case, control in rows)


def largest_difference(con: duckdb.DuckDBPyConnection) -> float:
    """Max |SMD| of age, sex, and the year's conditions, drugs and visits in `d`, computed by a query from the CDM (1:1)."""
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE seen AS SELECT role, year(index_date) - year_of_birth AS age,
            (gender_concept_id = 8507)::INT AS sex, c.n AS conditions, g.n AS drugs, v.n AS visits FROM d
        {_counted("condition_occurrence", "condition_start_date", "DISTINCT e.condition_concept_id", "c")}
        {_counted("drug_exposure", "drug_exposure_start_date", "DISTINCT e.drug_concept_id", "g")}
        {_counted("visit_occurrence", "visit_start_date", "e.visit_start_date", "v")}"""
    )
    worst = 0.0
    for name in ("age", "sex", "conditions", "drugs", "visits"):
        ((smd,),) = con.execute(
            f"""SELECT (avg({name}) FILTER (role = 'case') - avg({name}) FILTER (role = 'control'))
                / sqrt((var_samp({name}) FILTER (role = 'case') + var_samp({name}) FILTER (role = 'control')) / 2) FROM seen"""
        ).fetchall()
        worst = max(worst, abs(smd))
    return round(worst, 6)


def _counted(table: str, date: str, what: str, alias: str) -> str:
    return f"""JOIN (SELECT d.person_id, count({what}) AS n FROM d LEFT JOIN cdm.{table} e
        ON e.person_id = d.person_id AND e.{date} < d.index_date AND e.{date} >= d.index_date - 365
        GROUP BY 1) {alias} USING (person_id)"""


def as_draw(con: duckdb.DuckDBPyConnection, pairs: Path, cohort: Path, design: str, out: Path) -> int:
    """Write a peer's pairs (case_id, control) as a draw; return how many there are."""
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE own AS SELECT subject_id AS person_id, min(cohort_start_date) AS entered
        FROM '{cohort}' GROUP BY 1"""
    )
    day = "entered" if design == "propensity" else "event"
    con.execute(
        f"""COPY (SELECT case_id AS set_id, control AS person_id, 'control' AS role, {day} AS index_date
        FROM '{pairs}' JOIN {"own" if design == "propensity" else "event"} e
            ON e.person_id = {"control" if design == "propensity" else "case_id"}
        UNION ALL SELECT DISTINCT case_id, case_id, 'case', event FROM '{pairs}' JOIN event e ON e.person_id = case_id)
        TO '{out}' (FORMAT parquet)"""
    )
    return int(con.execute(f"SELECT count(*) FROM '{pairs}'").fetchall()[0][0])


def write_people(con: duckdb.DuckDBPyConnection, database: Path, cohort: Path, asked: DrawSpec, out: Path) -> None:
    """Write what a peer is given: who may be drawn, with dates for a dated design, or the covariates of our own score."""
    if asked.design != "propensity":
        con.execute(
            f"""COPY (SELECT person_id, (event IS NOT NULL)::INT AS case, gender_concept_id AS sex, year_of_birth AS born,
                observation_period_start_date + {PRIOR} - DATE '1970-01-01' AS free_from,
                least(observation_period_end_date, coalesce(event - 1, observation_period_end_date)) - DATE '1970-01-01' AS free_to,
                coalesce(event, observation_period_end_date) - DATE '1970-01-01' AS event_time
            FROM cdm.person JOIN cdm.observation_period USING (person_id) LEFT JOIN event USING (person_id))
            TO '{out}' (FORMAT parquet)"""
        )
        return
    found = scored(database, cohort, asked)
    row = np.append(found.cases, found.controls)
    given = {name: c.astype(np.float32) for name, c in found.seen.columns(row).items() if name != "follow_up"}
    given["person_id"] = np.append(found.pool.cases.person, found.pool.controls.person)
    given["case"] = np.repeat([1, 0], [len(found.cases), len(found.controls)])
    con.register("given", given)
    con.execute(f"COPY (SELECT * FROM given) TO '{out}' (FORMAT parquet)")


def balance_of(con: duckdb.DuckDBPyConnection, people: Path, pairs: Path, design: str) -> dict[str, Any]:
    """Max |SMD| of a peer's pairs over the covariates that it was given."""
    if design != "propensity":
        return {}
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE given_pair AS SELECT p.* FROM '{people}' p
        JOIN (SELECT case_id AS person_id FROM '{pairs}' UNION ALL SELECT control FROM '{pairs}') USING (person_id)"""
    )
    got = con.execute("FROM given_pair").fetchnumpy()
    case = got.pop("case") == 1
    columns = {name: np.asarray(c, np.float64) for name, c in got.items() if name != "person_id"}
    sample = Sample(columns, case, np.ones(len(case)))
    known = [b.smd_after for b in balance(sample, sample) if b.smd_after is not None]
    return {"max_smd": max(map(abs, known))}
