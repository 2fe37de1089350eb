"""Two made-up hospitals to draw from: one in which controls run short, one whose cases differ from everybody else."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np

PRIOR = 365
CONDITIONS, DRUGS, VISITS = (6, 400, 1000), (6, 300, 5000), (5, 3, 9201)
"""Events a person on average, different concepts, the first concept."""


def short_of_controls(folder: Path, people: int, cases: int) -> tuple[Path, Path]:
    """Persons and observation periods; everyone is at risk from the first day on, `cases` become one, the old more often."""
    rng = np.random.default_rng(1)
    age = np.minimum(rng.exponential(22, people), 94).astype(np.int64)
    start = rng.integers(0, 3000, people)
    late = rng.exponential(1, people) / np.where(age >= 85, 40.0, 1.0)
    made = {
        "person_id": np.arange(people),
        "gender_concept_id": 8507 + 25 * rng.integers(0, 2, people),
        "year_of_birth": 2015 - age,
        "since": start,
        "until": start + rng.integers(400, 3000, people),
        "chosen": _chosen(late, cases),
    }
    database, cohort = folder / "hospital.duckdb", folder / "cohort.parquet"
    with duckdb.connect(str(database)) as con:
        _people(con, made)
        con.execute(
            f"""COPY (SELECT 'control' AS role, person_id AS subject_id, observation_period_start_date AS cohort_start_date,
                observation_period_end_date AS cohort_end_date FROM cdm.observation_period
            UNION ALL SELECT 'case', person_id, observation_period_start_date + {PRIOR} + (person_id % 35)::INT,
                observation_period_end_date FROM cdm.observation_period JOIN made USING (person_id) WHERE chosen)
            TO '{cohort}' (FORMAT parquet)"""
        )
    return database, cohort


def unlike_cases(folder: Path, people: int, cases: int) -> tuple[Path, Path]:
    """Persons, observation, conditions, drugs and visits; the old, the ill and the often seen become cases more often."""
    rng = np.random.default_rng(11)
    age = np.clip(rng.normal(48, 18, people), 18, 95).astype(np.int64)
    sex = rng.integers(0, 2, people)
    start = rng.integers(0, 1500, people)
    index = start + PRIOR + rng.integers(0, 1000, people)
    frail = rng.gamma(2.0, 0.5, people) * np.exp((age - 48) / 60)
    events = {
        table: _events(rng, frail, age, index, *how)
        for table, how in (("condition", CONDITIONS), ("drug", DRUGS), ("visit", VISITS))
    }
    counts = {table: _in_year(some, index) for table, some in events.items()}
    has = {code: _in_year(events[table], index, code) > 0 for code, table in _TELLING.items()}
    inclined = 0.05 * (age - 48) - 0.0006 * (age - 60) ** 2 * (age > 60) + 0.3 * sex
    inclined += 0.5 * np.log1p(counts["condition"]) + 0.25 * np.sqrt(counts["drug"]) + 0.1 * counts["visit"]
    inclined += 0.8 * has[1000] + 0.6 * (has[1003] & has[5001]) + 0.5 * (has[5002] & (age > 60))
    inclined += 0.5 * has[5010] - 0.4 * has[1010]
    made = {
        "person_id": np.arange(people),
        "gender_concept_id": np.where(sex == 0, 8507, 8532),
        "year_of_birth": 2016 - age,
        "since": start,
        "until": index + rng.integers(30, 900, people),
        "on_day": index,
        "chosen": _chosen(-inclined - rng.gumbel(size=people), cases),
    }
    database, cohort = folder / "hospital.duckdb", folder / "cohort.parquet"
    with duckdb.connect(str(database)) as con:
        _people(con, made)
        _tables(con, events)
        con.execute(
            f"""COPY (SELECT CASE WHEN chosen THEN 'case' ELSE 'control' END AS role, person_id AS subject_id,
                DATE '2008-01-01' + on_day::INT AS cohort_start_date, DATE '2008-01-01' + until::INT AS cohort_end_date
            FROM made) TO '{cohort}' (FORMAT parquet)"""
        )
    return database, cohort


_TELLING = {1000: "condition", 1003: "condition", 1010: "condition", 5001: "drug", 5002: "drug", 5010: "drug"}
Rows = tuple[np.ndarray, np.ndarray, np.ndarray]


def _chosen(late: np.ndarray, cases: int) -> np.ndarray:
    out = np.zeros(len(late), bool)
    out[np.argpartition(late, cases)[:cases]] = True
    return out


def _events(
    rng: np.random.Generator, frail: np.ndarray, age: np.ndarray, index: np.ndarray, rate: int, codes: int, first: int
) -> Rows:
    """Person, concept and day of every event, in no order; the old have other concepts."""
    person = np.repeat(np.arange(len(frail)), rng.poisson(rate * frail))
    code = (codes * rng.random(len(person)) ** (1.5 if codes < 10 else 2.5)).astype(np.int64)
    old = (age[person] > 60) & (rng.random(len(person)) < 0.3)
    code[old] = (code[old] + 7) % codes
    day = index[person] - rng.integers(1, 900, len(person))
    by = rng.permutation(len(person))
    return person[by], first + code[by], day[by]


def _in_year(some: Rows, index: np.ndarray, code: int | None = None) -> np.ndarray:
    """How many events of a person lie in the year before the index date."""
    inside = some[2] >= index[some[0]] - 365
    if code is not None:
        inside &= some[1] == code
    return np.bincount(some[0][inside], minlength=len(index))


def _people(con: duckdb.DuckDBPyConnection, made: dict[str, np.ndarray]) -> None:
    con.register("given", made)
    con.execute("CREATE SCHEMA cdm; CREATE TEMP TABLE made AS FROM given")
    con.execute(
        "CREATE TABLE cdm.person AS SELECT person_id, gender_concept_id::INT AS gender_concept_id, "
        "year_of_birth::INT AS year_of_birth FROM made"
    )
    con.execute(
        """CREATE TABLE cdm.observation_period AS SELECT person_id AS observation_period_id, person_id,
            DATE '2008-01-01' + since::INT AS observation_period_start_date,
            DATE '2008-01-01' + until::INT AS observation_period_end_date FROM made"""
    )


def _tables(con: duckdb.DuckDBPyConnection, events: dict[str, Rows]) -> None:
    names = {
        "condition": ("condition_occurrence", "condition_concept_id", "condition_start_date"),
        "drug": ("drug_exposure", "drug_concept_id", "drug_exposure_start_date"),
        "visit": ("visit_occurrence", "visit_concept_id", "visit_start_date"),
    }
    for kind, (table, concept, date) in names.items():
        con.register("event", dict(zip(("person", "code", "day"), events[kind], strict=True)))
        con.execute(
            f"""CREATE TABLE cdm.{table} AS SELECT row_number() OVER () AS {table}_id, person AS person_id,
                code::INT AS {concept}, DATE '2008-01-01' + day::INT AS {date} FROM event"""
        )
        con.unregister("event")
