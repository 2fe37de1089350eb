"""The Parquet writer of all that leaves: the same rows give the same bytes on any machine and thread count.

Sizes, encodings and compression are fixed here, and none is left to a library's default that may change.
The batches that an engine happens to deliver are cut anew into whole row groups, since chunk borders move
page borders. Nothing but the columns is written: no pandas or Arrow metadata, no source, no time. Text
columns carry no statistics, because a minimum and a maximum are two verbatim values outside the column's
own pages.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cdm.arrays import flags, numbers

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


def write_parquet(
    rows: pa.Table | pa.RecordBatchReader, path: Path, *, arrow_schema: bool = False, runs: Collection[str] = ()
) -> Written:
    """Write sorted rows to `path`.

    Texts that arrive as numbers of a dictionary go to the file so, and are texts for whoever reads it.
    arrow_schema: also keep the Arrow types (large_string ...), where a format asks for them.
    runs: columns whose values often follow themselves, which zstd makes smaller than differences do.
    """
    schema = rows.schema.remove_metadata()
    plain = pa.schema([(field.name, _value_type(field.type)) for field in schema])
    size = TEXT_ROW_GROUP if any(name in LONG_TEXT for name in schema.names) else ROW_GROUP
    batches = rows.to_batches() if isinstance(rows, pa.Table) else rows
    count = 0
    with _open(path, schema, plain, runs) as writer:
        for group in _groups(batches, schema, size):
            writer.write_table(group, row_group_size=size)
            count += group.num_rows
        if arrow_schema:  # as store_schema would, but of texts
            writer.add_key_value_metadata({"ARROW:schema": base64.b64encode(plain.serialize()).decode()})
    return Written(count, tuple((field.name, str(field.type)) for field in plain))


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
    same = table.schema.equals(schema)  # a cast to the same types imports Arrow's compute functions, 0.3 CPU seconds
    whole = (table if same else table.cast(schema)).combine_chunks()
    for number, field in enumerate(schema):
        if pa.types.is_dictionary(field.type):
            whole = whole.set_column(
                number, field, _only_used(cast("pa.DictionaryArray[Any, Any]", whole.column(number).chunk(0)))
            )
    return whole


def _only_used(column: pa.DictionaryArray[Any, Any]) -> pa.DictionaryArray[Any, Any]:
    """Give the column with a dictionary of the texts that occur: others would be written, too. The texts are distinct."""
    indices = column.indices
    known = indices.drop_null() if indices.null_count else indices
    seen = np.zeros(len(column.dictionary), np.bool_)
    seen[np.from_dlpack(known)] = True
    if seen.all():
        return column
    place = numbers(np.cumsum(seen, dtype=np.int32) - np.int32(1))
    return pa.DictionaryArray.from_arrays(place.take(indices), column.dictionary.filter(flags(seen)))


def _value_type(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if isinstance(kind, pa.DictionaryType) else kind


def _open(path: Path, schema: pa.Schema, plain: pa.Schema, runs: Collection[str]) -> pq.ParquetWriter:
    numbers = [field.name for field in plain if _counts_up(field.name, field.type)]
    delta = [name for name in numbers if name not in runs]
    text = [field.name for field in plain if _is_text(field.type)]
    return pq.ParquetWriter(
        path,
        schema,
        version="2.6",
        data_page_version="1.0",
        compression="zstd",
        compression_level=ZSTD_LEVEL,
        data_page_size=PAGE_BYTES,
        write_batch_size=1024,
        use_dictionary=[name for name in schema.names if name not in numbers],  # type: ignore[arg-type]  # stubs: bool
        column_encoding=dict.fromkeys(delta, "DELTA_BINARY_PACKED"),
        write_statistics=[field.name for field in schema if field.name not in text],
        store_schema=False,
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
