"""NumPy arrays as Arrow columns and back, without a copy.

Arrow's own conversions import pandas when it is installed, which costs half a second and 40 MB that a draw can do without.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

ROWS_AT_ONCE = 122_880
ROLES = ("case", "control")
_WIDE: dict[pa.DataType, type[np.int64 | np.int32 | np.float64]] = {
    pa.int64(): np.int64,
    pa.int32(): np.int32,
    pa.date32(): np.int32,
    pa.float64(): np.float64,
}


def column(values: npt.NDArray[Any], kind: pa.DataType) -> pa.Array[Any]:
    """Show a NumPy array as an Arrow column of a type of the same width, without nulls."""
    values = np.ascontiguousarray(values)
    return pa.Array.from_buffers(kind, len(values), [None, _buffer(values)])


def _buffer(values: npt.NDArray[Any]) -> pa.Buffer:
    return pa.py_buffer(values.data.cast("B") if values.size else b"")


def role_column(is_control: npt.NDArray[Any]) -> pa.Array[Any]:
    """Make a text column of roles from flags."""
    ends = np.cumsum([0, *map(len, ROLES)]).astype(np.int32)
    words = pa.Array.from_buffers(pa.string(), 2, [None, _buffer(ends), pa.py_buffer("".join(ROLES).encode())])
    return pa.DictionaryArray.from_arrays(column(is_control.astype(np.int8), pa.int8()), words).dictionary_decode()


def people_table(person: npt.NDArray[np.int64]) -> pa.Table:
    """Make the one column `person_id` of a `Need`."""
    return pa.Table.from_arrays([column(person, pa.int64())], names=["person_id"])


def batches(con: duckdb.DuckDBPyConnection, query: str) -> Iterator[tuple[npt.NDArray[Any], ...]]:
    """Run a query whose columns are numbers or dates, without nulls; yield its rows as arrays, in parts, in no promised order.

    A date is the days since 1970.
    """
    for batch in con.sql(query).to_arrow_reader(ROWS_AT_ONCE):
        yield tuple(_array(c) for c in batch.columns)


def _array(given: pa.Array[Any]) -> npt.NDArray[Any]:
    wide, buffer = _WIDE[given.type], given.buffers()[1]
    if not len(given):
        return np.empty(0, wide)
    if given.null_count or buffer is None:
        raise TypeError("a column of numbers without nulls is expected")
    found: npt.NDArray[Any] = np.frombuffer(
        memoryview(buffer), wide, len(given), given.offset * np.dtype(wide).itemsize
    )
    return found
