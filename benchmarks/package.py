"""Extraction, package and MEDS: what each costs beside the floor of the same rows, measured in one run.

python -m benchmarks.package [--people 20000] [--rows 2000000] [--large 100000000] [--big 50000000] [--cdm FOLDER] [--peers ENV] [--json]

--large: also 2,000 people out of so many rows, from a person-sorted and an unsorted workspace. --big: a release of so many
incompressible rows (50 million are more than two gigabytes), built, verified, delivered and received. --cdm: a folder of a made-up
hospital's Parquet files (naru site add, hanbit), folded on --people, for MEDS beside the peers in ENV (benchmarks._package_meds).
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
from collections.abc import Mapping
from pathlib import Path

import duckdb

from benchmarks._package_big import big
from benchmarks._package_meds import compare, fold
from benchmarks._package_parts import large, sealing, seconds, update
from cdm import open_source, schema
from cdm.engine import Limits, connect
from extract.codebook import write_codebook
from extract.files import sha256_file
from extract.inputs import PackageInputs
from extract.manifest import Bilingual, Provenance, StudyMeta, Terms
from extract.meds.write import write_meds
from extract.package import build
from extract.rows import extract_rows
from extract.spec import ExtractSpec
from extract.splits import write_splits
from extract.tables import pack_tables
from extract.verify import verify

TEXT = Bilingual(ko="벤치마크", en="benchmark")
DIGEST = "0" * 64


def extraction(folder: Path, people: int, rows: int) -> dict[str, float]:
    """A tenth of the people out of a person-sorted DuckDB file, against copying just those rows sorted."""
    (folder / "raw").mkdir()
    draw, hospital = folder / "tenth.parquet", folder / "hospital.duckdb"
    duckdb.execute(f"COPY (SELECT * FROM '{folder / 'draw.parquet'}' WHERE person_id % 10 = 0) TO '{draw}'")
    spec = ExtractSpec.model_validate({"tables": ["measurement"], "window": {}})
    with open_source(f"duckdb://{hospital}?schema=cdm", folder) as source:
        cpu = seconds(lambda: extract_rows(source, draw, spec, folder / "raw"))
    alone = folder / "raw" / "measurement.parquet"
    with connect() as con:
        query = f"COPY (SELECT * FROM '{alone}' ORDER BY person_id, measurement_id) TO '{folder / 'alone.parquet'}'"
        floor = seconds(lambda: con.execute(f"{query} (COMPRESSION zstd)").fetchall())
    return {"rows": rows, "cpu_s": cpu, "floor_cpu_s": floor, "ratio": cpu / floor}


def inputs(tables: Path, release: str) -> PackageInputs:
    """A release of de-identified tables."""
    return PackageInputs(
        release=release,
        version="1.0.0",
        site_id="bench",
        cdm_version="5.4",
        study=StudyMeta(id="bench", title=TEXT, purpose=TEXT),
        provenance=Provenance(
            study_digest=DIGEST,
            definition_digest=DIGEST,
            policy_digest=DIGEST,
            cdm_release_digest=DIGEST,
            code_version="0",
        ),
        terms=Terms(text=TEXT, contact="bench"),
        tables=tables,
    )


def package(folder: Path, people: int, rows: int) -> dict[str, float]:
    """The whole build on one and two threads; equal_digests is 1 when both are the same release."""
    given = inputs(folder / "deid", "bench-1.0.0")
    digests = []
    cpu = seconds(lambda: digests.append(build(given, folder / "one", Limits(threads=1)).digest))
    digests.append(build(given, folder / "two", Limits(threads=2)).digest)
    with connect(Limits(threads=1)) as con:
        query = (
            f"COPY (SELECT * FROM '{folder / 'deid' / 'measurement.parquet'}' ORDER BY ALL) TO '{folder / 'f.parquet'}'"
        )
        floor = seconds(lambda: con.execute(f"{query} (COMPRESSION zstd)").fetchall())
    return {
        "rows": rows,
        "cpu_s": cpu,
        "floor_cpu_s": floor,
        "ratio": cpu / floor,
        "equal_digests": len(set(digests)) == 1,
    }


def meds(folder: Path, people: int, rows: int) -> dict[str, float]:
    """Microseconds of CPU per MEDS event, from the packed tables."""
    (folder / "packed").mkdir()
    with connect() as con:
        packed = pack_tables(con, folder / "deid", "5.4", folder / "packed")
        write_codebook(con, packed, None, "5.4", folder / "codebook.parquet")
        write_splits(con, folder / "splits")
        events = 0

        def work() -> None:
            nonlocal events
            events = write_meds(con, packed, "5.4", {}, folder / "meds")

        cpu = seconds(work)
    return {"events": events, "cpu_s": cpu, "us_per_event": cpu / events * 1e6}


def verification(folder: Path, people: int, rows: int) -> dict[str, float]:
    """Verifying the release against hashing its files alone."""
    files = [path for path in (folder / "one").rglob("*") if path.is_file()]
    floor = seconds(lambda: [sha256_file(path) for path in files])
    cpu = seconds(lambda: verify(folder / "one", require_signature=False))
    size = sum(path.stat().st_size for path in files)
    return {"mb": size / 1e6, "cpu_s": cpu, "floor_cpu_s": floor, "ratio": cpu / floor}


def _prepare(folder: Path, people: int, rows: int, values: Mapping[str, str] | None = None) -> None:
    """A hospital of a person table and measurements, and the same as a de-identified folder. values: column -> SQL over i."""
    given = {
        "measurement_date": "DATE '2015-01-01' + CAST(i % 1500 AS INTEGER)",
        "measurement_datetime": "TIMESTAMP '2015-01-01 08:00:00' + to_minutes(CAST(i % 1999991 AS INTEGER))",
        "value_as_number": "CAST(i % 997 AS DOUBLE)",
        **(values or {}),
    }
    told = ", ".join(f"{value} AS {column}" for column, value in given.items())
    (folder / "deid").mkdir()
    with duckdb.connect(str(folder / "hospital.duckdb")) as con:
        con.execute("CREATE SCHEMA cdm")
        for name, query in {
            "person": "SELECT i + 1 AS person_id, 8507 + 25 * (i % 2) AS gender_concept_id, 1950 AS year_of_birth "
            f"FROM range({people}) t(i)",
            "measurement": f"SELECT i + 1 AS measurement_id, 1 + i % {people} AS person_id, 3000000 + i % 500 AS measurement_concept_id, "
            f"{told}, 8876 AS unit_concept_id FROM range({rows}) t(i)",
        }.items():
            con.execute(f"CREATE TABLE cdm.{name} AS {query} ORDER BY person_id")
            known = {column.name: column for column in schema.tables("5.4")[name].columns}
            present = [row[0] for row in con.execute(f"DESCRIBE cdm.{name}").fetchall()]
            missing = [c for c in known.values() if c.required and c.name not in present]
            for column in missing:
                con.execute(f"ALTER TABLE cdm.{name} ADD COLUMN {column.name} {column.duckdb_type} DEFAULT 0")
            con.execute(f"COPY cdm.{name} TO '{folder / 'deid' / name}.parquet'")
        con.execute(
            "COPY (SELECT person_id, 'case' AS role, DATE '2018-06-01' AS index_date, person_id // 2 AS set_id, "
            f"1.0::DOUBLE AS weight FROM cdm.person ORDER BY 1) TO '{folder / 'draw.parquet'}'"
        )
        con.execute(
            "COPY (SELECT person_id AS subject_id, 'bench' AS site_id, set_id, role, index_date, weight "
            f"FROM '{folder / 'draw.parquet'}') TO '{folder / 'deid' / 'cohort.parquet'}'"
        )
    actions = [
        {"table": table.name, "column": column, "action": "keep", "reason": ""}
        for table in schema.tables("5.4").values()
        for column in table.names
    ]
    (folder / "deid" / "columns.json").write_text(json.dumps(actions), encoding="utf-8")


def main() -> None:
    """Run all of it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--large", type=int, default=0)
    parser.add_argument("--big", type=int, default=0)
    parser.add_argument("--cdm", type=Path)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if asked.cdm and not (asked.cdm / "person.parquet").is_file():
        parser.error(f"--cdm {asked.cdm}: no person.parquet there; name the folder of a hospital's Parquet files")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _prepare(folder, asked.people, asked.rows)
        found: dict[str, object] = {
            work.__name__: {key: round(value, 3) for key, value in work(folder, asked.people, asked.rows).items()}
            for work in (extraction, package, meds, verification)
        }
        parts: dict[str, dict[str, float]] = {"update": update(folder), "sealing": sealing(folder)}
        if asked.big:
            parts |= big(folder / "big", asked.big, _prepare)
        if asked.large:
            parts["large"] = large(folder, asked.large, asked.large // 100, 2_000)
        found["peak_mb_so_far"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        if asked.cdm:
            fold(asked.cdm, asked.people, folder / "cdm")
            for peer, figures in compare(folder, folder / "cdm", asked.peers).items():
                parts[f"meds {peer}"] = figures
        found |= {name: {key: round(value, 4) for key, value in part.items()} for name, part in parts.items()}
    found["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    if asked.json:
        print(json.dumps(found))
        return
    for key, value in found.items():
        print(f"{key:16} {value}")


if __name__ == "__main__":
    main()
