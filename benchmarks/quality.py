"""The release gate over many rows, against the floor: reading every value of the same files once.

    python -m benchmarks.quality [ROWS] [--json]        default 10 million measurements of 16 columns

Prints CPU and wall seconds of both, their ratio, and the peak memory.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

from cdm.engine import connect
from cdm.schema import tables
from quality.gate import GateInputs, judge_release

ROWS_PER_PERSON = 100
MEASUREMENT = {
    "measurement_id": "{row_key}",
    "person_id": "{person}",
    "measurement_concept_id": "(3000000 + i * 7919 % 400)::INTEGER",
    "measurement_date": "{day}",
    "measurement_datetime": "{day}::TIMESTAMP + to_seconds(i * 37 % 86400)",
    "measurement_type_concept_id": "32817",
    "operator_concept_id": "CASE WHEN i % 9 = 0 THEN 4172703 END",
    "value_as_number": "CASE WHEN i % 11 <> 0 THEN round(80 + 30 * sin(i), 1) END",
    "value_as_concept_id": "CASE WHEN i % 11 = 0 THEN 45884084 END",
    "unit_concept_id": "8713",
    "range_low": "60.0::DOUBLE",
    "range_high": "140.0::DOUBLE",
    "visit_occurrence_id": "{visit}",
    "visit_detail_id": "NULL::BIGINT",
    "measurement_source_concept_id": "(i * 7919 % 400)::INTEGER",
    "unit_source_concept_id": "0",
}
KEYS = ("measurement_id", "person_id", "visit_occurrence_id", "visit_detail_id")


def make(folder: Path, rows: int) -> GateInputs:
    """Write a run with `rows` measurements of rows / 100 people, each with one visit, de-identified without a fault."""
    people = rows // ROWS_PER_PERSON
    for side in ("raw", "deid"):
        (folder / side).mkdir()
    with connect() as con:
        con.execute(
            f"CREATE TABLE crosswalk AS SELECT p AS person_id, (hash(p, 1) >> 1)::BIGINT AS subject_id, "
            f"(7 + p % 300)::INTEGER AS offset_days, true AS kept FROM range(1, {people + 1}) r(p)"
        )
        _copy(con, "SELECT * FROM crosswalk ORDER BY person_id", folder / "crosswalk.parquet")
        draw = (
            "CASE WHEN person_id % 2 = 0 THEN 'case' ELSE 'control' END AS role, DATE '2019-01-01' AS index_date, "
            "((person_id + 1) // 2)::BIGINT AS set_id, 1.0::DOUBLE AS weight"
        )
        _copy(con, f"SELECT person_id, {draw} FROM crosswalk ORDER BY person_id", folder / "draw.parquet")
        cohort = draw.replace("'2019-01-01'", "'2019-01-01' + offset_days").replace(
            "(person_id // 2)", "hash(person_id // 2) >> 1"
        )
        _copy(
            con,
            f"SELECT subject_id, 'site-a' AS site_id, {cohort} FROM crosswalk ORDER BY subject_id",
            folder / "deid" / "cohort.parquet",
        )
        for side, person, key in (("raw", "person_id", "{0}"), ("deid", "subject_id", "(hash({0}, 2) >> 1)::BIGINT")):
            moved = "(DATE '2018-01-01' + (i % 365)::INTEGER" + (" + offset_days)" if side == "deid" else ")")
            visited = moved.replace("i % 365", "person_id % 300")
            names = {
                "row_key": key.format("i"), "person": person, "day": moved, "visit": key.format("person_id"),
            }  # fmt: skip
            shown = ", ".join(f"{sql.format(**names)} AS {name}" for name, sql in MEASUREMENT.items())
            _copy(
                con,
                f"SELECT {shown} FROM range({rows}) r(i) JOIN crosswalk ON person_id = i // {ROWS_PER_PERSON} + 1 "
                "ORDER BY person_id, measurement_id",
                folder / side / "measurement.parquet",
            )
            _copy(
                con,
                f"SELECT {person} AS person_id, 8507 AS gender_concept_id, 1960 AS year_of_birth, 0 AS race_concept_id, "
                f"0 AS ethnicity_concept_id FROM crosswalk ORDER BY {person}",
                folder / side / "person.parquet",
            )
            _copy(
                con,
                f"SELECT {key.format('person_id')} AS visit_occurrence_id, {person} AS person_id, "
                "9202 AS visit_concept_id, "
                f"{visited} AS visit_start_date, {visited} AS visit_end_date, "
                "32817 AS visit_type_concept_id FROM crosswalk ORDER BY person_id",
                folder / side / "visit_occurrence.parquet",
            )
    record = [
        {"table": t, "column": c, "action": _action(c), "reason": ""}
        for t in tables("5.4")
        for c in tables("5.4")[t].names
    ]
    (folder / "deid" / "columns.json").write_text(json.dumps(record))
    return GateInputs(folder / "raw", folder / "deid", folder / "draw.parquet", folder / "crosswalk.parquet", "5.4")


def _action(column: str) -> str:
    if column in KEYS:
        return "pseudonymise"
    if column.endswith(("_date", "_datetime")):
        return "shift"
    return "keep" if column in MEASUREMENT or column.endswith("_concept_id") or column == "year_of_birth" else "drop"


def _copy(con: object, sql: str, path: Path) -> None:
    con.execute(f"COPY ({sql}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")  # type: ignore[attr-defined]


def floor(folder: Path) -> None:
    """Read every value of both measurement files once."""
    with connect() as con:
        for side in ("raw", "deid"):
            sums = ", ".join(f"max({name})" for name in MEASUREMENT)
            con.execute(f"SELECT {sums} FROM read_parquet('{folder / side / 'measurement.parquet'}')").fetchall()


def timed(work: object) -> dict[str, float]:
    """CPU and wall seconds of a call."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()  # type: ignore[operator]
    return {"cpu_s": round(time.process_time() - cpu, 2), "wall_s": round(time.perf_counter() - wall, 2)}


def main() -> None:
    """Run both and print the figures."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("rows", metavar="ROWS", nargs="?", type=int, default=10_000_000)
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    rows = given.rows
    with tempfile.TemporaryDirectory() as name:
        inputs = make(Path(name), rows)
        made = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        least = timed(lambda: floor(Path(name)))
        gate = timed(lambda: judge_release(inputs))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        failed = [finding.message() for finding in judge_release(inputs).failures]
    figures = {
        "rows": rows,
        "columns": len(MEASUREMENT),
        "gate": gate,
        "floor": least,
        "ratio_cpu": round(gate["cpu_s"] / least["cpu_s"], 2),
        "peak_mb": peak // 1024,
        "peak_mb_of_making_the_data": made // 1024,
        "failed": failed,
    }
    print(json.dumps(figures) if given.json else "\n".join(f"{name:26} {value}" for name, value in figures.items()))


if __name__ == "__main__":
    main()
