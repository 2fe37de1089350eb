"""The same rows are the same bytes."""

from __future__ import annotations

import datetime as dt
import hashlib
from itertools import pairwise
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extract import writer
from extract.writer import write_parquet

MIXED = pa.table(
    {
        "person_id": pa.array([1, 2, None], pa.int64()),
        "measurement_concept_id": pa.array([3, 3, 4], pa.int32()),
        "measurement_date": pa.array([dt.date(2020, 1, 1), None, dt.date(1900, 2, 28)]),
        "measurement_datetime": pa.array([1_577_880_000_000_001, None, None], pa.timestamp("us")),
        "value_as_number": pa.array([1.5, None, float("nan")]),
        "value_as_string": pa.array(["", None, "한글"]),
    }
)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    written = write_parquet(MIXED, tmp_path / "t.parquet")
    assert written.rows == 3
    assert written.schema[2] == ("measurement_date", "date32[day]")
    assert str(pq.read_table(tmp_path / "t.parquet").to_pydict()) == str(MIXED.to_pydict())


@settings(max_examples=25, derandomize=True, deadline=None)
@given(st.lists(st.integers(0, 700), max_size=12))
def test_how_the_rows_are_cut_into_batches_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("cuts")
    table = pa.table({"person_id": pa.array(range(700), pa.int64()), "sig": [str(n % 7) for n in range(700)]})
    edges = sorted({0, 700, *cuts})
    batches = [b for a, z in pairwise(edges) for b in table.slice(a, z - a).to_batches()]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer, "ROW_GROUP", 256)
        write_parquet(table, folder / "whole.parquet")
        write_parquet(pa.RecordBatchReader.from_batches(table.schema, batches), folder / "cut.parquet")
    assert digest(folder / "whole.parquet") == digest(folder / "cut.parquet")
    meta = pq.read_metadata(folder / "cut.parquet")
    assert [meta.row_group(n).num_rows for n in range(meta.num_row_groups)] == [256, 256, 188]


def test_nothing_but_the_columns_is_written(tmp_path: Path) -> None:
    marked = MIXED.replace_schema_metadata({"pandas": "{}", "source": "hospital"})
    write_parquet(marked, tmp_path / "marked.parquet")
    write_parquet(MIXED, tmp_path / "plain.parquet")
    assert digest(tmp_path / "marked.parquet") == digest(tmp_path / "plain.parquet")
    assert pq.read_metadata(tmp_path / "plain.parquet").metadata is None


def test_text_has_no_statistics_and_numbers_have(tmp_path: Path) -> None:
    write_parquet(MIXED, tmp_path / "t.parquet")
    group = pq.read_metadata(tmp_path / "t.parquet").row_group(0)
    with_minimum = {
        group.column(n).path_in_schema
        for n in range(group.num_columns)
        if group.column(n).is_stats_set and group.column(n).statistics.has_min_max
    }
    assert "person_id" in with_minimum
    assert "value_as_string" not in with_minimum


def test_a_table_without_rows_keeps_its_columns(tmp_path: Path) -> None:
    assert write_parquet(MIXED.slice(0, 0), tmp_path / "t.parquet").rows == 0
    assert pl.read_parquet(tmp_path / "t.parquet").columns == MIXED.column_names
    assert duckdb.read_parquet(str(tmp_path / "t.parquet")).columns == MIXED.column_names


def test_texts_that_come_as_numbers_of_a_list_are_texts_to_whoever_reads(tmp_path: Path) -> None:
    listed = pa.DictionaryArray.from_arrays(pa.array([2, None, 0, 2], pa.int32()), pa.array(["맥박", "unused", "b"]))
    told = pa.array(["b", None, "맥박", "b"])
    written = write_parquet(pa.table({"code": listed}), tmp_path / "t.parquet", arrow_schema=True)
    assert written.schema == (("code", "string"),)
    assert pq.read_schema(tmp_path / "t.parquet").field("code").type == pa.string()
    assert pq.read_table(tmp_path / "t.parquet")["code"].to_pylist() == told.to_pylist()
    assert pl.read_parquet(tmp_path / "t.parquet")["code"].to_list() == told.to_pylist()
    assert b"unused" not in (tmp_path / "t.parquet").read_bytes()
