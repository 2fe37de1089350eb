"""A made-up hospital for draws: people, observation, visits, and a cohort of cases and controls."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np

from cdm import open_source
from cdm.source import Source
from cohorts.draw.order import splitmix64
from tests import tables


def hospital(folder: Path, tables_: dict[str, str]) -> Source:
    """A source of the given tables, as text."""
    return open_source(f"duckdb://{tables.write_duckdb(folder / 'hospital.duckdb', tables_)}?schema=cdm", folder)


def cohort(folder: Path, text: str) -> Path:
    """A cohort file of role, subject_id, cohort_start_date, cohort_end_date."""
    return tables.write_parquet(folder, {"cohort": text}) / "cohort.parquet"


def random_hospital(folder: Path, people: int, cases: int, seed: int = 1) -> tuple[Source, Path]:
    """`people` of both sexes born 1930-2004, observed two to six years; everyone is in the control cohort from the
    first day of observation, about `cases` become a case later. A person's data do not depend on how many there are.
    """
    path = folder / f"cdm{people}.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("CREATE SCHEMA cdm")
        mix = f"((person_id * 7919 + {seed} * 104729) * 2654435761 % 4294967296)"
        con.execute(
            f"""CREATE TABLE cdm.person AS SELECT *, 7 AS month_of_birth, 1 AS day_of_birth, 0 AS race_concept_id,
                0 AS ethnicity_concept_id, NULL::BIGINT AS location_id
            FROM (SELECT person_id::BIGINT AS person_id, 8507 + 25 * ({mix} // 7 % 2)::INT AS gender_concept_id,
                1930 + ({mix} // 64 % 75)::INT AS year_of_birth FROM range({people}) t(person_id))"""
        )
        con.execute(
            f"""CREATE TABLE cdm.observation_period AS SELECT person_id AS observation_period_id, person_id,
                DATE '2012-01-01' + ({mix} // 512 % 2000)::INT AS observation_period_start_date,
                DATE '2014-01-01' + ({mix} // 512 % 2000 + {mix} // 4096 % 1400)::INT AS observation_period_end_date,
                0 AS period_type_concept_id FROM cdm.person"""
        )
        out = folder / f"cohort{people}.parquet"
        con.execute(
            f"""COPY (SELECT 'control' AS role, person_id AS subject_id,
                observation_period_start_date AS cohort_start_date, observation_period_end_date AS cohort_end_date
            FROM cdm.observation_period UNION ALL
            SELECT 'case', person_id, observation_period_start_date + 400 + ({mix} // 2048 % 300)::INT,
                observation_period_end_date FROM cdm.observation_period
            WHERE person_id * 40503 % 65536 < {cases} * 65536 / {people}) TO '{out}' (FORMAT parquet)"""
        )
    return open_source(f"duckdb://{path}?schema=cdm", folder), out


UNLIKE = """
CREATE SCHEMA cdm;
CREATE TABLE cdm.person AS SELECT person_id::BIGINT AS person_id, 8507 + 25 * (h % 2)::INT AS gender_concept_id,
    1930 + (h // 7 % 60)::INT AS year_of_birth FROM who;
CREATE TABLE cdm.observation_period AS SELECT person_id AS observation_period_id, person_id,
    DATE '2012-01-01' AS observation_period_start_date, DATE '2018-12-31' AS observation_period_end_date FROM who;
CREATE TABLE cdm.visit_occurrence AS SELECT row_number() OVER (ORDER BY person_id, n) AS visit_occurrence_id, person_id,
    CASE WHEN h // 3 % 9 = 0 THEN 9201 ELSE 9202 END AS visit_concept_id, DATE '2014-01-01' + n::INT * 30 AS visit_start_date
    FROM who, range(12) t(n) WHERE n <= h // 11 % 12;
CREATE TABLE cdm.condition_occurrence AS SELECT row_number() OVER (ORDER BY person_id, n) AS condition_occurrence_id, person_id,
    (100 + n)::INT AS condition_concept_id, DATE '2014-03-01' + n::INT AS condition_start_date
    FROM who, range(8) t(n) WHERE (h // (13 + n * 5)) % 3 = 0;
CREATE TABLE cdm.drug_exposure AS SELECT row_number() OVER (ORDER BY person_id, n) AS drug_exposure_id, person_id,
    (500 + n)::INT AS drug_concept_id, DATE '2014-05-01' + n::INT AS drug_exposure_start_date
    FROM who, range(8) t(n) WHERE (h // (17 + n * 7)) % 4 = 0;
"""
# Whoever is old, much seen, or has condition 100, is rather a case.
IS_CASE = """h // 97 % 1000 < 12 * (CASE WHEN h // 7 % 60 < 20 THEN 4 ELSE 1 END) * (CASE WHEN h // 11 % 12 > 8 THEN 3 ELSE 1 END)
    * (CASE WHEN h // 13 % 3 = 0 THEN 2 ELSE 1 END)"""


def unlike_hospital(folder: Path, people: int) -> tuple[Source, Path]:
    """A hospital whose cases differ from everybody else; a person's data do not depend on how many there are."""
    path, cohort = folder / "hospital.duckdb", folder / "cohort.parquet"
    with duckdb.connect(str(path)) as con:
        ids = np.arange(people)
        con.register("made", {"person_id": ids, "h": (splitmix64(ids) >> np.uint64(1)).astype(np.int64)})
        con.execute("CREATE TEMP TABLE who AS FROM made")
        con.execute(UNLIKE)
        con.execute(
            f"""COPY (SELECT CASE WHEN {IS_CASE} THEN 'case' ELSE 'control' END AS role, person_id AS subject_id,
                DATE '2014-12-31' AS cohort_start_date, DATE '2018-12-31' AS cohort_end_date FROM who) TO '{cohort}'"""
        )
    return open_source(f"duckdb://{path}?schema=cdm", folder), cohort
