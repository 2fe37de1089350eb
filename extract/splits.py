"""Which people train, tune and hold out: parts that never divide a matched set."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from extract.sql import figures, quote
from extract.tables import COHORT
from extract.writer import write_parquet

SPLITS = ("train", "tuning", "held_out")
SHARES = (0.8, 0.1, 0.1)
BY_SET = "by_matched_set"
BY_SITE = "leave_one_site_out"


def write_splits(con: duckdb.DuckDBPyConnection, out: Path) -> None:
    """Write splits/by_matched_set.parquet (subject_id, split) and leave_one_site_out.parquet (subject_id, fold).

    Reads table cohort of `con`, leaves table split_of (subject_id, split) there. A temporal split is not made: dates
    are shifted by person, so their order says nothing.
    """
    out.mkdir(parents=True, exist_ok=True)
    split = by_matched_set(con)
    con.register("made", split)
    con.execute("CREATE OR REPLACE TEMP TABLE split_of AS SELECT subject_id, split FROM made")
    con.unregister("made")
    write_parquet(split, out / f"{BY_SET}.parquet")
    sites = con.sql(
        f"SELECT DISTINCT subject_id, site_id AS fold FROM {quote(COHORT)} ORDER BY subject_id, fold"
    ).to_arrow_table()
    assert isinstance(sites, pa.Table)
    write_parquet(sites, out / f"{BY_SITE}.parquet")


def by_matched_set(con: duckdb.DuckDBPyConnection) -> pa.Table:
    """Give (subject_id, split) by subject_id: 80 / 10 / 10 per cent of the people.

    Sets that share a person (somebody drawn as a control twice) stay together. The order in which they are dealt out
    is a hash of the smallest subject_id in them, so that neither file order nor time decides.
    """
    (rows,) = figures(con, f"SELECT count(*) FROM {quote(COHORT)}")
    if not rows:
        return pa.table({"subject_id": pa.array([], pa.int64()), "split": pa.array([], pa.string())})
    found = con.execute(
        f"SELECT CAST(subject_id AS BIGINT) AS subject_id, coalesce(CAST(set_id AS VARCHAR), 'alone ' || subject_id) AS s "
        f"FROM {quote(COHORT)} ORDER BY 1, 2"
    ).fetchnumpy()
    subjects, person = np.unique(np.asarray(found["subject_id"], dtype=np.int64), return_inverse=True)
    sets, group = np.unique(np.asarray(found["s"], dtype=str), return_inverse=True)
    size = len(subjects) + len(sets)
    graph = coo_array((np.ones(rows, dtype=np.int8), (person, len(subjects) + group)), shape=(size, size))
    _, label = connected_components(graph, directed=False)
    component = label[: len(subjects)]
    first = np.full(component.max() + 1, -1, dtype=np.int64)
    first[component[::-1]] = subjects[::-1]  # the smallest, as the last one written
    order = np.argsort(splitmix64(first), kind="stable")
    people = np.bincount(component, minlength=len(first))
    before = np.empty(len(first), dtype=np.int64)
    before[order] = np.cumsum(people[order]) - people[order]
    edges = np.cumsum(SHARES)[:-1] * len(subjects)
    part = np.searchsorted(edges, before, side="right")
    return pa.table(
        {"subject_id": pa.array(subjects), "split": pa.array(np.array(SPLITS)[part[component]].tolist(), pa.string())}
    )


def splitmix64(values: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Hash by SplitMix64 (Steele, Lea, Flood 2014), which no library release can change under us."""
    with np.errstate(over="ignore"):
        mixed = values.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(mixed ^ (mixed >> np.uint64(31)), dtype=np.uint64)
