"""Cohorts computed by a PostgreSQL itself: our SQL beside circe-be's (as duckcdm writes it), and beside pulling what is needed.

python -m benchmarks.in_place [--cdm URL] [--definitions FOLDER] [--only 5,100] [--sample 8] [--repeat 2] [--json]

A CDM is loaded once into a server of its own, with indexes on persons and concepts, and analysed. Then each definition is
found in three ways, the best of `--repeat` after one run that is not counted:

ours    `naru cohort run --in-place`: the source opened, computed in place, rows and attrition fetched
circe   circe-be's SQL in PostgreSQL's dialect, its statements one after another, by one session; making and translating
        it is not counted, nor are its attrition tables (it makes none)
pulled  the fast engine: the rows of the needed columns are copied out, then computed on

CPU is that of this process and of the server. Rows have to be equal. Peak memory is that of a process that does one way only,
without the server.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import psycopg
from adbc_driver_postgresql import dbapi as adbc
from duckcdm.circe import build_cohort_query
from duckcdm.sqlrender import render, translate

from benchmarks.cohorts import STUDIES, SYNTHETIC, files
from cdm import open_source
from cdm.address import parse
from cdm.engine import Limits, connect
from cdm.server import Server, start
from cdm.source import Need
from cdm.sources.postgres import conninfo_of
from cohorts.engine import generate as pulled
from cohorts.expression import Expression, read
from cohorts.in_place.run import generate as in_place

TICKS = 100  # of a second, in /proc
LIMITS = Limits(threads=2)
WAYS = ("ours", "circe", "pulled")
_COHORT = (
    "CREATE SCHEMA results; CREATE TABLE results.cohort (cohort_definition_id bigint, subject_id bigint, "
    "cohort_start_date date, cohort_end_date date)"
)
Seconds = tuple[float, float]


def load(source_url: str, server: Server, home: Path) -> str:
    """Copy a CDM into schema cdm of a database; give its address."""
    server.create_database("hospital")
    conninfo = _conninfo(server)
    with (
        open_source(source_url, home) as source,
        connect(LIMITS) as con,
        psycopg.connect(conninfo, autocommit=True) as to,
    ):
        to.execute("CREATE SCHEMA cdm")
        tables = source.tables()
        source.attach(con, Need(dict.fromkeys(tables, ())))
        with adbc.connect(conninfo) as into, into.cursor() as cursor:
            for name in tables:
                rows = con.sql(f"FROM cdm.{name}").to_arrow_reader(100_000)
                cursor.adbc_ingest(name, rows, mode="create", db_schema_name="cdm")
            into.commit()
        for name, columns in tables.items():
            keys = {"person_id", f"{name}_id", "ancestor_concept_id", "concept_id_1"} & set(columns)
            keys |= {column for column in columns if column == f"{name.split('_')[0]}_concept_id"}
            for column in sorted(keys):
                to.execute(f"CREATE INDEX ON cdm.{name} ({column})")
        to.execute(_COHORT)
        to.execute("VACUUM ANALYZE")
    return server.url("hospital", "cdm")


def _conninfo(server: Server) -> str:
    address = parse(server.url("hospital", "cdm"))
    return conninfo_of(address.place, address.options)


def best(work: Callable[[], object], server: Server, repeat: int) -> Seconds:
    """CPU seconds (of here and of the server) and wall seconds, each the least of `repeat` runs after one not counted."""
    found = []
    for _ in range(repeat + 1):
        cpu, wall = time.process_time() + _server_cpu(server), time.perf_counter()
        work()
        took = time.perf_counter() - wall
        found.append((time.process_time() + _server_cpu(server) - cpu, took))
    return min(cpu for cpu, _ in found[1:]), min(wall for _, wall in found[1:])


def _server_cpu(server: Server) -> float:
    """CPU seconds of the server's processes, those that have ended included."""
    chief = (server.data / "postmaster.pid").read_text().split()[0]
    total = 0.0
    for entry in Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split() if entry.name.isdigit() else []
        except OSError:
            continue  # it ended just now
        if fields and entry.name == chief:
            total += sum(map(int, fields[11:15]))
        elif fields and fields[1] == chief:
            total += sum(map(int, fields[11:13]))
    return total / TICKS


def circe(file: Path, con: psycopg.Connection[Any]) -> Callable[[], object]:
    """circe-be's statements, run by one session."""
    raw = build_cohort_query(
        file.read_text("utf-8-sig"), cdm_schema="cdm", target_table="results.cohort", result_schema="results",
        vocabulary_schema="cdm", cohort_id=1, generate_stats=False,
    )  # fmt: skip
    script = translate(render(raw), "postgresql")
    return lambda: con.execute(script)


