"""MEDS of a 20,000-person CDM: ours, meds_etl's and OMOP_MEDS's, each in a process of its own on the same Parquet files.

python -m benchmarks._package_meds ours CDM OUT: what `benchmarks.package` runs. The peers live in an environment of their own
(--peers; pip install meds_etl OMOP_MEDS), because their pins are not ours.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

TABLES = (
    "person", "visit_occurrence", "visit_detail", "condition_occurrence", "drug_exposure", "procedure_occurrence", "measurement",
    "observation", "device_exposure", "death",
)  # fmt: skip
REST = ("care_site", "concept", "concept_relationship", "location", "provider", "vocabulary")


def fold(hospital: Path, people: int, out: Path) -> int:
    """A CDM of `people` people out of a larger made-up hospital: every row kept, its person folded. Gives the rows."""
    out.mkdir(parents=True)
    rows = 0
    with duckdb.connect() as con:
        for name in TABLES:
            kept = f"QUALIFY row_number() OVER (PARTITION BY (person_id - 1) % {people} ORDER BY person_id) = 1"
            shown = f"SELECT * REPLACE ((person_id - 1) % {people} + 1 AS person_id) FROM '{hospital / name}.parquet'"
            query = f"{shown} {kept if name in ('person', 'death') else ''}"
            con.execute(f"COPY ({query}) TO '{out / name}.parquet' (COMPRESSION zstd)")
            rows += con.execute(f"SELECT count(*) FROM '{out / name}.parquet'").fetchall()[0][0]
        for name in REST:
            con.execute(f"COPY (SELECT * FROM '{hospital / name}.parquet') TO '{out / name}.parquet'")
    return rows


def ours(cdm: Path, out: Path) -> int:
    """From OMOP Parquet to MEDS, codes and splits included; gives the events."""
    from cdm.engine import Limits, connect
    from extract.codebook import _load_concepts
    from extract.meds.write import write_meds
    from extract.splits import write_splits
    from extract.tables import COHORT, Packed, show
    from extract.writer import Written

    with connect(Limits(threads=1)) as con:
        packed = []
        for name in TABLES:
            show(con, name, cdm / f"{name}.parquet")
            schema = pq.read_schema(cdm / f"{name}.parquet")
            packed.append(Packed(name, Written(0, tuple((f.name, str(f.type)) for f in schema)), None, {}, {}))
        con.execute(
            f"CREATE TEMP TABLE {COHORT} AS SELECT person_id AS subject_id, 'bench' AS site_id, person_id // 2 AS set_id, 'case' AS role, "
            "DATE '2020-01-01' AS index_date, 1.0 AS weight FROM person"
        )
        out.mkdir(parents=True)
        _load_concepts(con, cdm / "concept.parquet")  # docs/codebook.parquet is no part of MEDS
        write_splits(con, out / "splits")
        return write_meds(con, packed, "5.4", {}, out / "meds")


def strict(folder: Path) -> bool:
    """Whether every file of a MEDS dataset passes the strict schemas of the `meds` package."""
    import meds

    try:
        for path in sorted((folder / "data").rglob("*.parquet")):
            meds.DataSchema.validate(pq.read_table(path))
        meds.CodeMetadataSchema.validate(pq.read_table(folder / "metadata" / "codes.parquet"))
        meds.SubjectSplitSchema.validate(pq.read_table(folder / "metadata" / "subject_splits.parquet"))
    except Exception:  # whatever a peer wrote, the answer is a plain no
        return False
    return True


def measured(command: list[str], **more: str) -> dict[str, float]:
    """CPU seconds and peak memory (MB) of a process with all that it started."""
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **more}
    ) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return {"code": process.returncode, "cpu_s": used.ru_utime + used.ru_stime, "peak_mb": used.ru_maxrss / 1024}


def events(folder: Path) -> int:
    """Rows of a MEDS dataset."""
    return sum(pq.ParquetFile(path).metadata.num_rows for path in (folder / "data").rglob("*.parquet"))


def compare(folder: Path, cdm: Path, peers: Path | None) -> dict[str, dict[str, float]]:
    """Ours and, where their environment is given, the peers: cpu_s, peak_mb, events, us_per_event, strict."""
    runs = {
        "ours": (
            [sys.executable, "-m", "benchmarks._package_meds", "ours", str(cdm), str(folder / "ours")],
            folder / "ours" / "meds",
        )
    }
    if peers is not None:
        etl, omop = folder / "meds_etl", folder / "OMOP_MEDS"
        raw = omop / "raw_input"
        raw.mkdir(parents=True)
        for path in cdm.glob("*.parquet"):
            (raw / path.name).symlink_to(path)
        command = [str(peers / "bin" / "meds_etl_omop"), str(cdm), str(etl), "--num_proc", "1", "--num_shards", "10"]
        runs["meds_etl"] = (command, etl)
        runs["OMOP_MEDS"] = (
            [str(peers / "bin" / "OMOP_MEDS"), f"root_output_dir={omop}", "do_download=False", f"raw_input_dir={raw}"],
            omop / "MEDS_cohort",
        )
    found: dict[str, dict[str, float]] = {}
    for name, (command, out) in runs.items():
        figures = measured(
            command, POLARS_MAX_THREADS="1", PATH=f"{peers / 'bin' if peers else ''}:{os.environ['PATH']}"
        )
        count = events(out)
        found[name] = {
            **figures,
            "events": count,
            "us_per_event": figures["cpu_s"] / max(count, 1) * 1e6,
            "strict": strict(out),
        }
    return found


if __name__ == "__main__":
    print(json.dumps({"events": ours(Path(sys.argv[2]), Path(sys.argv[3]))}))
