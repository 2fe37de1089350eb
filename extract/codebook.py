"""docs/codebook.parquet: the concepts that occur, with code, names and the units they are measured in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from cdm import schema
from cdm.errors import BadInput
from cdm.source import CdmVersion
from extract.sql import quote, stream, without_values
from extract.tables import COHORT, Packed
from extract.writer import Written, write_parquet

REQUIRED = ("concept_id", "concept_code", "vocabulary_id", "concept_name")
OPTIONAL = ("concept_name_ko", "domain_id", "concept_class_id", "standard_concept")


def write_codebook(
    con: duckdb.DuckDBPyConnection,
    packed: Sequence[Packed],
    concepts: Path | None,
    version: CdmVersion,
    out: Path,
) -> Written:
    """Write one row per concept id in any concept column of the packed tables, by concept id.

    Columns: concept_id, vocabulary_id, concept_code, concept_name, concept_name_ko, domain_id,
    concept_class_id, standard_concept, units (names, '; ' between), found_in (table.column, '; ' between),
    rows. concepts: Parquet with REQUIRED and any of OPTIONAL columns; ids that it lacks have NULL names.
    `con` holds the tables as `extract.tables` left them.
    """
    with without_values("reading the concepts"):
        _load_concepts(con, concepts)
    with without_values("writing the codebook"):
        con.execute(f"CREATE OR REPLACE TEMP TABLE occurs AS {_occurrences(packed, version)}")
        con.execute(f"CREATE OR REPLACE TEMP TABLE measured AS {_units(packed, version)}")
        return write_parquet(stream(con, _CODEBOOK), out)


_CODEBOOK = """
SELECT o.concept_id, c.vocabulary_id, c.concept_code, c.concept_name, c.concept_name_ko, c.domain_id,
       c.concept_class_id, c.standard_concept, u.units, o.found_in, o.rows
FROM (SELECT concept_id, string_agg(place, '; ' ORDER BY place) AS found_in, CAST(sum(rows) AS BIGINT) AS rows
      FROM occurs GROUP BY concept_id) AS o
LEFT JOIN known_concepts AS c USING (concept_id)
LEFT JOIN (SELECT m.concept_id, string_agg(n.concept_name, '; ' ORDER BY n.concept_name) AS units
           FROM measured AS m JOIN known_concepts AS n ON n.concept_id = m.unit
           GROUP BY m.concept_id) AS u USING (concept_id)
ORDER BY o.concept_id
"""


def _load_concepts(con: duckdb.DuckDBPyConnection, concepts: Path | None) -> None:
    """Make table known_concepts, one row per id whatever the file repeats."""
    wanted = (*REQUIRED, *OPTIONAL)
    types = {column: "BIGINT" if column == "concept_id" else "VARCHAR" for column in wanted}
    if concepts is None:
        empty = ", ".join(f"CAST(NULL AS {kind}) AS {column}" for column, kind in types.items())
        con.execute(f"CREATE OR REPLACE TEMP TABLE known_concepts AS SELECT {empty} WHERE false")
        return
    if not concepts.is_file():
        raise BadInput(f"concepts {concepts}: no such file; the codebook needs the concepts' names")
    there = con.sql("SELECT * FROM read_parquet($1) LIMIT 0", params=[str(concepts)]).columns
    if missing := [column for column in REQUIRED if column not in there]:
        raise BadInput(f"concepts {concepts}: lacks {', '.join(missing)}")
    shown = ", ".join(
        f"CAST({column if column in there else 'NULL'} AS {kind}) AS {column}" for column, kind in types.items()
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE known_concepts AS SELECT {shown} FROM read_parquet($1) "
        f"QUALIFY row_number() OVER (PARTITION BY concept_id ORDER BY {', '.join(wanted)}) = 1",
        [str(concepts)],
    )


def _occurrences(packed: Sequence[Packed], version: CdmVersion) -> str:
    parts = [
        f"SELECT CAST({quote(column)} AS BIGINT) AS concept_id, '{table.name}.{column}' AS place, "
        f"count(*) AS rows FROM {quote(table.name)} WHERE {quote(column)} IS NOT NULL GROUP BY ALL"
        for table in packed
        for column in _concept_columns(table, version)
    ]
    return " UNION ALL ".join(parts) or "SELECT 0::BIGINT AS concept_id, '' AS place, 0::BIGINT AS rows WHERE false"


def _units(packed: Sequence[Packed], version: CdmVersion) -> str:
    """Pairs (concept, unit) of rows that state a unit."""
    parts = [
        f"SELECT DISTINCT CAST({quote(main)} AS BIGINT) AS concept_id, CAST(unit_concept_id AS BIGINT) AS unit "
        f"FROM {quote(table.name)} WHERE unit_concept_id > 0"
        for table in packed
        for main in (f"{table.name}_concept_id",)
        if {main, "unit_concept_id"} <= set(_concept_columns(table, version))
    ]
    return " UNION ".join(parts) or "SELECT 0::BIGINT AS concept_id, 0::BIGINT AS unit WHERE false"


def _concept_columns(table: Packed, version: CdmVersion) -> tuple[str, ...]:
    if table.name == COHORT:
        return ()
    delivered = {name for name, _ in table.written.schema}
    return tuple(c for c in schema.tables(version)[table.name].concept_columns if c in delivered)
