"""meds/: data by split, codes, splits, dataset description, labels; strict MEDS 0.4."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from cdm.source import CdmVersion
from extract.files import canonical_json, write_bytes
from extract.meds.events import BIRTH, BIRTH_KEY, DEATH, DEATH_KEY, END, EventSource, event_sources
from extract.meds.shards import place_people, write_shards
from extract.sql import quote, without_values
from extract.tables import COHORT, Packed
from extract.writer import write_parquet

MEDS_VERSION = "0.4.1"


@dataclass(frozen=True)
class Prediction:
    """A task: whether somebody is a case, told `gap_hours` before the start of the index day at the latest."""

    task: str
    gap_hours: int = 0


def write_meds(
    con: duckdb.DuckDBPyConnection,
    packed: Sequence[Packed],
    version: CdmVersion,
    about: dict[str, str],
    out: Path,
    prediction: Prediction | None = None,
) -> int:
    """Write the folder and give the number of events.

    `con` holds the packed tables, known_concepts (extract.codebook) and split_of (extract.splits).
    about: dataset_name, dataset_version, license ... for dataset.json.
    """
    tables = {table.name: [name for name, _ in table.written.schema] for table in packed if table.name != COHORT}
    sources = event_sources(tables, version)
    with without_values("writing the MEDS events"):
        codes = _codes(con, sources, out / "metadata")
        shards = place_people(con, sources)
        write_shards(con, sources, codes, shards, out / "data")
        splits = con.sql("SELECT subject_id, split FROM split_of ORDER BY subject_id").to_arrow_table()
        assert isinstance(splits, pa.Table)
        write_parquet(splits, out / "metadata" / "subject_splits.parquet", arrow_schema=True)
        write_bytes(out / "metadata" / "dataset.json", _about(about))
        if prediction is not None:
            _labels(con, prediction, out / "labels" / prediction.task)
    return sum(rows for _, rows in shards)


def _about(about: dict[str, str]) -> bytes:
    fixed = {
        "etl_name": "naru",
        "meds_version": MEDS_VERSION,
        "raw_source_id_columns": ["visit_occurrence_id"],
        "code_modifier_columns": ["unit"],
        "other_extension_columns": ["omop_table"],
    }
    return canonical_json({**about, **fixed})


def _codes(con: duckdb.DuckDBPyConnection, sources: Sequence[EventSource], folder: Path) -> list[str]:
    """Make table code_of (key, code_id), write codes.parquet, give the codes by code_id.

    A code is vocabulary_id/concept_code; OMOP/concept_id where the lookup does not know the concept.
    """
    folder.mkdir(parents=True, exist_ok=True)
    keys = " UNION ".join(
        f"SELECT DISTINCT {source.key} AS key FROM {quote(source.table)} WHERE {source.where}" for source in sources
    )
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE code_of AS
        WITH keys AS ({keys or "SELECT 0 AS key WHERE false"}),
        parts AS (SELECT key, CASE WHEN key < {DEATH_KEY + 1} THEN NULL WHEN key < 0 THEN -1 - key ELSE key END AS concept_id,
                         CASE WHEN key BETWEEN {DEATH_KEY + 1} AND -1 THEN '{END}' ELSE '' END AS ending FROM keys),
        named AS (
            SELECT key, ending, concept_id, c.concept_name AS description, c.concept_name_ko AS description_ko,
                   CASE key WHEN {BIRTH_KEY} THEN '{BIRTH}' WHEN {DEATH_KEY} THEN '{DEATH}'
                       ELSE coalesce(c.vocabulary_id || '/' || c.concept_code, 'OMOP/' || p.concept_id) END AS base
            FROM parts AS p LEFT JOIN known_concepts AS c USING (concept_id))
        SELECT key, base || ending AS code, base, ending, concept_id, description, description_ko,
               CAST(dense_rank() OVER (ORDER BY base || ending) - 1 AS INTEGER) AS code_id
        FROM named
        """
    )
    table = con.sql(
        f"""
        SELECT code,
               min(CASE code WHEN '{BIRTH}' THEN 'Birth' WHEN '{DEATH}' THEN 'Death'
                   ELSE description || CASE ending WHEN '' THEN '' ELSE ', end' END END) AS description,
               CASE WHEN max(ending) <> '' THEN [min(base)] END AS parent_codes,
               min(description_ko) AS description_ko, min(concept_id) AS concept_id
        FROM code_of GROUP BY code ORDER BY code
        """
    ).to_arrow_table()
    assert isinstance(table, pa.Table)
    wanted = {"parent_codes": pa.list_(pa.string())}
    schema = pa.schema([pa.field(f.name, wanted.get(f.name, f.type)) for f in table.schema])
    write_parquet(table.cast(schema), folder / "codes.parquet", arrow_schema=True)
    return [str(code) for code in table["code"].to_pylist()]


def _labels(con: duckdb.DuckDBPyConnection, prediction: Prediction, folder: Path) -> None:
    """Write 0.parquet: subject_id, prediction_time, boolean_value (case), the last moment before the gap begins."""
    folder.mkdir(parents=True, exist_ok=True)
    labels = con.sql(
        f"SELECT DISTINCT CAST(subject_id AS BIGINT) AS subject_id, CAST(index_date AS TIMESTAMP) "
        f"- INTERVAL {int(prediction.gap_hours)} HOUR - INTERVAL 1 SECOND AS prediction_time, role = 'case' AS boolean_value "
        f"FROM {quote(COHORT)} ORDER BY 1, 2, 3"
    ).to_arrow_table()
    assert isinstance(labels, pa.Table)
    write_parquet(labels, folder / "0.parquet", arrow_schema=True)
