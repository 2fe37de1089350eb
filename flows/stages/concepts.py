"""What the vocabulary says of the concepts in an extract: their names, English and Korean, and what they come under."""

from __future__ import annotations

from pathlib import Path

import duckdb

from cdm import schema
from cdm.source import Need, Source

KOREAN = 4175771  # OMOP concept "Korean language", as concept_synonym.language_concept_id says it
_TABLES = ("concept", "concept_synonym", "concept_ancestor")


def write_concepts(con: duckdb.DuckDBPyConnection, source: Source, raw: Path, names: Path, ancestors: Path) -> None:
    """Write two Parquet files about every concept id in raw/.

    names: concept_id, code, vocabulary, names, domain, class, standard flag, by id; of their ancestors, too, since a rare
    code may be told as one. ancestors: ancestor_concept_id, descendant_concept_id, min_levels_of_separation, by all three.
    """
    present = source.tables()
    source.attach(con, Need({table: () for table in _TABLES if table in present}))
    con.execute(f"CREATE TEMP TABLE occurring AS {_occurring(con, source, raw)}")
    con.execute(f"CREATE TEMP TABLE above AS {_ANCESTORS if 'concept_ancestor' in present else _NO_ANCESTORS}")
    con.execute(f"COPY (FROM above ORDER BY ALL) TO {_text(ancestors)} (FORMAT parquet)")
    korean = _KOREAN if "concept_synonym" in present else "SELECT NULL::BIGINT AS concept_id, NULL::VARCHAR AS name"
    con.execute(
        f"""COPY (
            SELECT c.concept_id::BIGINT AS concept_id, c.vocabulary_id, c.concept_code, c.concept_name,
                   k.name AS concept_name_ko, c.domain_id, c.concept_class_id, c.standard_concept
            FROM cdm.concept AS c LEFT JOIN ({korean}) AS k USING (concept_id)
            WHERE c.concept_id IN (FROM occurring UNION SELECT ancestor_concept_id FROM above) ORDER BY 1
        ) TO {_text(names)} (FORMAT parquet)"""
    )


_KOREAN = f"""SELECT concept_id, min(concept_synonym_name) AS name FROM cdm.concept_synonym
WHERE language_concept_id = {KOREAN} GROUP BY ALL"""
_ANCESTORS = """SELECT ancestor_concept_id::BIGINT AS ancestor_concept_id, descendant_concept_id::BIGINT AS
descendant_concept_id, min(min_levels_of_separation)::BIGINT AS min_levels_of_separation FROM cdm.concept_ancestor
WHERE descendant_concept_id IN (FROM occurring) AND ancestor_concept_id <> descendant_concept_id
AND ancestor_concept_id IN (SELECT concept_id FROM cdm.concept) GROUP BY ALL"""
_NO_ANCESTORS = """SELECT NULL::BIGINT AS ancestor_concept_id, NULL::BIGINT AS descendant_concept_id,
NULL::BIGINT AS min_levels_of_separation WHERE FALSE"""


def _occurring(con: duckdb.DuckDBPyConnection, source: Source, raw: Path) -> str:
    found = [
        f'SELECT "{column}"::BIGINT AS concept_id FROM read_parquet({_text(raw / f"{table.name}.parquet")})'
        for table in schema.tables(source.version).values()
        if (raw / f"{table.name}.parquet").is_file()
        for column in table.concept_columns
        if column in duckdb.read_parquet(str(raw / f"{table.name}.parquet"), connection=con).columns
    ]
    return " UNION ".join(found) or "SELECT 0::BIGINT AS concept_id"


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
