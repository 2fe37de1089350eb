"""Parquet files that hold nothing but their columns; the same rows give the same bytes everywhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

ROW_GROUP = 1 << 20


def write_query(
    con: duckdb.DuckDBPyConnection, query: str, path: Path, bindings: dict[str, object] | None = None
) -> int:
    """Write the rows of an ordered query, readable by their owner only; give their number."""
    reader = con.sql(query, params=bindings).to_arrow_reader(ROW_GROUP)
    assert reader is not None
    return write_groups(reader.schema, _groups(reader), path)


def write_table(table: pa.Table, path: Path) -> int:
    """Write the rows of a table as they stand, readable by their owner only; give their number."""
    return write_groups(table.schema, iter([table.combine_chunks()]), path)


def write_groups(schema: pa.Schema, groups: Iterator[pa.Table], path: Path) -> int:
    """Write row groups of a schema, readable by their owner only; give the number of their rows."""
    schema = schema.remove_metadata()
    count = 0
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with (
        os.fdopen(handle, "wb") as file,
        pq.ParquetWriter(
            file,
            schema,
            version="2.6",
            compression="zstd",
            compression_level=3,
            coerce_timestamps="us",
            # A file's minimum and maximum of a text would be two values outside their pages.
            write_statistics=[
                f.name for f in schema if not (pa.types.is_string(f.type) or pa.types.is_dictionary(f.type))
            ],
            store_schema=False,
        ) as writer,
    ):
        for group in groups:
            writer.write_table(group.replace_schema_metadata(None), row_group_size=ROW_GROUP)
            count += group.num_rows
    return count


def _groups(reader: pa.RecordBatchReader) -> Iterator[pa.Table]:
    """Cut the batches anew into whole row groups: where an engine ends a batch would move the pages."""
    held: list[pa.RecordBatch] = []
    rows = 0
    for arrived in reader:
        batch = arrived
        while rows + batch.num_rows >= ROW_GROUP:
            part = batch.slice(0, ROW_GROUP - rows)
            yield pa.Table.from_batches([*held, part]).combine_chunks()
            batch, held, rows = batch.slice(part.num_rows), [], 0
        if batch.num_rows:
            held.append(batch)
            rows += batch.num_rows
    if held:
        yield pa.Table.from_batches(held).combine_chunks()
