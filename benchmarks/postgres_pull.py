"""How fast a need is pulled out of PostgreSQL into DuckDB, against the floor and against ADBC alone.

The floor is psql reading the bytes of COPY BINARY of the same columns and throwing them away: nothing is decoded. The
peer is ADBC reading the same query into Arrow batches that are thrown away.

    python -m benchmarks.postgres_pull [--rows 1000000] [--json]

All run in processes of their own against the same server. CPU counts the client and the server's backends.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import adbc_driver_postgresql.dbapi as adbc
import psycopg

from cdm import open_source
from cdm.address import parse
from cdm.engine import Limits, connect
from cdm.server import Server, programs, start
from cdm.source import Need
from cdm.sources.postgres import conninfo_of

# The columns that studies read of measurement.
COLUMNS = (
    "measurement_id",
    "person_id",
    "measurement_concept_id",
    "measurement_date",
    "measurement_datetime",
    "measurement_type_concept_id",
    "value_as_number",
    "unit_concept_id",
    "visit_occurrence_id",
    "measurement_source_value",
    "unit_source_value",
)
FILL = """
CREATE SCHEMA cdm;
CREATE TABLE cdm.person AS SELECT i::int AS person_id, 8507 AS gender_concept_id, 1950 AS year_of_birth,
    0 AS race_concept_id, 0 AS ethnicity_concept_id FROM generate_series(1, {people}) AS t(i);
CREATE TABLE cdm.measurement AS SELECT i AS measurement_id, (1 + i % {people})::int AS person_id,
    3000000 + (i % 997)::int AS measurement_concept_id, DATE '2015-01-01' + (i % 3000)::int AS measurement_date,
    TIMESTAMP '2015-01-01' + i * INTERVAL '1 minute' AS measurement_datetime, 32817 AS measurement_type_concept_id,
    ((i % 5000) / 10.0)::numeric AS value_as_number, 8840 AS unit_concept_id, i / 7 AS visit_occurrence_id,
    'L' || (i % 997) AS measurement_source_value, 'mg/dL'::text AS unit_source_value
    FROM generate_series(1, {rows}) AS t(i);
