"""Which people train, tune and hold out: parts that never divide a matched set."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cdm.arrays import numbers, texts
from cdm.errors import BadInput
from extract.sql import quote, without_values
from extract.tables import COHORT
from extract.writer import write_parquet

SPLITS = ("train", "tuning", "held_out")
SHARES = (0.8, 0.1, 0.1)
BY_SET = "by_matched_set"
BY_SITE = "leave_one_site_out"
TEMPORAL = "temporal"


def write_splits(con: duckdb.DuckDBPyConnection, out: Path, index_days: Path | None = None) -> None:
    """Write splits/by_matched_set.parquet (subject_id, split) and leave_one_site_out.parquet (subject_id, fold).

    Reads table cohort of `con`, leaves table split_of (subject_id, split) there. With index_days (subject_id, day: the
    true days, known in the hospital only) also temporal.parquet (subject_id, split): dates in the package are shifted by
    person, so a recipient could not make it. It tells of a person in which of three consecutive times they fall, no more.
    """
    out.mkdir(parents=True, exist_ok=True)
    split = by_matched_set(con)
    con.register("made", split)
    con.execute("CREATE OR REPLACE TEMP TABLE split_of AS SELECT subject_id, split FROM made")
    con.unregister("made")
    write_parquet(split, out / f"{BY_SET}.parquet")
    if index_days is not None:
        write_parquet(temporal(con, index_days), out / f"{TEMPORAL}.parquet")
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
    subjects, component, first = _together(con)
    order = np.argsort(splitmix64(first), kind="stable")
    return _dealt(subjects, component, order)


def temporal(con: duckdb.DuckDBPyConnection, index_days: Path) -> pa.Table:
    """Give (subject_id, split) by subject_id: the earliest 80, the next 10, the latest 10 per cent of the people.

    Sets that share a person stay together and fall where the last of their index days does. Raises BadInput for people
    without a day.
    """
    subjects, component, first = _together(con)
    with without_values("reading the index days"):
        told = con.execute(
            "SELECT CAST(subject_id AS BIGINT) AS s, epoch(max(CAST(day AS TIMESTAMP))) AS d FROM read_parquet($1) GROUP BY s ORDER BY s",
            [str(index_days)],
        ).fetchnumpy()
    known, day = np.asarray(told["s"], np.int64), np.asarray(told["d"], np.float64)
    place = np.searchsorted(known, subjects)
    if len(subjects) and (not len(known) or not np.array_equal(known[np.minimum(place, len(known) - 1)], subjects)):
        raise BadInput(f"{index_days}: lacks the index day of people of the cohort; draw and de-identify again")
    last = np.full(len(first), -np.inf)
    if len(subjects):
        np.maximum.at(last, component, day[place])
    return _dealt(subjects, component, np.lexsort((splitmix64(first), last)))


def _together(con: duckdb.DuckDBPyConnection) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Give the people in order, for each the number of their component, and the smallest subject_id of each component."""
    found = con.execute(
        f"SELECT CAST(subject_id AS BIGINT) AS subject_id, coalesce(CAST(set_id AS VARCHAR), 'alone ' || subject_id) AS s "
        f"FROM {quote(COHORT)} ORDER BY 1, 2"
    ).fetchnumpy()
    subjects, person = np.unique(np.asarray(found["subject_id"], dtype=np.int64), return_inverse=True)
    sets, group = np.unique(np.asarray(found["s"], dtype=str), return_inverse=True)
    component = _components(person, group, len(subjects), len(sets))
    first = np.full(component.max(initial=-1) + 1, -1, dtype=np.int64)
    first[component[::-1]] = subjects[::-1]  # the smallest, as the last one written
    return subjects, component, first


def _components(person: NDArray[np.int64], group: NDArray[np.int64], people: int, sets: int) -> NDArray[np.int64]:
    """Give each person's component: people are bound by the sets that they share, sets by people who are in several."""
    if len(person) == people:  # everybody is in one set, which is the component
        return np.asarray(group, np.int64)
    from scipy.sparse import coo_array  # a third of a second that few draws need
    from scipy.sparse.csgraph import connected_components

    edges = (np.ones(len(person), dtype=np.int8), (person, people + group))
    _, label = connected_components(coo_array(edges, shape=(people + sets, people + sets)), directed=False)
    return np.asarray(label[:people], np.int64)


def _dealt(subjects: NDArray[np.int64], component: NDArray[np.int64], order: NDArray[np.intp]) -> pa.Table:
    """Deal components out in `order`, until each part has its share of the people."""
    people = np.bincount(component, minlength=len(order))
    before = np.empty(len(order), dtype=np.int64)
    before[order] = np.cumsum(people[order]) - people[order]
    edges = np.cumsum(SHARES)[:-1] * len(subjects)
    part = np.searchsorted(edges, before, side="right")
    split = pa.DictionaryArray.from_arrays(numbers(part[component].astype(np.int8)), texts(SPLITS)).dictionary_decode()
    return pa.Table.from_arrays([numbers(subjects), split], names=["subject_id", "split"])


def splitmix64(values: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Hash by SplitMix64 (Steele, Lea, Flood 2014), which no library release can change under us."""
    with np.errstate(over="ignore"):
        mixed = values.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(mixed ^ (mixed >> np.uint64(31)), dtype=np.uint64)
