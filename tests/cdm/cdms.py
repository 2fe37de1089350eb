"""One tiny CDM, and the kinds of database that hold it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path

import psycopg
import pyarrow as pa

from cdm.address import parse
from cdm.sources.postgres import conninfo_of
from tests.tables import table, write_duckdb, write_parquet

TYPES = {
    pa.int64(): "bigint",
    pa.int32(): "integer",
    pa.float64(): "double precision",
    pa.string(): "text",
    pa.date32(): "date",
    pa.timestamp("us"): "timestamp",
    pa.bool_(): "boolean",
}

PERSON = """
    person_id | gender_concept_id | year_of_birth | race_concept_id | ethnicity_concept_id
            1 |              8507 |          1950 |               0 |                    0
            2 |              8532 |          1960 |               0 |                    0
            3 |              8532 |          1970 |               0 |                    0
"""
MEASUREMENT = """
    measurement_id | person_id | measurement_concept_id | measurement_date | measurement_type_concept_id | value_as_number
                10 |         1 |                3004249 |       2020-01-01 |                       32817 |           120.5
                11 |         1 |                3004249 |       2020-01-02 |                       32817 |               -
                12 |         2 |                3004249 |       2020-01-03 |                       32817 |              90
"""
NOTE = """
    note_id | person_id | note_date  | note_type_concept_id | note_class_concept_id | note_text | encoding_concept_id | language_concept_id
         50 |         1 | 2020-01-01 |                    0 |                     0 | one       |                   0 |                   0
         51 |         3 | 2020-01-01 |                    0 |                     0 | two       |                   0 |                   0
"""
NOTE_NLP = """
    note_nlp_id | note_id | lexical_variant_text | nlp_date
             60 |      50 | cough                | 2020-01-01
             61 |      51 | fever                | 2020-01-01
"""
CONCEPT = """
    concept_id | concept_name   | domain_id   | vocabulary_id | concept_class_id | standard_concept | concept_code
       3004249 | Blood pressure | Measurement | LOINC         | Clinical         | S                | 8480-6
          8507 | MALE           | Gender      | Gender        | Gender           | S                | M
           999 | Old            | Measurement | LOINC         | Clinical         | -                | X
"""
VOCABULARY = """
    vocabulary_id | vocabulary_name | vocabulary_reference | vocabulary_version | vocabulary_concept_id
    None          | OMOP            | x                    | v5.0 31-AUG-23     | 0
    LOINC         | LOINC           | x                    | 2.76               | 0
"""
CDM_SOURCE = """
    cdm_source_name | cdm_source_abbreviation | cdm_holder_name | source_release_date | cdm_release_date | cdm_version | vocabulary_version
    Tiny            | tiny                    | Nobody          | 2024-01-01          | 2024-02-01       | 5.4         | told by hand
    Tiny            | tiny                    | Nobody          | 2023-01-01          | 2023-02-01       | 5.4         | older
"""


def tiny(version: str = "5.4") -> dict[str, pa.Table]:
    """The CDM; 5.3 and 5.4 differ in a column of visit_occurrence, and in what cdm_source says."""
    return dict(_tiny(version))


@cache
def _tiny(version: str) -> dict[str, pa.Table]:
    admitted = "admitted_from_concept_id" if version == "5.4" else "admitting_source_concept_id"
    visit = f"""
        visit_occurrence_id | person_id | visit_concept_id | visit_start_date | visit_end_date | visit_type_concept_id | {admitted}
                         30 |         1 |             9201 |       2020-01-01 |     2020-01-05 |                 32817 |          0
    """
    texts = {
        "person": PERSON,
        "measurement": MEASUREMENT,
        "note": NOTE,
        "note_nlp": NOTE_NLP,
        "visit_occurrence": visit,
        "concept": CONCEPT,
        "vocabulary": VOCABULARY,
        "cdm_source": CDM_SOURCE.replace("5.4", f"v{version}.1"),
    }
    tables = {name: table(text) for name, text in texts.items()}
    concept = tables["concept"]
    tables["concept"] = (
        concept.append_column("valid_start_date", pa.array([date(1970, 1, 1)] * 3))
        .append_column("valid_end_date", pa.array([date(2099, 12, 31)] * 3))
        .append_column("invalid_reason", pa.array([None, None, "U"]))
    )
    # Named so that tests/tables.py takes them for texts.
    renamed = {"lexical_variant_text": "lexical_variant", "cdm_holder_name": "cdm_holder"}
    return {
        name: given.rename_columns([renamed.get(c, c) for c in given.column_names]) for name, given in tables.items()
    }


def write_postgres(
    url: str, tables: Mapping[str, pa.Table], schema: str = "cdm", types: Mapping[pa.DataType, str] = TYPES
) -> str:
    """The given tables in one schema of a PostgreSQL database; gives the address with the schema."""
    with connected(url) as con:
        con.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        for name, content in tables.items():
            columns = ", ".join(f'"{field.name}" {types[field.type]}' for field in content.schema)
            con.execute(f'CREATE TABLE "{schema}"."{name}" ({columns})')
            with con.cursor() as cursor, cursor.copy(f'COPY "{schema}"."{name}" FROM STDIN') as copy:
                for row in content.to_pylist():
                    copy.write_row(list(row.values()))
    return f"{url}&schema={schema}"


def connected(url: str) -> psycopg.Connection:
    """A connection of an administrator's own, committing as it goes."""
    address = parse(url)
    return psycopg.connect(conninfo_of(address.place, address.options), autocommit=True)


def write(kind: str, folder: Path, postgres: str, tables: Mapping[str, pa.Table]) -> str:
    """The tables in a database of this kind; gives its address."""
    if kind == "duckdb":
        return f"duckdb://{write_duckdb(folder / 'hospital.duckdb', tables)}?schema=cdm"
    if kind == "parquet":
        return f"parquet://{write_parquet(folder / 'cdm', tables)}"
    return write_postgres(postgres, tables)
