"""Arrow columns as NumPy arrays and back, over the same memory where that can be.

Arrow's own conversions import pandas wherever it is installed, and its compute functions themselves: a second of CPU and 60 MB
in every command that needs neither.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

_WIDTH: dict[pa.DataType, pa.DataType] = {pa.date32(): pa.int32(), pa.timestamp("us"): pa.int64()}


def values(column: pa.Array[Any] | pa.ChunkedArray[Any]) -> NDArray[Any]:
    """Show numbers, flags or dates as an array: days or microseconds since 1970 of dates.

    Raises TypeError for a column that has NULLs or is of another kind, such as texts.
    """
    if column.null_count:
        raise TypeError("a column without NULLs is expected")
    return _stored(whole(column))


def _stored(one: pa.Array[Any]) -> NDArray[Any]:
    """Show what is stored; what stands for a NULL is anything."""
    if pa.types.is_boolean(one.type):
        return _bits(one.buffers()[1], one.offset, len(one))
    kind = np.dtype(_WIDTH.get(one.type, one.type).to_pandas_dtype())
    if kind.hasobject or (one.type not in _WIDTH and kind.kind not in "iuf"):
        raise TypeError("a column of numbers, flags or dates is expected")
    stored = one.buffers()[1]
    if stored is None:
        return np.zeros(len(one), kind)
    return np.frombuffer(memoryview(stored), kind, len(one), one.offset * kind.itemsize)


def known(column: pa.Array[Any] | pa.ChunkedArray[Any]) -> NDArray[np.bool_]:
    """Flag where a column is not NULL."""
    one = whole(column)
    if not one.null_count:
        return np.ones(len(one), np.bool_)
    return _bits(one.buffers()[0], one.offset, len(one))


def filled(column: pa.Array[Any] | pa.ChunkedArray[Any], value: float) -> NDArray[Any]:
    """Show numbers or dates as an array, with `value` in place of NULL."""
    one = whole(column)
    found = _stored(one)
    return np.where(known(one), found, found.dtype.type(value)) if one.null_count else found


def whole(column: pa.Array[Any] | pa.ChunkedArray[Any]) -> pa.Array[Any]:
    """Put the chunks of a column together."""
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _bits(stored: pa.Buffer | None, start: int, length: int) -> NDArray[np.bool_]:
    if stored is None:
        return np.zeros(length, np.bool_)
    packed = np.frombuffer(memoryview(stored), np.uint8)
    return np.unpackbits(packed, count=start + length, bitorder="little")[start:].view(np.bool_)


def numbers(given: NDArray[Any], kind: pa.DataType | None = None) -> pa.Array[Any]:
    """Show numbers (no NULL) as a column over the same memory, of a type of the same width."""
    stored = np.ascontiguousarray(given)
    return pa.Array.from_buffers(kind or pa.from_numpy_dtype(stored.dtype), len(stored), [None, _memory(stored)])


def table(columns: Mapping[str, NDArray[Any]]) -> pa.Table:
    """Make a table of columns of numbers or flags (no NULL)."""
    made = [flags(one) if one.dtype == np.bool_ else numbers(one) for one in columns.values()]
    return pa.Table.from_arrays(made, names=list(columns))


def flags(given: NDArray[np.bool_]) -> pa.Array[Any]:
    """Make a column of flags (no NULL)."""
    bits = np.packbits(given, bitorder="little")
    return pa.BooleanArray.from_buffers(pa.bool_(), len(given), [None, _memory(bits)])


def texts(given: Sequence[str]) -> pa.StringArray:
    """Make a column of texts (no NULL)."""
    encoded = [value.encode() for value in given]
    offsets = np.cumsum([0, *map(len, encoded)]).astype(np.int32)
    return pa.StringArray.from_buffers(len(encoded), _memory(offsets), pa.py_buffer(b"".join(encoded)))


def repeated(value: int | str, times: int) -> pa.Array[Any]:
    """Make a column that holds one whole number or text so many times."""
    if isinstance(value, int):
        return numbers(np.full(times, value, np.int64))
    encoded = value.encode()
    offsets = np.arange(times + 1, dtype=np.int32) * np.int32(len(encoded))
    return pa.StringArray.from_buffers(times, _memory(offsets), pa.py_buffer(encoded * times))


def _memory(stored: NDArray[Any]) -> pa.Buffer:
    return pa.py_buffer(stored.data.cast("B") if stored.size else b"")
