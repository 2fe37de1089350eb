"""The cohort engine beside circe-be's SQL (as duckcdm writes it) and the bare scan of the columns, in one run.

python -m benchmarks.cohorts [--cdm URL] [--definitions FOLDER] [--only 5,100] [--sample 8] [--repeat 3] [--json]

Without arguments: the project's synthetic hospital of 20,000 people, and the definitions of its studies. `--sample 0`
measures every definition of the folder. CPU and wall seconds, the best of `--repeat`, the engine open and its files
read before ("warm"), the concept sets resolved by the run before; "whole" is `generate` as users run it: engine
opened, source attached, files read anew. circe's SQL runs on the same views, its making and translation not counted.
The bare scan reads every value of the needed columns of the clinical tables once (an exclusive or of hashes, so that no
statistics can answer). Rows have to be equal.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb
from duckcdm.circe import build_cohort_query
from duckcdm.sqlrender import render, translate

from cdm import open_source
from cdm.engine import Limits, connect
from cdm.source import Need, Source
from cohorts import needs
from cohorts.engine import generate, generate_in
from cohorts.execution.concept_sets import ConceptSets
from cohorts.expression import Expression, read
from cohorts.plan.build import build

STUDIES = Path(__file__).parent.parent / "studies"
SYNTHETIC = "synthetic://benchmark?persons=20000&seed=1"
THREADS = 2
_VOCABULARY = {"concept", "concept_ancestor", "concept_relationship"}
Seconds = tuple[float, float]


def best(work: Callable[[], object], repeat: int) -> Seconds:
    """CPU and wall seconds, each the least of `repeat` runs after one that is not counted."""
    found = []
    for _ in range(repeat + 1):
        cpu, wall = time.process_time(), time.perf_counter()
        work()
        found.append((time.process_time() - cpu, time.perf_counter() - wall))
    return min(cpu for cpu, _ in found[1:]), min(wall for _, wall in found[1:])


def files(folder: Path, only: set[str], sample: int) -> dict[str, Path]:
    """The definitions to measure: those named, or `sample` of them evenly spread over the folder."""
    found = [file for file in sorted(folder.rglob("*.json")) if "PrimaryCriteria" in file.read_text("utf-8-sig")]
    named = {str(file.relative_to(folder).with_suffix("")): file for file in found}
    if only:
        return {name: file for name, file in named.items() if name in only}
    step = max(1, len(named) // sample) if sample else 1
    return dict(list(named.items())[::step][: sample or None])


def ours(source: Source, definitions: Mapping[str, Expression], out: Path, repeat: int) -> Seconds:
    """Our engine, open and warm: planning, computing, writing."""
    concept_sets = ConceptSets()
    with connect(Limits(threads=THREADS)) as con:
        source.attach(con, needs.need(build(definitions)))
        return best(lambda: generate_in(con, build(definitions), out, concept_sets=concept_sets), repeat)


def whole(source: Source, definitions: Mapping[str, Expression], out: Path, repeat: int) -> Seconds:
    """Our engine as users run it."""
    kept = out.parent / "concept-sets"
    return best(lambda: generate(source, definitions, out, limits=Limits(threads=THREADS), kept=kept), repeat)


class Circe:
    """circe's SQL in an engine that shows the whole CDM."""

    def __init__(self, source: Source) -> None:
        self.con = connect(Limits(threads=THREADS))
        source.attach(self.con, Need(dict.fromkeys(source.tables(), ())))
        self.con.execute("CREATE SCHEMA results")
        self.con.execute(
            "CREATE TABLE results.cohort (cohort_definition_id BIGINT, subject_id BIGINT, cohort_start_date DATE, "
            "cohort_end_date DATE)"
        )

    def measure(self, file: Path, repeat: int) -> Seconds:
        """Its statements, one after another."""
        raw = build_cohort_query(
            file.read_text("utf-8-sig"), cdm_schema="cdm", target_table="results.cohort", result_schema="results",
            vocabulary_schema="cdm", cohort_id=1, generate_stats=False,
        )  # fmt: skip
        statements = duckdb.extract_statements(translate(render(raw), "duckdb"))
        return best(lambda: [self.con.execute(one) for one in statements], repeat)

    def rows(self) -> list[tuple[Any, ...]]:
        """What the last definition found."""
        return self.con.execute(
            "SELECT subject_id, CAST(cohort_start_date AS DATE), CAST(cohort_end_date AS DATE) "
            "FROM results.cohort ORDER BY ALL"
        ).fetchall()