def measure(name: str, file: Path, url: str, server: Server, repeat: int, home: Path) -> dict[str, Any]:
    """One definition in three ways."""
    definitions: Mapping[str, Expression] = {name: read(file)}
    there, here = home / "in_place.parquet", home / "pulled.parquet"

    def opened(generate: Callable[..., object], out: Path) -> None:
        with open_source(url, home) as source:
            generate(source, definitions, out, limits=LIMITS)

    with psycopg.connect(_conninfo(server), autocommit=True) as con:
        figures = {
            "ours": best(lambda: opened(in_place, there), server, repeat),
            "circe": best(circe(file, con), server, repeat),
            "pulled": best(lambda: opened(pulled, here), server, repeat),
        }
        theirs = con.execute(
            "SELECT subject_id, cohort_start_date, cohort_end_date FROM results.cohort ORDER BY 1, 2, 3"
        ).fetchall()
    query = "SELECT subject_id, cohort_start_date, cohort_end_date FROM read_parquet($out) ORDER BY ALL"
    ours = duckdb.execute(query, {"out": str(there)}).fetchall()
    same = there.read_bytes() == here.read_bytes()
    return {"definition": name, "rows": len(ours), "equal": same and ours == theirs, **figures}


def peak(way: str, url: str, home: str, file: str) -> int:
    """Peak memory in MB of one way, for a process of its own."""
    with open_source(url, Path(home)) as source:
        generate = in_place if way == "ours" else pulled
        generate(source, {"1": read(Path(file))}, Path(home) / f"{way}.parquet", limits=LIMITS)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def run(url: str, chosen: Mapping[str, Path], repeat: int, *, quiet: bool) -> dict[str, Any]:
    """All measurements."""
    folder = Path(tempfile.mkdtemp(prefix="naru-bench-"))
    folder.chmod(0o755)
    try:
        with start(folder) as server, tempfile.TemporaryDirectory() as home:
            there = load(url, server, Path(home))
            found = []
            for name, file in chosen.items():
                found.append(measure(name, file, there, server, repeat, Path(home)))
                if not quiet:
                    print(_line(found[-1]), flush=True)
            largest = max(found, key=lambda one: one["pulled"][0])["definition"]
            with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as worker:
                peaks = {
                    way: worker.apply(peak, (way, there, home, str(chosen[largest]))) for way in ("ours", "pulled")
                }
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return {"single": found, "peak_mb": peaks, "peak_of": largest}


def _line(one: Mapping[str, Any]) -> str:
    times = "  ".join(f"{way} {one[way][0]:.2f}/{one[way][1]:.2f}" for way in WAYS)
    return f"{one['definition']:>14} {one['rows']:>9,} rows  {times}{'' if one['equal'] else '  ROWS DIFFER'}"


def summary(found: Mapping[str, Any]) -> str:
    """Ratios above 1: ours is better."""
    single = found["single"]
    parts = []
    for way in ("circe", "pulled"):
        cpu, wall = ([one[way][nth] / one["ours"][nth] for one in single] for nth in (0, 1))
        parts.append(
            f"{way} took {statistics.median(cpu):.2f} times our CPU at the median ({min(cpu):.2f} to {max(cpu):.2f}), "
            f"{statistics.median(wall):.2f} times our wall time ({min(wall):.2f} to {max(wall):.2f})"
        )
    peaks = found["peak_mb"]
    parts.append(
        f"peak memory here, definition {found['peak_of']}: ours {peaks['ours']} MB, pulled {peaks['pulled']} MB"
    )
    return "\n".join(parts)


def main() -> None:
    """Print the measurements; seconds are CPU/wall."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--cdm", default=SYNTHETIC, help="address of a source, such as duckdb:///file?schema=cdm")
    options.add_argument("--definitions", type=Path, default=STUDIES, help="a folder of ATLAS definitions")
    options.add_argument("--only", default="", help="names of definitions, with commas between")
    options.add_argument("--sample", type=int, default=8, help="how many, evenly spread; 0: all")
    options.add_argument("--repeat", type=int, default=2)
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    chosen = files(given.definitions.resolve(), set(filter(None, given.only.split(","))), given.sample)
    if not chosen:
        options.error(f"{given.definitions} holds no such definition")
    found = run(given.cdm, chosen, given.repeat, quiet=given.json)
    print(json.dumps(found) if given.json else summary(found))


if __name__ == "__main__":
    main()
