"""Parts of `benchmarks.package`: a version's new bytes, sealing beside the library's own pace, extraction from a large table."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import duckdb
import pyrage

from cdm import open_source, schema
from cdm.engine import Limits, connect
from cdm.schema import Table
from extract import seal
from extract.delta import write_delta
from extract.files import sha256_file
from extract.manifest import read_manifest
from extract.rows import extract_rows
from extract.spec import ExtractSpec
from extract.tables import pack_tables

CHANGED = 0.016


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    start = time.process_time()
    work()
    return time.process_time() - start


def update(folder: Path) -> dict[str, float]:
    """A new version in which 1.6 % of the people have another value: new bytes of the tables, beside the changed share."""
    earlier, newer, out = folder / "two", folder / "newer", folder / "updated"
    newer.mkdir()
    for path in sorted((folder / "deid").glob("*.parquet")):
        changed = "value_as_number + (person_id % 1000 < 16)::INT AS value_as_number"
        shown = f"* REPLACE ({changed})" if path.stem == "measurement" else "*"
        duckdb.execute(f"COPY (SELECT {shown} FROM '{path}') TO '{newer / path.name}'")
    (out / "tables").mkdir(parents=True)
    with connect(Limits(threads=1)) as con:
        packed = pack_tables(con, newer, "5.4", out / "tables")
        whole = sum(path.stat().st_size for path in (out / "tables").glob("*.parquet"))
        cpu = seconds(lambda: write_delta(con, earlier, packed, "5.4", out))
    before = {file.sha256 for file in read_manifest(earlier).files}
    fresh = sum(path.stat().st_size for path in out.rglob("*.parquet") if sha256_file(path) not in before)
    return {"cpu_s": cpu, "changed_share": CHANGED, "new_bytes_share": fresh / whole, "ratio": fresh / whole / CHANGED}


def sealing(folder: Path, megabytes: int = 300) -> dict[str, float]:
    """MB/s of CPU to seal and open, beside pyrage's own file functions and SHA-256."""
    plain, sealed, opened = folder / "plain", folder / "plain.age", folder / "opened"
    with plain.open("wb") as file, Path("/dev/urandom").open("rb") as random:
        for _ in range(megabytes):
            file.write(random.read(1_000_000))
    me = seal.create(folder / "bench.key")
    recipient = seal.recipient(me.public)
    work = {
        "seal": lambda: seal.seal_file(plain, sealed, [me.public]),
        "open": lambda: seal.open_file(sealed, opened, me),
        "library_seal": lambda: pyrage.encrypt_file(str(plain), str(folder / "theirs"), [recipient]),
        "library_open": lambda: pyrage.decrypt_file(str(folder / "theirs"), str(folder / "mine"), [me._private]),
        "sha256": lambda: sha256_file(plain),
    }
    return {f"{name}_mb_s": megabytes / seconds(one) for name, one in work.items()}


def large(folder: Path, rows: int, people: int, wanted: int) -> dict[str, float]:
    """`wanted` people out of `rows` measurements, sorted by person and not, against sorting those rows and a bare semi-join."""
    found: dict[str, float] = {"rows": rows, "wanted": wanted}
    draw = folder / "wanted.parquet"
    step = people // wanted
    duckdb.execute(
        f"COPY (SELECT (1 + {step} * i)::BIGINT AS person_id, 'case' AS role, DATE '2018-06-01' AS index_date, i AS set_id, "
        f"1.0::DOUBLE AS weight "
        f"FROM range({wanted}) t(i)) TO '{draw}'"
    )
    spec = ExtractSpec.model_validate({"tables": ["measurement"], "window": {}})
    for kind, order in (("sorted", "person_id"), ("unsorted", "person_id * 48271 % 2147483647")):
        hospital = folder / f"{kind}.duckdb"
        _hospital(hospital, rows, people, order)
        out = folder / f"raw-{kind}"
        out.mkdir()
        with open_source(f"duckdb://{hospital}?schema=cdm", folder) as source:
            found[f"{kind}_cpu_s"] = seconds(partial(extract_rows, source, draw, spec, out))
        alone = out / "measurement.parquet"
        with connect() as con:
            sort = f"COPY (SELECT * FROM '{alone}' ORDER BY person_id, measurement_id) TO '{folder / 'alone.parquet'}' (COMPRESSION zstd)"
            found["rewrite_cpu_s"] = seconds(partial(_run, con, sort))
            con.execute(f"ATTACH '{hospital}' AS h (READ_ONLY)")
            scan = f"SELECT count(*), sum(hash(COLUMNS(m.*))) FROM h.cdm.measurement AS m SEMI JOIN '{draw}' AS d USING (person_id)"
            found[f"{kind}_scan_cpu_s"] = seconds(partial(_run, con, scan))
        hospital.unlink()
    found["sorted_ratio"] = found["sorted_cpu_s"] / found["rewrite_cpu_s"]
    found["unsorted_ratio"] = found["unsorted_cpu_s"] / found["unsorted_scan_cpu_s"]
    return found


def _run(con: duckdb.DuckDBPyConnection, query: str) -> None:
    con.execute(query).fetchall()


def _hospital(path: Path, rows: int, people: int, order: str) -> None:
    """A person table and measurements, laid down in the given order of people, a few visits of them at a time."""
    table: Table = schema.tables("5.4")["measurement"]
    given = {
        "measurement_id": "i + 1", "measurement_concept_id": "3000000 + i % 500",
        "measurement_date": "DATE '2015-01-01' + CAST(i % 1500 AS INTEGER)",
        "measurement_datetime": "TIMESTAMP '2015-01-01 08:00:00' + to_minutes(CAST(i % 1999991 AS INTEGER))",
        "value_as_number": "CAST(i % 997 AS DOUBLE)", "unit_concept_id": "8876",
    }  # fmt: skip
    person = f"1 + i // {max(rows // people, 1)}" if order == "person_id" else f"1 + (i * 48271) % {people}"
    columns = ", ".join(
        f"CAST({person if c.name == 'person_id' else given.get(c.name, '0' if c.required else 'NULL')} AS {c.duckdb_type}) AS {c.name}"
        for c in table.columns
    )
    with duckdb.connect(str(path)) as con:
        con.execute("CREATE SCHEMA cdm")
        con.execute(f"CREATE TABLE cdm.measurement AS SELECT {columns} FROM range({rows}) t(i)")
        needed = ", ".join(
            f"CAST({'i + 1' if c.name == 'person_id' else '0'} AS {c.duckdb_type}) AS {c.name}"
            for c in schema.tables("5.4")["person"].columns
            if c.required
        )
        con.execute(f"CREATE TABLE cdm.person AS SELECT {needed} FROM range({people}) t(i)")
