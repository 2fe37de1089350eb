"""The Parquet writer of all that leaves: the same rows give the same bytes on any machine and thread count.

Sizes, encodings and compression are fixed here, and none is left to a library's default that may change.
The batches that an engine happens to deliver are cut anew into whole row groups, since chunk borders move
page borders. Nothing but the columns is written: no pandas or Arrow metadata, no source, no time. Text
columns carry no statistics, because a minimum and a maximum are two verbatim values outside the column's
own pages.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROW_GROUP = 1 << 20
TEXT_ROW_GROUP = 1 << 16
PAGE_BYTES = 1 << 20
ZSTD_LEVEL = 3
LONG_TEXT = ("note_text", "snippet", "value_as_string")


@dataclass(frozen=True)
class Written:
    """What was written: number of rows, and (name, Arrow type) of the columns in order."""

    rows: int
    schema: tuple[tuple[str, str], ...]


def write_parquet(rows: pa.Table | pa.RecordBatchReader, path: Path, *, arrow_schema: bool = False) -> Written:
    """Write sorted rows to `path`.

    arrow_schema: also keep the Arrow types (large_string ...), where a format asks for them.
    """
    schema = rows.schema.remove_metadata()
    size = TEXT_ROW_GROUP if any(name in LONG_TEXT for name in schema.names) else ROW_GROUP
    batches = rows.to_batches() if isinstance(rows, pa.Table) else rows
    count = 0
    with _open(path, schema, arrow_schema=arrow_schema) as writer:
        for group in _groups(batches, schema, size):
            writer.write_table(group, row_group_size=size)
            count += group.num_rows
    return Written(count, tuple((field.name, str(field.type)) for field in schema))


def _groups(
    batches: Iterator[pa.RecordBatch] | list[pa.RecordBatch], schema: pa.Schema, size: int
) -> Iterator[pa.Table]:
    """Give the same rows as tables of exactly `size` rows (the last one fewer), each column one chunk."""
    waiting: list[pa.RecordBatch] = []
    held = 0
    for arrived in batches:
        batch = arrived
        while held + batch.num_rows >= size:
            taken = batch.slice(0, size - held)
            yield _whole([*waiting, taken], schema)
            batch = batch.slice(taken.num_rows)
            waiting, held = [], 0
        if batch.num_rows:
            waiting.append(batch)
            held += batch.num_rows
    if held:
        yield _whole(waiting, schema)


def _whole(batches: list[pa.RecordBatch], schema: pa.Schema) -> pa.Table:
    table = pa.Table.from_batches([batch.replace_schema_metadata(None) for batch in batches])
    return table.cast(schema).combine_chunks()


def _open(path: Path, schema: pa.Schema, *, arrow_schema: bool) -> pq.ParquetWriter:
    delta = [field.name for field in schema if _counts_up(field.name, field.type)]
    text = [field.name for field in schema if _is_text(field.type)]
    return pq.ParquetWriter(
        path,
        schema,
        version="2.6",
        data_page_version="1.0",
        compression="zstd",
        compression_level=ZSTD_LEVEL,
        data_page_size=PAGE_BYTES,
        write_batch_size=1024,
        use_dictionary=[name for name in schema.names if name not in delta],  # type: ignore[arg-type]  # stubs: bool
        column_encoding=dict.fromkeys(delta, "DELTA_BINARY_PACKED"),
        write_statistics=[field.name for field in schema if field.name not in text],
        store_schema=arrow_schema,
        coerce_timestamps="us",
        allow_truncated_timestamps=False,
    )


def _counts_up(name: str, kind: pa.DataType) -> bool:
    """Tell whether neighbours differ little: row keys, person keys, times (not codes, which repeat)."""
    if name.endswith("concept_id"):
        return False
    return (pa.types.is_integer(kind) and name.endswith("_id")) or pa.types.is_timestamp(kind)


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind)
