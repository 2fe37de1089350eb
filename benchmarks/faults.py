"""How many mistakes the baseline checks catch: some fifty kinds, each put into sound databases of several hospitals.

    python -m benchmarks.faults [--persons N] [--hospitals NAME=SEED ...] [--json FILE] [--docs FOLDER]

Each hospital is a synthetic one, checked as it is (what fails there are false positives, or what it really leaves open) and
once for each kind of mistake. A mistake is caught at first sight when a check fails that did not fail before; against the last
run also by a share that moved or a table that lost or gained many rows.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from benchmarks._fault_kinds import KINDS, Kind
from benchmarks._fault_pages import page
from cdm import open_source
from cdm.synthetic.hospital import materialise
from quality.baseline import report
from quality.baseline.run import Baseline, Options, run

HOSPITALS = {"hanbit": 1, "saebom": 2, "dalbit": 3}
PERSONS = 4_000
TODAY = date(2026, 1, 1)


@dataclass(frozen=True)
class Caught:
    """What one mistake did at one hospital. first: types of checks that fail anew. last: what else the last run tells."""

    first: tuple[str, ...]
    last: tuple[str, ...]


def measure(persons: int, hospitals: dict[str, int], kinds: tuple[Kind, ...] = KINDS) -> dict[str, Any]:
    """Put every kind of mistake into every hospital. Returns plain JSON."""
    caught: dict[str, list[Caught]] = {kind.name: [] for kind in kinds}
    clean: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as name:
        for hospital, seed in hospitals.items():
            sound = _database(Path(name), hospital, persons, seed)
            before = _look(sound, Path(name), None)
            report.write(before, Path(name))
            clean[hospital] = sorted(_key(one) for one in before.results if one.failed)
            for kind in kinds:
                caught[kind.name].append(_seed(kind, sound, Path(name)))
    return {
        "persons": persons,
        "hospitals": hospitals,
        "checks": len(before.results),
        "clean": clean,
        "kinds": [_told(kind, caught[kind.name]) for kind in kinds],
    }


def _database(folder: Path, hospital: str, persons: int, seed: int) -> Path:
    made, path = materialise(hospital, persons, seed, folder), folder / f"{hospital}.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("CREATE SCHEMA cdm")
        for table in sorted(made.glob("*.parquet")):
            con.execute(f"CREATE TABLE cdm.{table.stem} AS FROM read_parquet('{table}')")
    return path


def _look(database: Path, folder: Path, last: Path | None) -> Baseline:
    with open_source(f"duckdb://{database}?schema=cdm", folder) as source:
        return run(source, Options(TODAY, last=last))


def _seed(kind: Kind, sound: Path, folder: Path) -> Caught:
    wrong = folder / "wrong.duckdb"
    shutil.copyfile(sound, wrong)
    with duckdb.connect(str(wrong)) as con:
        con.execute(kind.sql)
    found = _look(wrong, folder, folder / "baseline.json")
    anew = Counter(key[0] for key, change in found.changes.items() if change == "new")
    moved = [f"{len(found.drift)} shares moved"] if found.drift else []
    moved += [f"{table}: {then:,} rows, now {now:,}" for table, (then, now) in found.sizes.items()]
    return Caught(tuple(name for name, _ in anew.most_common()), tuple(moved))


def _key(one: Any) -> str:
    place = ".".join(part for part in (one.check.table, one.check.field) if part)
    return " ".join(part for part in (one.check.type, place, one.check.concept) if part)


def _told(kind: Kind, caught: list[Caught]) -> dict[str, Any]:
    by = Counter(name for one in caught for name in one.first)
    return {
        "kind": kind.name,
        "en": kind.en,
        "ko": kind.ko,
        "hospitals": len(caught),
        "first": sum(bool(one.first) for one in caught),
        "against_last": sum(bool(one.first or one.last) for one in caught),
        "by": [name for name, _ in by.most_common(4)],
        "also": sorted(
            {text.split(":")[0] if "rows" in text else "shares moved" for one in caught for text in one.last}
        ),
    }


def main() -> None:
    """Measure; print a summary; write JSON and the pages of the documentation where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, default=PERSONS)
    parser.add_argument("--hospitals", nargs="*", metavar="NAME=SEED")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--docs", type=Path, metavar="FOLDER", help="write seeded-faults.md and .ko.md there")
    given = parser.parse_args()
    pairs = (one.partition("=") for one in given.hospitals or ())
    found = measure(given.persons, {name: int(seed) for name, _, seed in pairs} or HOSPITALS)
    if given.json:
        given.json.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if given.docs:
        for name, lang in (("seeded-faults.md", "en"), ("seeded-faults.ko.md", "ko")):
            (given.docs / name).write_text(page(found, lang), encoding="utf-8")
    tries = sum(one["hospitals"] for one in found["kinds"])
    summary = {
        "kinds": len(found["kinds"]),
        "tries": tries,
        "recall_first": round(sum(one["first"] for one in found["kinds"]) / tries, 3),
        "recall_against_last": round(sum(one["against_last"] for one in found["kinds"]) / tries, 3),
        "missed": [one["kind"] for one in found["kinds"] if one["against_last"] < one["hospitals"]],
        "clean": found["clean"],
    }
    sys.stdout.write(json.dumps(summary, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
