"""meds/: data by split, codes, splits, dataset description, labels; strict MEDS 0.4."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from cdm.source import CdmVersion
from extract.arrays import texts
from extract.files import canonical_json, write_bytes
from extract.meds.events import BIRTH, BIRTH_KEY, DEATH, DEATH_KEY, END, EventSource, event_sources
from extract.splits import SPLITS
from extract.sql import quote, stream, without_values
from extract.tables import COHORT, ROW, Packed, numbered
from extract.writer import write_parquet

MEDS_VERSION = "0.4.1"
SHARD_EVENTS = 2_000_000

_COLUMNS: dict[str, pa.DataType] = {
    "subject_id": pa.int64(),
    "time": pa.timestamp("us"),
    "code": pa.string(),
    "numeric_value": pa.float32(),
    "text_value": pa.large_string(),
    "unit": pa.string(),
    "visit_occurrence_id": pa.int64(),
    "omop_table": pa.string(),
}
DATA = pa.schema(_COLUMNS)
# The same as it is written: texts out of a short list as numbers of that list.
_LISTED = ("code", "unit", "omop_table")
CODED = pa.schema(
    {name: pa.dictionary(pa.int32(), kind) if name in _LISTED else kind for name, kind in _COLUMNS.items()}
)
# Columns in which a value often follows itself: events of a visit, results of a minute.
_RUNS = ("time", "visit_occurrence_id")


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
        shards = _shards(con, sources)
        _write_shards(con, sources, codes, shards, out / "data")
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


def _shards(con: duckdb.DuckDBPyConnection, sources: Sequence[EventSource]) -> list[tuple[str, int]]:
    """Make table shard_of (subject_id, place, rank); give (split/number, events) by place.

    A person is in one shard; a shard takes people in order of subject_id until it holds SHARD_EVENTS.
    rank: the person's number in the order of all shards, from 0.
    """
    counts = " UNION ALL ".join(
        f"SELECT {source.subject} AS subject_id, count(*) AS n FROM {quote(source.table)} WHERE {source.where} GROUP BY ALL"
        for source in sources
    )
    order = " ".join(f"WHEN '{name}' THEN {number}" for number, name in enumerate(SPLITS))
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE shard_of AS
        WITH counted AS (SELECT subject_id, sum(n) AS n FROM ({counts or "SELECT 0 AS subject_id, 0 AS n WHERE false"})
                         GROUP BY subject_id),
        placed AS (
            SELECT s.subject_id, s.split, CASE s.split {order} END AS part, c.n,
                   CAST((sum(c.n) OVER (PARTITION BY s.split ORDER BY s.subject_id) - c.n) // {SHARD_EVENTS} AS INTEGER) AS shard
            FROM counted AS c JOIN split_of AS s USING (subject_id))
        SELECT subject_id, split, shard, CAST(n AS BIGINT) AS n,
               CAST(dense_rank() OVER (ORDER BY part, shard) - 1 AS INTEGER) AS place,
               CAST(row_number() OVER (ORDER BY part, shard, subject_id) - 1 AS INTEGER) AS rank
        FROM placed
        """
    )
    rows = con.execute(
        "SELECT split || '/' || (dense_rank() OVER (PARTITION BY split ORDER BY shard) - 1), CAST(sum(n) AS BIGINT) "
        "FROM shard_of GROUP BY place, split, shard ORDER BY place"
    ).fetchall()
    return [(str(name), int(count)) for name, count in rows]


def _write_shards(
    con: duckdb.DuckDBPyConnection,
    sources: Sequence[EventSource],
    codes: list[str],
    shards: list[tuple[str, int]],
    out: Path,
) -> None:
    if not shards:
        return
    subjects = con.sql("SELECT subject_id FROM shard_of ORDER BY rank").to_arrow_table()["subject_id"].combine_chunks()
    tables = list(dict.fromkeys(source.table for source in sources))
    lists = {"code": texts(codes), "unit": texts(_units(con)), "omop_table": texts(tables)}
    events = _coded(stream(con, _events(sources, tables, len(codes))), subjects, lists)
    left: list[pa.RecordBatch] = []
    for name, count in shards:
        path = out / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        taken = _take(events, left, count)
        write_parquet(pa.RecordBatchReader.from_batches(CODED, taken), path, arrow_schema=True, runs=_RUNS)


