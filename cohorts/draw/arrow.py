"""People and roles as Arrow columns, and the answers of queries as arrays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cdm.arrays import numbers, values

ROWS_AT_ONCE = 122_880
ROLES = ("case", "control")
LONGEST = max(map(len, ROLES))


def role_column(is_control: npt.NDArray[Any]) -> pa.Array[Any]:
    """Make a text column of roles from flags."""
    spelled = np.array([list(role.encode().ljust(LONGEST, b"\0")) for role in ROLES], np.uint8)
    letters = spelled[is_control.astype(np.intp)]  # a row of letters for each person, 0 where the word is shorter
    ends = np.cumsum(np.append(0, (letters > 0).sum(axis=1)), dtype=np.int32)
    stored = [pa.py_buffer(part.tobytes()) for part in (ends, letters[letters > 0])]
    return pa.StringArray.from_buffers(len(is_control), stored[0], stored[1])


def people_table(person: npt.NDArray[np.int64]) -> pa.Table:
    """Make the one column `person_id` of a `Need`."""
    return pa.Table.from_arrays([numbers(person)], names=["person_id"])


def batches(con: duckdb.DuckDBPyConnection, query: str) -> Iterator[tuple[npt.NDArray[Any], ...]]:
    """Run a query whose columns are numbers or dates, without nulls; yield its rows as arrays, in parts, in no promised order.

    A date is the days since 1970.
    """
    for batch in con.sql(query).to_arrow_reader(ROWS_AT_ONCE):
        yield tuple(values(c) for c in batch.columns)
