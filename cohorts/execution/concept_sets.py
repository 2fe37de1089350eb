"""The members of the plan's concept sets."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import numpy as np
import pyarrow as pa

from cohorts.columns.keys import Whole
from cohorts.execution.arrow import ask, whole
from cohorts.plan.nodes import SetItem
from cohorts.sql import vocabulary


def resolve(con: duckdb.DuckDBPyConnection, sets: Sequence[tuple[SetItem, ...]]) -> list[Whole]:
    """The concept ids of each set, ascending, by the vocabulary in schema `cdm`."""
    items = [(number, item) for number, one in enumerate(sets) for item in one]
    if not items:
        return [np.empty(0, np.int64) for _ in sets]
    con.register(
        "set_item",
        pa.table(
            {
                "set_id": pa.array([number for number, _ in items], pa.int32()),
                "concept_id": pa.array([item.concept for _, item in items], pa.int64()),
                "excluded": pa.array([item.excluded for _, item in items]),
                "descendants": pa.array([item.descendants for _, item in items]),
                "mapped": pa.array([item.mapped for _, item in items]),
            }
        ),
    )
    sql = vocabulary.members(
        descendants=any(item.descendants for _, item in items), mapped=any(item.mapped for _, item in items)
    )
    found = ask(con, sql)
    con.unregister("set_item")
    set_id, concept = whole(found["set_id"]), whole(found["concept_id"])
    bounds = np.searchsorted(set_id, np.arange(len(sets) + 1))
    return [concept[low:high] for low, high in zip(bounds[:-1], bounds[1:], strict=True)]
