"""The linkage curve of two public hospitals, before and after each layer of de-identification, and what it costs.

python -m benchmarks.linkage [--people 4000] [--plots docs/images] [--json]

Everybody of the hospital is "drawn"; the layers are those of the programme's policy. The floor is one pass over the
same events that counts the different (person, code, day).
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from cdm import open_source
from cdm.engine import Limits, connect
from cdm.schema import tables
from cdm.source import CdmVersion, Need, Source
from deid.apply import deidentify
from deid.events import main_concept
from deid.keys import KeyStore
from deid.linkage import Point
from deid.linkage_plot import Language, linkage_plot
from deid.policy import Policy, Programme, Rule, compose, programme

HOSPITALS = {"gibleed": "sample://gibleed", "synthetic": "synthetic://linkage?persons={people}&seed=1"}
LABELS: Mapping[str, Mapping[Language, str]] = {
    "exact": {"en": "no layer: codes and exact days", "ko": "처리 전: 코드와 정확한 날짜"},
    "near": {"en": "no layer: days known to 15 days", "ko": "처리 전: 날짜를 15일 이내로 앎"},
    "shifted": {"en": "dates shifted", "ko": "날짜 이동 후"},
    "common": {"en": "dates shifted, rare codes broader", "ko": "날짜 이동, 드문 코드 일반화 후"},
    "codes": {"en": "no day known at all", "ko": "날짜를 전혀 모름"},
}


def raw(source: Source, folder: Path) -> None:
    """Write everybody's rows as an extraction would, a draw of everybody, and the ancestors of concepts."""
    (folder / "raw").mkdir()
    known = source.tables()
    names = [name for name in known if name in ("person", "location", "observation_period") or _is_event(source, name)]
    with connect(Limits(threads=2)) as con:
        source.attach(con, Need({name: () for name in (*names, "concept_ancestor", "concept") if name in known}))
        for name in names:
            con.execute(f"COPY (FROM cdm.{name}) TO '{folder / 'raw' / name}.parquet' (FORMAT parquet)")
        con.execute(
            "COPY (SELECT person_id, 'case' AS role, max(observation_period_end_date)::DATE AS index_date, "
            f"person_id AS set_id, 1.0::DOUBLE AS weight FROM cdm.observation_period GROUP BY ALL) "
            f"TO '{folder / 'draw.parquet'}' (FORMAT parquet)"
        )
        con.execute(f"COPY (FROM cdm.concept) TO '{folder / 'concepts.parquet'}' (FORMAT parquet)")
        con.execute(f"COPY (FROM cdm.concept_ancestor) TO '{folder / 'ancestors.parquet'}' (FORMAT parquet)")


def _is_event(source: Source, name: str) -> bool:
    table = tables(source.version).get(name)
    return table is not None and main_concept(table) is not None


def without_common(given: Programme) -> Programme:
    """The programme's policy as if rare codes were kept."""
    columns = {
        table: rules
        if isinstance(rules, Rule)
        else {
            column: Rule(action="keep", reason=rule.reason) if rule.by == "common" else rule
            for column, rule in rules.items()
        }
        for table, rules in given.tables.items()
    }
    return given.model_copy(update={"tables": columns})


def curve(folder: Path, version: CdmVersion, policy: Policy) -> tuple[dict[str, list[Point]], float]:
    """The points by knowledge, and the CPU seconds of the whole de-identification."""
    with tempfile.TemporaryDirectory(dir=folder) as out:
        for name in ("out", "private"):
            (Path(out) / name).mkdir()
        keys = KeyStore(Path(out) / "keys", seed=bytes(range(32))).grant("benchmark")
        start = time.process_time()
        report = deidentify(
            folder / "raw", folder / "draw.parquet", policy, keys, "site", version, Path(out) / "out",
            Path(out) / "private", folder,
        )  # fmt: skip
        cpu = time.process_time() - start
    found: dict[str, list[Point]] = {}
    for point in report.linkage:
        found.setdefault(point.knowledge, []).append(point)
    return found, cpu


def floor(folder: Path) -> float:
    """CPU seconds of one pass over the conditions."""
    start = time.process_time()
    duckdb.execute(
        "SELECT count(DISTINCT (person_id, condition_concept_id, condition_start_date)) FROM read_parquet($path)",
        {"path": str(folder / "raw" / "condition_occurrence.parquet")},
    ).fetchall()
    return time.process_time() - start


def measure(url: str, home: Path) -> dict[str, Any]:
    """The curves of one hospital by layer."""
    with tempfile.TemporaryDirectory() as made, open_source(url, home) as source:
        folder = Path(made)
        raw(source, folder)
        kept, _ = curve(folder, source.version, compose(without_common(programme())))
        common, cpu = curve(folder, source.version, compose(programme()))
        curves = {name: kept[name] for name in ("exact", "near", "shifted")}
        curves |= {"common": common["shifted"], "codes": common["codes"]}
        return {"curves": curves, "cpu_s": cpu, "floor_cpu_s": floor(folder)}


def main() -> None:
    """Print shares by layer and number of known events."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--people", type=int, default=4000, help="of the synthetic hospital")
    options.add_argument("--plots", type=Path, help="a folder for linkage-HOSPITAL.en.svg and .ko.svg")
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    told: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as home:
        for name, url in HOSPITALS.items():
            found = measure(url.format(people=given.people), Path(home))
            told[name] = {**found, "curves": {k: [p.to_json() for p in v] for k, v in found["curves"].items()}}
            if given.plots:
                _draw(given.plots / f"linkage-{name}", found["curves"])
            if not given.json:
                _print(name, found)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({**told, "peak_mb": peak}) if given.json else f"peak {peak} MB")


def _draw(stem: Path, curves: Mapping[str, list[Point]]) -> None:
    languages: tuple[Language, ...] = ("en", "ko")
    for language in languages:
        labelled = {LABELS[name][language]: points for name, points in curves.items()}
        Path(f"{stem}.{language}.svg").write_text(linkage_plot(labelled, language), encoding="utf-8")


def _print(name: str, found: Mapping[str, Any]) -> None:
    cost = f"de-identification {found['cpu_s']:.2f} CPU s, one pass {found['floor_cpu_s']:.3f}"
    print(f"{name}: singled out by 1, 2, 3, 4, 5 known events ({cost})")
    for layer, points in found["curves"].items():
        print(f"  {LABELS[layer]['en']:34} {'  '.join(f'{point.share:6.1%}' for point in points)}")


if __name__ == "__main__":
    main()