def scan(source: Source, definitions: Mapping[str, Expression], repeat: int) -> Seconds:
    """Every value of the needed columns of the clinical tables, read once."""
    need = needs.need(build(definitions))
    with connect(Limits(threads=THREADS)) as con:
        source.attach(con, need)
        queries = [
            f"SELECT {', '.join(f'bit_xor(hash({column}))' for column in columns)} FROM cdm.{table}"
            for table, columns in need.columns.items()
            if table not in _VOCABULARY
        ]
        return best(lambda: [con.execute(query).fetchall() for query in queries], repeat)


def peak(url: str, home: str, folder: str, names: list[str], out: str) -> int:
    """Peak memory in MB of one pass, for a process of its own."""
    definitions = {name: read(Path(folder) / f"{name}.json") for name in names}
    with open_source(url, Path(home)) as source:
        generate(source, definitions, Path(out), limits=Limits(threads=THREADS))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def run(url: str, folder: Path, only: set[str], sample: int, repeat: int, home: Path) -> dict[str, Any]:
    """All measurements."""
    chosen = files(folder, only, sample)
    definitions = {name: read(file) for name, file in chosen.items()}
    out, single = home / "cohorts.parquet", []
    with open_source(url, home) as source:
        circe = Circe(source)
        for name, file in chosen.items():
            one = {name: definitions[name]}
            measured = {
                "ours": ours(source, one, out, repeat),
                "whole": whole(source, one, out, repeat),
                "circe": circe.measure(file, repeat),
                "scan": scan(source, one, repeat),
            }
            found = duckdb.sql(f"SELECT subject_id, cohort_start_date, cohort_end_date FROM '{out}' ORDER BY ALL")
            rows = found.fetchall()
            single.append({"definition": name, "rows": len(rows), "equal": rows == circe.rows(), **measured})
            _print(single[-1])
        together = ours(source, definitions, out, repeat)
        floor = scan(source, definitions, repeat)
    with multiprocessing.get_context("spawn").Pool(1) as worker:
        memory = worker.apply(peak, (url, str(home), str(folder), list(chosen), str(out)))
    return {"single": single, "together": together, "scan_together": floor, "peak_mb": memory}


def _print(one: Mapping[str, Any]) -> None:
    times = "  ".join(f"{name} {one[name][0]:.3f}/{one[name][1]:.3f}" for name in ("ours", "whole", "circe", "scan"))
    equal = "" if one["equal"] else "  ROWS DIFFER"
    print(f"{one['definition']:>12} {one['rows']:>9,} rows  {times}{equal}", flush=True)


def summary(found: Mapping[str, Any]) -> str:
    """Medians, worst, and all definitions in one pass."""
    single, cpu = found["single"], 0
    against = [one["circe"][cpu] / one["ours"][cpu] for one in single]
    floor = [one["ours"][cpu] / one["scan"][cpu] for one in single]
    circe = sum(one["circe"][cpu] for one in single)
    return (
        f"single: {statistics.median(against):.2f} times less CPU than circe at the median, {min(against):.2f} at worst; "
        f"{statistics.median(floor):.1f} times the bare scan at the median, {max(floor):.1f} at worst\n"
        f"{len(single)} in one pass: {found['together'][0]:.2f} s CPU, {found['together'][1]:.2f} s wall, peak "
        f"{found['peak_mb']} MB; circe one by one {circe:.2f} s CPU ({circe / found['together'][0]:.1f} times), "
        f"bare scan {found['scan_together'][0]:.2f} s"
    )


def main() -> None:
    """Print the measurements; seconds are CPU/wall."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--cdm", default=SYNTHETIC, help="address of a source, such as duckdb:///file?schema=cdm")
    options.add_argument("--definitions", type=Path, default=STUDIES, help="a folder of ATLAS definitions")
    options.add_argument("--only", default="", help="names of definitions, with commas between")
    options.add_argument("--sample", type=int, default=8, help="how many, evenly spread; 0: all")
    options.add_argument("--repeat", type=int, default=3)
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    only = set(filter(None, given.only.split(",")))
    with tempfile.TemporaryDirectory() as home:
        found = run(given.cdm, given.definitions.resolve(), only, given.sample, given.repeat, Path(home))
    print(json.dumps(found) if given.json else summary(found))


if __name__ == "__main__":
    main()
