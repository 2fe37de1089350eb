"""A new version as base + delta: the earlier version's tables as they are, and all rows of the people who changed.

| file | rows |
|---|---|
| tables/<table>.parquet | cohort, and tables of rows that belong to nobody: whole |
| base/<table>.parquet | the very file of an earlier version |
| delta/people.parquet | subject_id of everybody who has another row, more or fewer than in the base |
| delta/<table>.parquet | every row of these people as of this version |

A table is the base without these people, and the delta (`READ`). The delta is always told against the base, never against
another delta, so there are two files to read however many versions went before. A withdrawal rewrites the base: no row of
somebody who withdrew may stay in a file, not even one that nobody reads any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from cdm import schema
from cdm.errors import BadInput
from cdm.source import CdmVersion
from extract.files import copy_checked
from extract.manifest import Base, Manifest, read_manifest
from extract.sql import figures, quote, stream, total_order, without_values
from extract.tables import COHORT, Packed
from extract.writer import write_parquet

PEOPLE = "delta/people.parquet"
# Above this share of changed people two files are read for little gain: the base is written anew.
MOST = 0.3
READ = (
    "SELECT * FROM 'base/{table}.parquet' WHERE person_id NOT IN (SELECT subject_id FROM 'delta/people.parquet') "
    "UNION ALL SELECT * FROM 'delta/{table}.parquet'"
)


@dataclass(frozen=True)
class Delta:
    """What a version shares with an earlier one. changed: people whose rows are written anew, of `people` in all."""

    base: Base
    changed: int
    people: int


def base_folder(release: Path, name: str) -> Path:
    """Where an earlier release has the whole file of a table: base/ where it is a delta itself, else tables/."""
    within = release / "base" / f"{name}.parquet"
    return within if within.is_file() else release / "tables" / f"{name}.parquet"


def write_delta(
    con: duckdb.DuckDBPyConnection, earlier: Path, packed: Sequence[Packed], version: CdmVersion, out: Path
) -> Delta | None:
    """Turn the whole tables that stand in out/tables into base/ and delta/; None, and nothing changed, where that does not pay.

    It does not where tables or columns are others than in the earlier release, or too many people changed.
    Raises BadInput where the earlier release is not whole.
    """
    manifest = read_manifest(earlier)
    names = [p.name for p in packed if _of_people(p, version)]
    if not names or not _same_shape(manifest, packed, names):
        return None
    with without_values("comparing with the earlier version"):
        for name in names:
            _show_base(con, name, base_folder(earlier, name))
        con.execute(f"CREATE OR REPLACE TEMP TABLE changed AS {_changed(con, names)} ORDER BY subject_id")
        changed, people = figures(
            con, f"SELECT (SELECT count(*) FROM changed), (SELECT count(DISTINCT subject_id) FROM {COHORT})"
        )
        if changed > MOST * people:
            return None
        (out / "delta").mkdir()
        write_parquet(stream(con, "SELECT subject_id FROM changed ORDER BY subject_id"), out / PEOPLE)
        for name in names:
            _split(con, name, version, out, earlier, manifest)
    origin = manifest.base or Base(release=manifest.release, manifest_sha256=manifest.digest)
    return Delta(origin, changed, people)


def _of_people(packed: Packed, version: CdmVersion) -> bool:
    if packed.name == COHORT:
        return False
    key = schema.tables(version)[packed.name].person_key
    return key is not None and key in {name for name, _ in packed.written.schema}


def _same_shape(manifest: Manifest, packed: Sequence[Packed], names: Sequence[str]) -> bool:
    before = {name: tuple((c.name, c.type) for c in columns) for name, columns in manifest.tables.items()}
    now = {p.name: p.written.schema for p in packed}
    return set(before) == set(now) and all(before[name] == now[name] for name in names)


def _show_base(con: duckdb.DuckDBPyConnection, name: str, path: Path) -> None:
    if not path.is_file():
        raise BadInput(f"{path}: no such file; the earlier version must stand whole in the store")
    file = str(path).replace("'", "''")
    con.execute(f"CREATE OR REPLACE TEMP VIEW {quote('base of ' + name)} AS SELECT * FROM read_parquet('{file}')")


def _changed(con: duckdb.DuckDBPyConnection, names: Sequence[str]) -> str:
    """SELECT subject_id of everybody whose rows of some table are not the same multiset of rows.

    Told by number and sum of 64-bit hashes of whole rows within one process; both sides are hashed alike.
    """
    parts = []
    for name in names:
        columns = con.sql(f"SELECT * FROM {quote(name)} LIMIT 0").columns
        row = f"hash({', '.join(quote(column) for column in columns)})"
        told = f"person_id, count(*) AS n, sum(CAST({row} AS HUGEINT)) AS h"
        old, new = quote("base of " + name), quote(name)
        parts.append(
            f"SELECT coalesce(o.person_id, n.person_id) AS subject_id "
            f"FROM (SELECT {told} FROM {old} GROUP BY person_id) AS o "
            f"FULL JOIN (SELECT {told} FROM {new} GROUP BY person_id) AS n ON o.person_id = n.person_id "
            "WHERE o.n IS DISTINCT FROM n.n OR o.h IS DISTINCT FROM n.h"
        )
    return f"SELECT DISTINCT CAST(subject_id AS BIGINT) AS subject_id FROM ({' UNION ALL '.join(parts)})"


def _split(
    con: duckdb.DuckDBPyConnection, name: str, version: CdmVersion, out: Path, earlier: Path, manifest: Manifest
) -> None:
    columns = con.sql(f"SELECT * FROM {quote(name)} LIMIT 0").columns
    order = total_order(schema.tables(version)[name].order, columns)
    rows = f"SELECT * FROM {quote(name)} WHERE person_id IN (SELECT subject_id FROM changed) ORDER BY {order}"
    write_parquet(stream(con, rows), out / "delta" / f"{name}.parquet")
    source = base_folder(earlier, name)
    entry = manifest.file(source.relative_to(earlier).as_posix())
    if entry is None:
        raise BadInput(
            f"{earlier}: its manifest does not know {name}; the earlier version must stand whole in the store"
        )
    copy_checked(source, out / "base" / f"{name}.parquet", entry.sha256)
    con.execute(f"DROP VIEW {quote(name)}")
    (out / "tables" / f"{name}.parquet").unlink()


def whole_rows(release: Path, name: str) -> int:
    """Rows of a table of a release, however it is laid out, by reading the files' footers and the people's keys."""
    whole = release / "tables" / f"{name}.parquet"
    if whole.is_file():
        with pq.ParquetFile(whole) as file:
            return int(file.metadata.num_rows)
    with duckdb.connect() as con:
        (count,) = figures(con, f"SELECT count(*) FROM ({read(release, name)})")
    return int(count)


def read(release: Path, name: str) -> str:
    """SQL that gives a table of a release as one, however it is laid out."""
    place = str(release).replace("'", "''")
    if (release / "tables" / f"{name}.parquet").is_file():
        return f"SELECT * FROM read_parquet('{place}/tables/{name}.parquet')"
    return READ.replace("'base/", f"'{place}/base/").replace("'delta/", f"'{place}/delta/").replace("{table}", name)
