"""The names of the concepts that occur in an extract, for its codebook: English, and Korean where the vocabulary has it."""

from __future__ import annotations

from pathlib import Path

import duckdb

from cdm import schema
from cdm.source import Need, Source

KOREAN = 4175771  # OMOP concept "Korean language", as concept_synonym.language_concept_id says it


def write_concepts(con: duckdb.DuckDBPyConnection, source: Source, raw: Path, out: Path) -> None:
    """Write concept_id, code, vocabulary, names, domain, class, standard flag of every concept id in raw/, by id."""
    present = source.tables()
    source.attach(con, Need({t: () for t in ("concept", "concept_synonym") if t in present}))
    occurring = " UNION ".join(
        f'SELECT "{column}" AS concept_id FROM read_parquet({_text(raw / f"{table.name}.parquet")})'
        for table in schema.tables(source.version).values()
        if (raw / f"{table.name}.parquet").is_file()
        for column in table.concept_columns
        if column in duckdb.read_parquet(str(raw / f"{table.name}.parquet"), connection=con).columns
    )
    korean = (
        f"SELECT concept_id, min(concept_synonym_name) AS name FROM cdm.concept_synonym WHERE language_concept_id = {KOREAN} GROUP BY ALL"
        if "concept_synonym" in present
        else "SELECT NULL::BIGINT AS concept_id, NULL::VARCHAR AS name"
    )
    con.execute(
        f"""COPY (
            SELECT c.concept_id::BIGINT AS concept_id, c.vocabulary_id, c.concept_code, c.concept_name,
                   k.name AS concept_name_ko, c.domain_id, c.concept_class_id, c.standard_concept
            FROM cdm.concept AS c LEFT JOIN ({korean}) AS k USING (concept_id)
            WHERE c.concept_id IN ({occurring or "SELECT 0"}) ORDER BY 1
        ) TO {_text(out)} (FORMAT parquet)"""
    )


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
