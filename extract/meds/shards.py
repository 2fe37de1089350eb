"""The events of a release in shards: whose are in which, and all of them in order, coded, in files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from cdm.arrays import texts
from extract.meds.events import EventSource
from extract.splits import SPLITS
from extract.sql import figures, quote, stream
from extract.tables import ROW, numbered
from extract.writer import write_parquet

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
BLOCK_EVENTS = 8_000_000  # more at once are not sorted quicker
EVENT_BYTES = 96  # of an event while it is sorted: key, values, and what DuckDB keeps beside them
_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")
# Columns in which a value often follows itself: events of a visit, results of a minute.
_RUNS = ("time", "visit_occurrence_id")


def place_people(con: duckdb.DuckDBPyConnection, sources: Sequence[EventSource]) -> list[tuple[str, int]]:
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


def write_shards(
    con: duckdb.DuckDBPyConnection,
    sources: Sequence[EventSource],
    codes: list[str],
    shards: list[tuple[str, int]],
    out: Path,
) -> None:
    """Write out/<split>/<number>.parquet of every shard. codes: by code_id; `con` holds code_of, shard_of, known_concepts."""
    if not shards:
        return
    subjects = con.sql("SELECT subject_id FROM shard_of ORDER BY rank").to_arrow_table()["subject_id"].combine_chunks()
    tables = list(dict.fromkeys(source.table for source in sources))
    lists = {"code": texts(codes), "unit": texts(_units(con)), "omop_table": texts(tables)}
    ordered = _largest_first(con, sources)
    for first, block in _blocks(shards, _room(con, sources, sum(count for _, count in shards))):
        query = _events(ordered, tables, len(codes), (first, first + len(block) - 1))
        events, left = _coded(stream(con, query), subjects, lists), list[pa.RecordBatch]()
        for name, count in block:
            path = out / f"{name}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            taken = _take(events, left, count)
            write_parquet(pa.RecordBatchReader.from_batches(CODED, taken), path, arrow_schema=True, runs=_RUNS)
        assert next(events, None) is None  # and the result is closed by that


def _room(con: duckdb.DuckDBPyConnection, sources: Sequence[EventSource], events: int) -> int:
    """How many events are sorted at once: a quarter of the memory, so that nothing need spill, and BLOCK_EVENTS at most.

    DuckDB 2.0 does not spill the second and later parts of a UNION under an ORDER BY: with a gigabyte, fifty million events
    fail within seconds. A block of shards is read by its range of people, which prunes row groups.
    """
    told = {(source.table, source.text) for source in sources if source.text != "NULL"}
    lengths = [f"(SELECT coalesce(sum(strlen({text})), 0) FROM {quote(table)})" for table, text in sorted(told)]
    limit, text_bytes = figures(con, f"SELECT current_setting('memory_limit'), {' + '.join(lengths) or '0'}")
    number, unit = str(limit).split()
    memory = float(number) * 1024 ** _UNITS.index(unit)
    return min(BLOCK_EVENTS, int(memory / 4 / (EVENT_BYTES + 2 * text_bytes / events)))


def _blocks(shards: Sequence[tuple[str, int]], room: int) -> Iterator[tuple[int, list[tuple[str, int]]]]:
    """Give (place of the first shard, shards) of blocks of shards that hold `room` events, or are one shard."""
    block: list[tuple[str, int]] = []
    for place, shard in enumerate(shards):
        if block and sum(count for _, count in block) + shard[1] > room:
            yield place - len(block), block
            block = []
        block.append(shard)
    yield len(shards) - len(block), block


def _largest_first(con: duckdb.DuckDBPyConnection, sources: Sequence[EventSource]) -> list[EventSource]:
    """Order the sources by the rows of their tables: the first part of a UNION is the one that may spill."""
    rows = {t: figures(con, f"SELECT count(*) FROM {quote(t)}")[0] for t in {source.table for source in sources}}
    return sorted(sources, key=lambda source: -rows[source.table])


def _events(sources: Sequence[EventSource], tables: Sequence[str], codes: int, places: tuple[int, int]) -> str:
    """SELECT the events of the shards from one place to another, by person, time, table, code, place in the table's file.

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
        FROM ({parts}) AS e
        JOIN (SELECT subject_id, rank FROM shard_of WHERE place BETWEEN {places[0]} AND {places[1]}) AS s USING (subject_id)
        LEFT JOIN unit_of AS u USING (unit_concept_id)
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
