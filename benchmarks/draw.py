"""The draw: CPU, memory, pairs against the exact optimum, balance, and a check of every pair by a query of its own.

python -m benchmarks.draw [--people 1000000] [--cases 10000] [--ratio 4] [--design risk_set|exact|caliper] [--json]

The hospital is made for it: few old people and many cases among them, so that controls run short there. The optimum
of a risk-set or exact design comes from another algorithm: earliest-deadline matching of points and intervals.
"""

from __future__ import annotations

import argparse
import heapq
import json
import multiprocessing
import resource
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np

from cdm import open_source
from cohorts.draw.drawing import draw
from cohorts.draw.spec import DrawSpec

PRIOR = 365


def make(folder: Path, people: int, cases: int) -> tuple[Path, Path]:
    """A CDM of persons and observation periods, and its cohort of everyone at risk and about `cases` cases."""
    database, cohort = folder / "hospital.duckdb", folder / "cohort.parquet"
    with duckdb.connect(str(database)) as con:
        con.execute("CREATE SCHEMA cdm")
        rng = np.random.default_rng(1)
        age = np.minimum(rng.exponential(22, people), 94).astype(np.int64)
        start = rng.integers(0, 3000, people)
        con.register(
            "made",
            {
                "born": 2015 - age,
                "first": start,
                "days": rng.integers(400, 3000, people),
                "sex": rng.integers(0, 2, people),
            },
        )
        con.execute(
            """CREATE TABLE cdm.person AS SELECT (row_number() OVER () - 1)::BIGINT AS person_id,
                8507 + 25 * sex AS gender_concept_id, born AS year_of_birth, "first", days FROM made"""
        )
        con.execute(
            """CREATE TABLE cdm.observation_period AS SELECT person_id AS observation_period_id, person_id,
                DATE '2008-01-01' + "first"::INT AS observation_period_start_date,
                DATE '2008-01-01' + ("first" + days)::INT AS observation_period_end_date FROM cdm.person"""
        )
        late = rng.exponential(1, people) / np.where(age >= 85, 12.0, 1.0)
        chosen = np.sort(np.argpartition(late, cases)[:cases])
        con.register("chosen", {"person_id": chosen})
        con.execute(
            f"""COPY (SELECT 'control' AS role, person_id AS subject_id, observation_period_start_date AS cohort_start_date,
                observation_period_end_date AS cohort_end_date FROM cdm.observation_period
            UNION ALL SELECT 'case', person_id, observation_period_start_date + {PRIOR} + (person_id % 35)::INT,
                observation_period_end_date FROM cdm.observation_period JOIN chosen USING (person_id))
            TO '{cohort}' (FORMAT parquet)"""
        )
    return database, cohort


def spec(design: str, cases: int, ratio: int) -> DrawSpec:
    """One of the three designs measured."""
    common = {"cases": cases, "controls": cases * ratio, "prior_observation_days": PRIOR}
    if design == "exact":
        return DrawSpec.model_validate({**common, "index_date": "case", "birth_year_band": 1})
    if design == "risk_set":
        return DrawSpec.model_validate({**common, "design": "risk_set", "birth_year_band": 1})
    return DrawSpec.model_validate(
        {**common, "design": "risk_set", "match": ["sex"], "calipers": [{"on": "birth", "within": 1}]}
    )


