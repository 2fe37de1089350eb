"""Arrow columns as NumPy arrays and back, without what Arrow's own conversions import."""

from __future__ import annotations

import subprocess
import sys

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from cdm import arrays

ROWS = """
SELECT i::BIGINT AS whole, (i - 3)::SMALLINT AS small, i / 2.0::DOUBLE AS fraction, i % 2 = 0 AS flag,
    DATE '1970-01-01' + i::INTEGER AS day, TIMESTAMP '1970-01-01' + to_seconds(i) AS moment, 'x' || i AS text,
    CASE WHEN i % 3 > 0 THEN i::INTEGER END AS gap
FROM range(11) t(i)
"""


@pytest.fixture(scope="module")
def rows() -> pa.Table:
    found = duckdb.sql(ROWS).to_arrow_table()
    assert isinstance(found, pa.Table)
    return found


def test_numbers_flags_and_dates_are_shown_as_they_are_stored(rows):
    i = np.arange(11)
    expected = {"whole": i, "small": i - 3, "fraction": i / 2, "flag": i % 2 == 0, "day": i, "moment": i * 1_000_000}
    for name, values in expected.items():
        assert arrays.values(rows[name]).tolist() == values.tolist(), name


def test_a_part_of_a_column_is_that_part(rows):
    for name in ("whole", "flag", "day"):
        part = rows[name].combine_chunks().slice(3, 7)
        assert arrays.values(part).tolist() == arrays.values(rows[name]).tolist()[3:10]
    gap = rows["gap"].combine_chunks().slice(2, 5)
    assert arrays.known(gap).tolist() == [True, False, True, True, False]
    assert arrays.filled(gap, -1).tolist() == [2, -1, 4, 5, -1]


def test_a_column_with_nulls_or_of_texts_is_refused(rows):
    with pytest.raises(TypeError, match="without NULLs"):
        arrays.values(rows["gap"])
    with pytest.raises(TypeError, match="numbers, flags or dates"):
        arrays.values(rows["text"])


def test_columns_come_back_as_they_were(rows):
    made = arrays.table({"whole": np.arange(11), "flag": np.arange(11) % 2 == 0})
    assert made.equals(rows.select(["whole", "flag"]).combine_chunks())
    assert arrays.numbers(np.arange(11, dtype=np.int32), pa.date32()).equals(rows["day"].combine_chunks())
    assert arrays.texts(["a", "", "나루"]).to_pylist() == ["a", "", "나루"]
    assert arrays.repeated("나루", 2).to_pylist() == ["나루", "나루"]
    assert arrays.repeated(7, 2).to_pylist() == [7, 7]


@pytest.mark.parametrize("empty", [pa.chunked_array([], pa.int64()), pa.chunked_array([], pa.bool_())])
def test_nothing_is_an_empty_array(empty):
    assert arrays.values(empty).tolist() == []


def test_neither_pandas_nor_arrows_functions_are_imported():
    """They take a second of CPU at the first conversion, in every command."""
    code = (
        "import sys, numpy as np, pyarrow as pa; from cdm import arrays as a; n = np.arange(3)\n"
        "a.values(a.numbers(n)); a.known(a.flags(n > 1)); a.table({'n': n}); a.texts(['x']); a.repeated('x', 2)\n"
        "a.filled(pa.chunked_array([a.numbers(n)]), 0)\n"
        "print(*sorted({'pandas', 'pyarrow.compute'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == ""
