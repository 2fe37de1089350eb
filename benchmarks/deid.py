"""De-identification: what each step costs beside the floor of the same rows, measured in one run.

python -m benchmarks.deid [--rows 2000000] [--json]
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np

from deid.apply import deidentify
from deid.dates import offsets
from deid.keys import KeyStore
from deid.permutation import permute, random_words
from deid.policy import compose, programme

PEOPLE = 2000


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    start = time.process_time()
    work()
    return time.process_time() - start


def pseudonyms(rows: int) -> dict[str, float]:
    """Ten rounds against one pass of AES over the same ids."""
    ids, key = np.arange(1, rows + 1, dtype=np.int64), bytes(32)
    floor = seconds(lambda: random_words(key, ids.view(np.uint64)))
    cpu = seconds(lambda: permute(key, ids))
    return {"rows": rows, "cpu_s": cpu, "floor_cpu_s": floor, "ratio": cpu / floor}


def shift(rows: int) -> dict[str, float]:
    """Offsets of that many people against one pass of AES over their ids."""
    ids, key = np.arange(1, rows + 1, dtype=np.int64), bytes(32)
    floor = seconds(lambda: random_words(key, ids.view(np.uint64)))
    cpu = seconds(lambda: offsets(key, ids, 365, keep_weekday=False))
    return {"rows": rows, "cpu_s": cpu, "floor_cpu_s": floor, "ratio": cpu / floor}


def whole(rows: int) -> dict[str, float]:
    """The whole stage over measurements and visits against a sorted copy of the same files."""
    with tempfile.TemporaryDirectory() as name, duckdb.connect() as con:
        folder = Path(name)
        for part in ("raw", "out", "private", "copy"):
            (folder / part).mkdir()
        _write(con, folder, rows)
        keys = KeyStore(folder / "keys", seed=bytes(32)).grant("bench")

        def copy() -> None:
            for path in sorted((folder / "raw").iterdir()):
                con.execute(
                    f"COPY (SELECT * FROM '{path}' ORDER BY ALL) TO '{folder / 'copy' / path.name}' (COMPRESSION zstd)"
                )

        def work() -> None:
            deidentify(
                folder / "raw", folder / "draw.parquet", compose(programme()), keys, "bench", "5.4",
                folder / "out", folder / "private",
            )  # fmt: skip

        floor, cpu = seconds(copy), seconds(work)
    return {"rows": rows, "cpu_s": cpu, "floor_cpu_s": floor, "ratio": cpu / floor}


def _write(con: duckdb.DuckDBPyConnection, folder: Path, rows: int) -> None:
    visits = max(rows // 20, 1)
    for table, query in {
        "raw/person": "SELECT i + 1 AS person_id, 8507 + 25 * (i % 2) AS gender_concept_id, "
        f"1940 + (i * 7) % 60 AS year_of_birth FROM range({PEOPLE}) t(i)",
        "raw/visit_occurrence": f"SELECT i + 1 AS visit_occurrence_id, 1 + i % {PEOPLE} AS person_id, "
        "DATE '2015-01-01' + CAST(i % 1500 AS INTEGER) AS visit_start_date, 'ward' AS visit_source_value "
        f"FROM range({visits}) t(i)",
        "raw/measurement": f"SELECT i + 1 AS measurement_id, 1 + i % {PEOPLE} AS person_id, "
        "DATE '2015-01-01' + CAST(i % 1500 AS INTEGER) AS measurement_date, "
        "TIMESTAMP '2015-01-01 08:00:00' + to_minutes(CAST(i % 99991 AS INTEGER)) AS measurement_datetime, "
        f"CAST(i % 997 AS DOUBLE) AS value_as_number, 1 + i % {visits} AS visit_occurrence_id, "
        f"'text' AS measurement_source_value FROM range({rows}) t(i)",
        "draw": "SELECT i + 1 AS person_id, CASE WHEN i % 2 = 0 THEN 'case' ELSE 'control' END AS role, "
        f"DATE '2018-06-01' AS index_date, i // 2 AS set_id, CAST(1 AS DOUBLE) AS weight FROM range({PEOPLE}) t(i)",
    }.items():
        con.execute(f"COPY ({query}) TO '{folder / table}.parquet'")


def main() -> None:
    """Run all of it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    found: dict[str, object] = {
        work.__name__: {name: round(value, 3) for name, value in work(asked.rows).items()}
        for work in (pseudonyms, shift, whole)
    }
    found["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    if asked.json:
        print(json.dumps(found))
        return
    for name, figures in found.items():
        print(f"{name:12} {figures}")


if __name__ == "__main__":
    main()
