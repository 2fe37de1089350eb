"""A made-up hospital for draws: people, observation, visits, and a cohort of cases and controls."""

from __future__ import annotations

from pathlib import Path

import duckdb

from cdm import open_source
from cdm.source import Source
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