def optimum(database: Path, cohort: Path, ratio: int) -> int:
    """The most pairs: per stratum, each case in turn of dates takes those who leave first (Glover 1967)."""
    with duckdb.connect(str(database), read_only=True) as con:
        con.execute(f"CREATE TEMP TABLE member AS FROM '{cohort}'")
        points = con.execute(
            f"""SELECT gender_concept_id * 10000 + year_of_birth AS s, cohort_start_date - DATE '2000-01-01' AS t
            FROM member JOIN cdm.person ON subject_id = person_id JOIN cdm.observation_period USING (person_id)
            WHERE role = 'case' AND cohort_start_date BETWEEN observation_period_start_date + {PRIOR}
                AND observation_period_end_date ORDER BY s, t"""
        ).fetchnumpy()
        spells = con.execute(
            f"""SELECT gender_concept_id * 10000 + year_of_birth AS s,
                observation_period_start_date + {PRIOR} - DATE '2000-01-01' AS a,
                observation_period_end_date - DATE '2000-01-01' AS b
            FROM cdm.person JOIN cdm.observation_period USING (person_id)
            WHERE person_id NOT IN (SELECT subject_id FROM member WHERE role = 'case') ORDER BY s, a, b"""
        ).fetchnumpy()
    pairs, at, waiting, stratum = 0, 0, list[int](), None
    s, a, b = (spells[name].tolist() for name in ("s", "a", "b"))
    for own, day in zip(points["s"].tolist(), points["t"].tolist(), strict=True):
        if own != stratum:
            stratum, waiting = own, []
            at = int(np.searchsorted(spells["s"], own))
        while at < len(s) and s[at] == own and a[at] <= day:
            heapq.heappush(waiting, b[at])
            at += 1
        while waiting and waiting[0] < day:
            heapq.heappop(waiting)
        for _ in range(min(ratio, len(waiting))):
            heapq.heappop(waiting)
            pairs += 1
    return pairs


def broken(database: Path, drawn: Path, cohort: Path, years: int) -> int:
    """Pairs that break a rule, by a query over the CDM."""
    with duckdb.connect(str(database), read_only=True) as con:
        con.execute(
            f"CREATE TEMP VIEW d AS FROM '{drawn}' JOIN cdm.person USING (person_id) JOIN cdm.observation_period USING (person_id)"
        )
        row = con.execute(
            f"""SELECT count(*) FROM d a JOIN d b USING (set_id) WHERE a.role = 'case' AND b.role = 'control' AND NOT (
                a.gender_concept_id = b.gender_concept_id AND abs(a.year_of_birth - b.year_of_birth) <= {years}
                AND a.index_date = b.index_date AND b.index_date - b.observation_period_start_date >= {PRIOR}
                AND b.index_date <= b.observation_period_end_date
                AND b.person_id NOT IN (SELECT subject_id FROM '{cohort}' WHERE role = 'case'))"""
        ).fetchone()
    return int(row[0]) if row else 0


def measure(database: str, cohort: str, asked: DrawSpec) -> dict[str, float | int]:
    """Draw in a process of its own, everything imported before: CPU and wall seconds, peak and initial memory."""
    import pandas  # noqa: F401  pyarrow imports it on its first conversion

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    folder = Path(database).parent
    cpu, wall = time.process_time(), time.perf_counter()
    with open_source(f"duckdb://{database}?schema=cdm", folder) as source:
        report = draw(source, Path(cohort), asked, folder / "draw.parquet")
    return {
        "cpu_s": round(time.process_time() - cpu, 2),
        "wall_s": round(time.perf_counter() - wall, 2),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "imports_mb": before // 1024,
        "cases_drawn": report.drawn.cases,
        "pairs": report.drawn.controls,
        "pairs_by_repair": report.pairs_by_repair,
        "max_smd": report.max_smd,
    }


def run(people: int, cases: int, ratio: int, design: str) -> dict[str, float | int | str]:
    """Make a hospital, draw from it, check the draw."""
    with tempfile.TemporaryDirectory() as name, multiprocessing.get_context("spawn").Pool(1) as worker:
        folder = Path(name)
        database, cohort = make(folder, people, cases)
        asked = spec(design, cases, ratio)
        measured = worker.apply(measure, (str(database), str(cohort), asked))
        return {
            "design": design,
            "people": people,
            "cases": cases,
            "ratio": ratio,
            **measured,
            "pairs_optimum": optimum(database, cohort, ratio) if design != "caliper" else -1,
            "broken_pairs": broken(database, folder / "draw.parquet", cohort, int(design == "caliper")),
        }


def main() -> None:
    """Print one measured design."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--people", type=int, default=1_000_000)
    options.add_argument("--cases", type=int, default=10_000)
    options.add_argument("--ratio", type=int, default=4)
    options.add_argument("--design", choices=("risk_set", "exact", "caliper"), default="risk_set")
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    result = run(given.people, given.cases, given.ratio, given.design)
    print(json.dumps(result) if given.json else "\n".join(f"{key:16} {value}" for key, value in result.items()))


if __name__ == "__main__":
    main()
