"""A column as numbers: the same texts and places, however its file holds them."""

from __future__ import annotations

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdm.errors import BadInput
from deid.table.coded import coded
from deid.table.scan import scan

TEXTS = st.lists(st.one_of(st.none(), st.sampled_from(["", "a", "b", "가", "é", "a\x00", "10", "9"])), min_size=1)


def read(path):
    found = coded(scan(path, ["v"]), path, "v")
    return found.values, [found.values[code] for code in found.codes.to_list()]


def expected(texts):
    told = ["" if text is None else text for text in texts]
    return tuple(sorted(set(told), key=str.encode)), told


@settings(deadline=None, max_examples=60)
@given(TEXTS, st.sampled_from(["plain", "numbered", "small groups"]))
def test_texts_are_numbered_in_their_order_whatever_the_file_does(tmp_path_factory, texts, how):
    path = tmp_path_factory.mktemp("t") / "in.parquet"
    table = pa.table({"v": pa.array(texts, pa.string())})
    size = 2 if how == "small groups" else None
    pq.write_table(table, path, use_dictionary=how != "plain", row_group_size=size)
    assert read(path) == expected(texts)


def test_a_text_that_the_file_numbers_and_no_row_has_is_no_value(tmp_path):
    path = tmp_path / "in.parquet"
    column = pa.DictionaryArray.from_arrays(pa.array([2, 0, None], pa.int32()), pa.array(["x", "never", "a"]))
    pq.write_table(pa.table({"v": column}), path)
    assert read(path) == (("", "a", "x"), ["a", "x", ""])


@pytest.mark.parametrize("kind", [pl.Int64, pl.Float64, pl.String])
def test_numbers_are_texts_too(tmp_path, kind):
    path = tmp_path / "in.parquet"
    pl.DataFrame({"v": [39, 10, None]}).cast({"v": kind}).write_parquet(path)
    assert read(path) == (("", "10", "39"), ["39", "10", ""])


def test_places_among_known_texts_are_null_for_another(tmp_path):
    path = tmp_path / "in.parquet"
    pl.DataFrame({"v": ["b", "c", "a"]}).write_parquet(path)
    found = coded(scan(path, ["v"]), path, "v")
    assert found.among(("c", "b")).to_list() == [1, 0, None]


def test_a_column_cut_in_the_middle_is_refused_without_a_word_of_it(tmp_path):
    path = tmp_path / "in.parquet"
    pq.write_table(pa.table({"v": ["canary 1", "canary 2"] * 5000}), path, compression="none", use_dictionary=False)
    whole = path.read_bytes()
    at = whole.index(b"canary 1")
    path.write_bytes(whole[:4] + bytes([255]) * (at - 4) + whole[at:])
    with pytest.raises(BadInput, match="cannot be read") as refused:
        read(path)
    assert "canary" not in str(refused.value)