CREATE INDEX ON cdm.measurement (person_id);
ANALYZE cdm.person; ANALYZE cdm.measurement;
"""


def pull(url: str, share: int) -> None:
    """Pull measurement of one person in `share`, or of everybody when it is 0; print what it took."""
    with open_source(url, Path()) as source, connect(Limits(threads=2)) as con:
        people = None
        if share:
            source.attach(con, Need({"person": ("person_id",)}))
            ids = con.sql(f"SELECT person_id::BIGINT AS person_id FROM cdm.person WHERE person_id % {share} = 0")
            people = ids.to_arrow_table()
        wall, cpu, peak = time.perf_counter(), time.process_time(), _peak_mb()
        source.attach(con, Need({"measurement": COLUMNS}, people))
        took = {
            "wall": time.perf_counter() - wall,
            "cpu": time.process_time() - cpu,
            "start_mb": peak,
            "peak_mb": _peak_mb(),
        }
        print(json.dumps(took | {"rows": con.execute("SELECT count(*) FROM cdm.measurement").fetchall()[0][0]}))


def adbc_alone(url: str, share: int) -> None:
    """Read the same rows by ADBC and throw them away; print what it took."""
    address = parse(url)
    started, cpu = time.perf_counter(), time.process_time()
    with adbc.connect(conninfo_of(address.place, address.options), autocommit=True) as con, con.cursor() as cursor:
        cursor.execute(query(share))
        for _ in cursor.fetch_record_batch():
            pass
    print(json.dumps({"wall": time.perf_counter() - started, "cpu": time.process_time() - cpu}))


def query(share: int) -> str:
    """The rows as one query."""
    names = ", ".join(name if name != "value_as_number" else "value_as_number::float8" for name in COLUMNS)
    return f"SELECT {names} FROM cdm.measurement" + (f" WHERE person_id % {share} = 0" if share else "")


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def python(part: str, url: str, share: int) -> list[str]:
    """The command that runs a part of this file."""
    return [sys.executable, "-m", "benchmarks.postgres_pull", "--part", part, "--url", url, "--share", str(share)]


def psql(server: Server, share: int) -> list[str]:
    """The command that is the floor."""
    copy = f"COPY ({query(share)}) TO STDOUT (FORMAT binary)"
    return [str(programs() / "psql"), "-X", "-h", str(server.sockets), "-U", "postgres", "-c", copy, "hospital"]


def measured(server: Server, command: list[str]) -> dict[str, float]:
    """Run a command: wall and CPU seconds of it (or what it prints of itself) and of the server's backends."""
    started, backends, before = time.perf_counter(), _backends(server), resource.getrusage(resource.RUSAGE_CHILDREN)
    own = command[0] == sys.executable
    ended = subprocess.run(command, stdout=subprocess.PIPE if own else subprocess.DEVNULL, check=True)
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    took = {"wall": wall, "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}
    time.sleep(0.3)  # until the server has seen its backends end
    return took | (json.loads(ended.stdout) if own else {}) | {"server": _backends(server) - backends}


def _backends(server: Server) -> float:
    """CPU seconds of the server's backends that have ended."""
    pid = (server.data / "postmaster.pid").read_text().split()[0]
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / 100


def run(rows: int) -> list[dict[str, object]]:
    """Measure everybody, and one person in ten, each against its floor."""
    folder = Path(tempfile.mkdtemp(prefix="naru-bench-"))
    folder.chmod(0o755)
    results: list[dict[str, object]] = []
    try:
        with start(folder) as server:
            server.create_database("hospital")
            url = server.url("hospital", "cdm")
            address = parse(url)
            with psycopg.connect(conninfo_of(address.place, address.options), autocommit=True) as con:
                # Its workers would count as backends of ours.
                con.execute("ALTER SYSTEM SET autovacuum = off")
                con.execute("SELECT pg_reload_conf()")
                con.execute(FILL.format(rows=rows, people=max(rows // 100, 10)))
                con.execute("VACUUM")
            time.sleep(1)  # until that session has ended and is counted
            idle = measured(server, python("pull", url, rows * 2))["server"]
            for share in (0, 10):
                low, peer, ours = (
                    measured(server, command)
                    for command in (psql(server, share), python("adbc", url, share), python("pull", url, share))
                )
                floor, adbc_cpu = low["cpu"] + low["server"], peer["cpu"] + peer["server"]
                cpu = ours["cpu"] + ours["server"] - idle
                figures = {
                    "cpu_to_floor": cpu / floor,
                    "cpu_to_adbc": cpu / adbc_cpu,
                    "wall_to_floor": ours["wall"] / low["wall"],
                    "cpu_s": cpu,
                    "adbc_cpu_s": adbc_cpu,
                    "floor_cpu_s": floor,
                    "wall_s": ours["wall"],
                    "floor_wall_s": low["wall"],
                    "peak_mb": ours["peak_mb"],
                    "start_mb": ours["start_mb"],
                }
                people = f"one in {share}" if share else "everybody"
                rounded = {name: round(value, 2) for name, value in figures.items()}
                results.append({"people": people, "rows": ours["rows"]} | rounded)
    finally:
        shutil.rmtree(folder)
    return results


def main() -> None:
    """Print the figures: ratios below 1 are better than what they are against; CPU without start and import."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--part", choices=("pull", "adbc"), help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--share", type=int, default=0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part:
        {"pull": pull, "adbc": adbc_alone}[given.part](given.url, given.share)
        return
    results = run(given.rows)
    for result in results:
        print(json.dumps(result) if given.json else "  ".join(f"{name} {value}" for name, value in result.items()))


if __name__ == "__main__":
    main()
