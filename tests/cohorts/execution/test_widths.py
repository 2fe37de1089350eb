"""Numbers are as wide as the columns they are compared with, and none that a column can hold is lost."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from cdm.engine import connect
from cohorts.execution.widths import Widths

IDS = np.array([-(2**31) - 1, -(2**31), 0, 7, 2**31 - 1, 2**31], np.int64)
HELD = IDS[1:-1]


def fitted(*columns: str) -> npt.NDArray[np.integer]:
    """The ids for columns of a table that has one of each type."""
    with connect() as con:
        con.execute("CREATE SCHEMA cdm")
        con.execute("CREATE TABLE cdm.event (narrow INTEGER, wide BIGINT, short SMALLINT, text VARCHAR)")
        con.execute("CREATE VIEW cdm.shown AS SELECT narrow, wide FROM cdm.event")
        return Widths(con).fit(IDS, [(table, name) for table, _, name in (one.partition(".") for one in columns)])


@pytest.mark.parametrize("columns", [["event.narrow"], ["shown.narrow"], ["event.narrow", "shown.narrow"]])
def test_a_column_of_32_bits_is_asked_for_what_it_can_hold(columns: list[str]) -> None:
    found = fitted(*columns)
    assert found.dtype == np.int32
    assert found.tolist() == HELD.tolist()


@pytest.mark.parametrize(
    "columns", [[], ["event.wide"], ["shown.wide"], ["event.short"], ["event.text"], ["event.narrow", "event.wide"]]
)
def test_any_other_column_is_asked_for_all(columns: list[str]) -> None:
    found = fitted(*columns)
    assert found.dtype == np.int64
    assert found.tolist() == IDS.tolist()
