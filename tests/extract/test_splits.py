"""Parts for training and testing that never divide a matched set."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdm.errors import BadInput
from extract.splits import by_matched_set, splitmix64, temporal

PAIRS = st.lists(st.tuples(st.integers(1, 60), st.none() | st.integers(1, 30)), max_size=80)


def split(pairs: list[tuple[int, int | None]]) -> pl.DataFrame:
    with duckdb.connect() as con:
        con.register(
            "cohort",
            pa.table(
                {
                    "subject_id": pa.array([subject for subject, _ in pairs], pa.int64()),
                    "set_id": pa.array([number for _, number in pairs], pa.int64()),
                }
            ),
        )
        return pl.DataFrame(by_matched_set(con))


def together(pairs: list[tuple[int, int | None]]) -> dict[int, set[int]]:
    """Reference: subject -> all that it hangs together with, by repeated merging."""
    groups: list[set[int]] = []
    for subject, number in pairs:
        mates = {s for s, n in pairs if number is not None and n == number} | {subject}
        touching = [group for group in groups if group & mates]
        groups = [group for group in groups if not group & mates] + [mates.union(*touching)]
    return {subject: group for group in groups for subject in group}


@settings(max_examples=40, derandomize=True, deadline=None)
@given(PAIRS)
def test_people_of_one_set_and_of_sets_that_share_a_person_stay_together(pairs: list[tuple[int, int | None]]) -> None:
    part = dict(split(pairs).rows())
    assert set(part) == {subject for subject, _ in pairs}
    for subject, mates in together(pairs).items():
        assert {part[mate] for mate in mates} == {part[subject]}


@settings(max_examples=15, derandomize=True, deadline=None)
@given(PAIRS, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_decides_nothing(pairs: list[tuple[int, int | None]], random: object) -> None:
    shuffled = list(pairs)
    random.shuffle(shuffled)
    assert split(pairs).equals(split(shuffled))


def test_eight_tenths_train_one_tunes_one_is_held_out() -> None:
    pairs: list[tuple[int, int | None]] = [(7919 * n % 100_003, n // 5) for n in range(5000)]
    counts = Counter(split(pairs)["split"].to_list())
    assert {name: round(count / 5000, 2) for name, count in counts.items()} == {
        "train": 0.8,
        "tuning": 0.1,
        "held_out": 0.1,
    }


def test_the_temporal_split_follows_the_true_days_and_never_divides_a_set(tmp_path: Path) -> None:
    people = 2000
    days = {subject: date(2020, 1, 1) + timedelta(days=subject * 7 % 1500) for subject in range(people)}
    pq.write_table(pa.table({"subject_id": list(days), "day": list(days.values())}), tmp_path / "days.parquet")
    with duckdb.connect() as con:
        con.register("cohort", pa.table({"subject_id": list(days), "set_id": [subject // 2 for subject in days]}))
        part = dict(pl.DataFrame(temporal(con, tmp_path / "days.parquet")).rows())
        latest = {s: max(days[s], days[s ^ 1]) for s in days}
        for before, after in (("train", "tuning"), ("tuning", "held_out")):
            ends = max(latest[s] for s in days if part[s] == before)
            assert ends <= min(latest[s] for s in days if part[s] == after)
        assert all(part[s] == part[s ^ 1] for s in days)
        assert Counter(part.values()) == {"train": 1600, "tuning": 200, "held_out": 200}
        pq.write_table(pa.table({"subject_id": [1], "day": [date(2020, 1, 1)]}), tmp_path / "few.parquet")
        with pytest.raises(BadInput, match="lacks the index day"):
            temporal(con, tmp_path / "few.parquet")


def test_splitmix64_is_the_published_one() -> None:
    # First outputs of the generator seeded with 0, from the authors' C code.
    seeds = np.array([0, 0x9E3779B97F4A7C15], dtype=np.uint64).astype(np.int64)
    assert [int(value) for value in splitmix64(seeds)] == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4]
