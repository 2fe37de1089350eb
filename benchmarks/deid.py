"""De-identification: what each step costs beside the floor of the same rows, measured in one run.

python -m benchmarks.deid [--rows 2000000] [--full] [--json]

The search for the best levels of a flat table is measured on 30,162 synthetic rows of the shape of the UCI adult data
(nine quasi-identifiers, 12,960 combinations of levels), and on 200,000; with --full on 1.19 and 10 million.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import yaml

from deid.apply import deidentify
from deid.dates import choices, offsets
from deid.keys import KeyStore
from deid.permutation import permute, random_words
from deid.policy import compose, programme
from deid.table import risk, run

PEOPLE = 2000
# Values of each quasi-identifier, and how many of them each higher level joins; above stands one group of all.
ADULT: dict[str, tuple[int, ...]] = {
    "sex": (2,),
    "age": (74, 5, 10, 20),
    "race": (5,),
    "marital-status": (7, 4),
    "education": (16, 4, 8),
    "native-country": (41, 10),
    "workclass": (8, 4),
    "occupation": (14, 5),
    "salary-class": (2,),
}


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
    cpu = seconds(lambda: offsets(key, ids, choices(365)))
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
                folder / "out", folder / "private", folder,
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
        "concepts": "SELECT 3000963::BIGINT AS concept_id, 'LOINC' AS vocabulary_id, '718-7' AS concept_code",
        "ancestors": "SELECT 3000963::BIGINT AS ancestor_concept_id, 3000963::BIGINT AS descendant_concept_id, "
        "0::BIGINT AS min_levels_of_separation",
        "draw": "SELECT i + 1 AS person_id, CASE WHEN i % 2 = 0 THEN 'case' ELSE 'control' END AS role, "
        f"DATE '2018-06-01' AS index_date, i // 2 AS set_id, CAST(1 AS DOUBLE) AS weight FROM range({PEOPLE}) t(i)",
    }.items():
        con.execute(f"COPY ({query}) TO '{folder / table}.parquet'")


def tables(sizes: tuple[int, ...]) -> dict[str, dict[str, float]]:
    """The best levels of flat tables, none or 5 % left out, and their risk, against a bare count of equal rows."""
    found = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for rows in sizes:
            _adult(folder, rows)
            floor = apart(_count_equal, folder / "in.parquet")["cpu_s"]
            for limit in (0.0, 0.05):
                _ask(folder, limit)
                spent = apart(run, folder / "in.parquet", folder / "spec.yaml", folder / "out", folder / "report")
                report = json.loads((folder / "report").read_text())
                found[f"table {rows:,} {limit:.0%}"] = {
                    "distinct": report["risk"]["before"]["classes"],
                    "checked": report["nodes"]["checked"],
                    "search_cpu_s": report["seconds"]["search_cpu"],
                    **_against(spent, floor),
                }
            found[f"risk {rows:,}"] = _against(apart(risk, folder / "in.parquet", list(ADULT)), floor)
    return found


def _against(spent: dict[str, float], floor: float) -> dict[str, float]:
    return {**spent, "floor_cpu_s": floor, "ratio": spent["cpu_s"] / floor}


def _count_equal(path: Path) -> None:
    pl.scan_parquet(path).group_by(pl.all()).len().collect(engine="streaming")


def apart(work: Callable[..., object], *given: object) -> dict[str, float]:
    """CPU seconds of one call in a process of its own, and the most memory that the process ever had (MB), imports and all."""
    with multiprocessing.get_context("spawn").Pool(1) as worker:
        return worker.apply(_measured, (work, *given))


def _measured(work: Callable[..., object], *given: object) -> dict[str, float]:
    cpu = seconds(lambda: work(*given))
    return {"cpu_s": cpu, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}


def _adult(folder: Path, rows: int) -> None:
    """Write in.parquet, all text, and each column's hierarchy; two thirds of 10 million rows are distinct."""
    random = np.random.default_rng(7)
    columns = {}
    for name, (values, *joined) in ADULT.items():
        share = random.permutation(1 / np.arange(1, values + 1) ** 1.1)
        columns[name] = random.choice(values, rows, p=share / share.sum()).astype(np.uint8)
        lines = [";".join([str(v), *(f"{width}: {v // width}" for width in joined), "*"]) for v in range(values)]
        (folder / f"{name}.csv").write_text("\n".join(lines))
    pl.LazyFrame(columns).with_columns(pl.all().cast(pl.String)).sink_parquet(folder / "in.parquet")


def _ask(folder: Path, limit: float) -> None:
    quasi = {name: {"hierarchy": f"{name}.csv"} for name in ADULT}
    spec = {"quasi_identifiers": quasi, "k": 5, "suppression_limit": limit, "metric": "loss-am"}
    (folder / "spec.yaml").write_text(yaml.safe_dump(spec, sort_keys=False))


def main() -> None:
    """Run all of it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    flat = tables((30_162, 1_190_000, 10_000_000) if asked.full else (30_162, 200_000))
    measured = {**flat, **{work.__name__: work(asked.rows) for work in (pseudonyms, shift, whole)}}
    found: dict[str, object] = {
        work: {name: round(value, 3) for name, value in figures.items()} for work, figures in measured.items()
    }
    found["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    if asked.json:
        print(json.dumps(found))
        return
    for name, figures in found.items():
        print(f"{name:22} {figures}")


if __name__ == "__main__":
    main()
