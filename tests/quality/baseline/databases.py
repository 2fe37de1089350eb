# ruff: noqa: E501  # tables read best whole
"""A small database, one change at a time, and what a run says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import duckdb

from cdm import open_source
from cdm.engine import connect
from cdm.source import Need, Release, Source
from quality.baseline.declared import catalogue
from quality.baseline.measure import Database, measure
from quality.baseline.run import Baseline, Options, run
from quality.baseline.status import Result, judge
from tests.tables import table, write_duckdb

TODAY = date(2024, 6, 1)
SOUND: Mapping[str, str] = {
    "cdm_source": """
        cdm_source_name | cdm_source_abbreviation | cdm_holder | source_release_date | cdm_release_date | cdm_version | cdm_version_concept_id | vocabulary_version
        made            | made                    | made       | 2024-01-01          | 2024-01-31       | 5.4         | 756265                 | v5.0
        """,
    "person": """
        person_id | gender_concept_id | year_of_birth | month_of_birth | day_of_birth | race_concept_id | ethnicity_concept_id
        1         | 8507              | 1960          | 5              | 20           | 0               | 0
        2         | 8532              | 1970          | -              | -            | 0               | 0
        """,
    "observation_period": """
        observation_period_id | person_id | observation_period_start_date | observation_period_end_date | period_type_concept_id
        1                     | 1         | 2019-01-01                    | 2019-12-31                  | 32817
        2                     | 1         | 2020-01-02                    | 2020-12-31                  | 32817
        3                     | 2         | 2020-01-01                    | 2020-12-31                  | 32817
        """,
    "visit_occurrence": """
        visit_occurrence_id | person_id | visit_concept_id | visit_start_date | visit_end_date | visit_type_concept_id
        10                  | 1         | 9201             | 2020-03-01       | 2020-03-05     | 32817
        """,
    "condition_occurrence": """
        condition_occurrence_id | person_id | condition_concept_id | condition_start_date | condition_end_date | condition_type_concept_id | visit_occurrence_id | condition_source_value | condition_status_concept_id | condition_status_source_value
        100                     | 1         | 201826               | 2020-03-01           | 2020-03-04         | 32817                     | 10                  | E11                    | -                           | -
        101                     | 1         | 201826               | 2020-03-02           | -                  | 32817                     | 10                  | E11                    | -                           | -
        102                     | 2         | 4127886              | 2020-05-01           | 2020-05-01         | 32817                     | -                   | N80                    | -                           | -
        """,
    "condition_era": """
        condition_era_id | person_id | condition_concept_id | condition_era_start_date | condition_era_end_date | condition_occurrence_count
        1                | 1         | 201826               | 2020-03-01               | 2020-03-04             | 2
        2                | 2         | 4127886              | 2020-05-01               | 2020-05-01             | 1
        """,
    "measurement": """
        measurement_id | person_id | measurement_concept_id | measurement_date | measurement_type_concept_id | value_as_number | unit_concept_id | unit_source_value
        1000           | 1         | 3004410                | 2020-03-02       | 32817                       | 6.5             | 8554            | %
        1001           | 2         | 3004410                | 2020-05-02       | 32817                       | 6.1             | 8554            | %
        """,
    "death": """
        person_id | death_date | death_type_concept_id
        2         | 2020-06-01 | 32817
        """,
    "concept": """
        concept_id | concept_name | domain_id    | vocabulary_id | concept_class_id | standard_concept | concept_code | invalid_reason
        0          | none         | Metadata     | None          | Undefined        | -                | 0            | -
        8507       | male         | Gender       | Gender        | Gender           | S                | M            | -
        8532       | female       | Gender       | Gender        | Gender           | S                | F            | -
        32817      | EHR          | Type Concept | Type Concept  | Type Concept     | S                | e            | -
        9201       | inpatient    | Visit        | Visit         | Visit            | S                | IP           | -
        201826     | T2DM         | Condition    | SNOMED        | Disorder         | S                | 1            | -
        4127886    | uterus       | Condition    | SNOMED        | Disorder         | S                | 2            | -
        443343     | device       | Condition    | SNOMED        | Disorder         | S                | 3            | -
        3004410    | HbA1c        | Measurement  | LOINC         | Lab Test         | S                | 4            | -
        8554       | percent      | Unit         | UCUM          | Unit             | S                | %            | -
        9579       | mmol/mol     | Unit         | UCUM          | Unit             | S                | m            | -
        8840       | mg/dL        | Unit         | UCUM          | Unit             | S                | d            | -
        44         | old          | Condition    | ICD10CM       | Code             | -                | 5            | U
        756265     | v5.4         | Metadata     | CDM           | CDM              | S                | 6            | -
        """,
    "concept_ancestor": """
        ancestor_concept_id | descendant_concept_id | min_levels_of_separation | max_levels_of_separation
        443343              | 4127886               | 1                        | 1
        """,
}  # fmt: skip


def database(folder: Path, **changed: str | None) -> str:
    """The address of the sound database with some tables changed, or (None) taken away."""
    tables = {name: text for name, text in {**SOUND, **changed}.items() if text is not None}
    return f"duckdb://{write_duckdb(folder / 'small.duckdb', tables)}?schema=cdm"


def look(folder: Path, options: Options | None = None, **changed: str | None) -> Baseline:
    """What a run says of the sound database with some tables changed."""
    with open_source(database(folder, **changed), folder) as source:
        return run(source, options or Options(TODAY))


def judged(about: str, **changed: str | None) -> tuple[Result, ...]:
    """The results of one table's checks alone, which is quicker; a table missing or empty is told by them as well."""
    # Eras are judged by what conditions there are.
    wanted = {about, "condition_occurrence"} if about == "condition_era" else {about}
    checks = [check for check in catalogue("5.4") if check.table in wanted]
    with connect() as con:
        found = measure(Database(con, Given({**SOUND, **changed}), TODAY), checks)
    return judge({check: found[check] for check in checks})


class Given(Source):
    """A database that is a few tables in memory: quicker than a file of them."""

    url, kind, version = "given", "duckdb", "5.4"

    def __init__(self, texts: Mapping[str, str | None]) -> None:
        self._tables = {name: table(text) for name, text in texts.items() if text is not None}

    def tables(self) -> Mapping[str, tuple[str, ...]]:
        return {name: tuple(found.column_names) for name, found in self._tables.items()}

    def release(self) -> Release:
        rows = {name: found.num_rows for name, found in self._tables.items()}
        return Release("given", self.version, None, None, rows)

    def attach(self, con: duckdb.DuckDBPyConnection, need: Need) -> None:
        con.execute("CREATE SCHEMA IF NOT EXISTS cdm")
        for name, columns in need.columns.items():
            con.register("given", self._tables[name])  # which another connection would not see
            con.execute(f"CREATE OR REPLACE TABLE cdm.{name} AS SELECT {', '.join(columns)} FROM given")
            con.unregister("given")

    def close(self) -> None:
        """Nothing is held."""


def result(results: Sequence[Result], type_: str, table: str, field: str = "", concept: str = "") -> Result:
    """The result of one check."""
    (found,) = [one for one in results if one.check.key == (type_, table, field, concept)]
    return found


def figures(
    results: Sequence[Result], type_: str, table: str, field: str = "", concept: str = ""
) -> tuple[int, int, str]:
    """Violating rows, all rows, status of one check."""
    found = result(results, type_, table, field, concept)
    return found.figure.violated, found.figure.rows, found.status