def _events(sources: Sequence[EventSource], tables: Sequence[str], codes: int) -> str:
    """SELECT all events in their order: shard, person, time, table, code, place in the table's file.

    The last three are one number of 63 bits, and all of it 23 bytes: DuckDB sorts keys of up to 32 bytes by value, longer
    ones through a pointer at twice the price. Rows that share it are the same event told twice.
    """
    code_bits, table_bits = codes.bit_length(), len(tables).bit_length()
    row_bits = 63 - table_bits - code_bits
    parts = " UNION ALL ".join(
        _select(
            source,
            f"{tables.index(source.table) << (code_bits + row_bits)} + (CAST(c.code_id AS BIGINT) << {row_bits}) + t.{ROW}",
        )
        for source in sources
    )
    return f"""
        SELECT s.rank, e.time, CAST((e.place >> {row_bits}) & {(1 << code_bits) - 1} AS INTEGER) AS code_id,
               e.numeric_value, e.text_value, u.unit_id, e.visit_occurrence_id,
               CAST(e.place >> {code_bits + row_bits} AS INTEGER) AS table_id
        FROM ({parts}) AS e JOIN shard_of AS s USING (subject_id) LEFT JOIN unit_of AS u USING (unit_concept_id)
        ORDER BY s.rank, e.time NULLS FIRST, e.place
    """


def _select(source: EventSource, place: str) -> str:
    return f"""
        SELECT CAST(t.{source.subject} AS BIGINT) AS subject_id, {source.time} AS time, {place} AS place,
               CAST({source.numeric} AS FLOAT) AS numeric_value, CAST({source.text} AS VARCHAR) AS text_value,
               CAST({source.unit} AS BIGINT) AS unit_concept_id, CAST({source.visit} AS BIGINT) AS visit_occurrence_id
        FROM {quote(numbered(source.table))} AS t JOIN code_of AS c ON c.key = {source.key}
        WHERE {source.where}
    """


def _units(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Make table unit_of (unit_concept_id, unit_id); give the units' codes by unit_id."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE unit_of AS SELECT concept_id AS unit_concept_id, concept_code AS unit, "
        "CAST(dense_rank() OVER (ORDER BY concept_code) - 1 AS INTEGER) AS unit_id FROM known_concepts "
        "WHERE domain_id = 'Unit' AND concept_code IS NOT NULL"
    )
    return [str(row[0]) for row in con.execute("SELECT DISTINCT unit FROM unit_of ORDER BY unit").fetchall()]


def _coded(
    reader: pa.RecordBatchReader, subjects: pa.Int64Array, lists: Mapping[str, pa.StringArray]
) -> Iterator[pa.RecordBatch]:
    """Put people in the place of their ranks, and a list of texts behind the numbers of texts."""
    for batch in reader:
        columns: list[pa.Array[Any]] = []
        for field, column in zip(DATA, batch.columns, strict=True):
            if field.name == "subject_id":
                columns.append(subjects.take(column))
            elif field.name in lists:
                columns.append(pa.DictionaryArray.from_arrays(column, lists[field.name]))
            else:
                columns.append(column.cast(field.type))
        yield pa.RecordBatch.from_arrays(columns, schema=CODED)


def _take(events: Iterator[pa.RecordBatch], left: list[pa.RecordBatch], count: int) -> Iterator[pa.RecordBatch]:
    """Give the next `count` rows; what is over of a batch stays in `left`."""
    while count:
        batch = left.pop() if left else next(events)
        if batch.num_rows > count:
            left.append(batch.slice(count))
            batch = batch.slice(0, count)
        count -= batch.num_rows
        yield batch


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
