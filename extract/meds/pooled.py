"""One MEDS dataset of the releases of several hospitals: their shards as they are, one table of codes, one of splits."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from cdm.errors import BadInput
from extract.files import canonical_json, write_bytes
from extract.pooled import Pooled
from extract.writer import write_parquet

TRAIN, HELD_OUT = "train", "held_out"


def write_pooled_meds(pooled: Pooled, out: Path, hold_out: str | None = None) -> dict[str, int]:
    """Write the folder `out`, which may not exist; it appears when it is whole. Gives split -> people.

    hold_out: a hospital whose people are all held out, as an external validation has it; whom the others would have held out
    is trained on then. Without it every hospital's own split by matched sets holds. A shard is named after its hospital.
    Raises BadInput where `out` exists, the hospital is none of these, or a release has no MEDS.
    """
    _check(pooled, out, hold_out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as name:
        made = Path(name) / out.name
        parts = {site: _parts(site, hold_out) for site in pooled.sites}
        for site, data in pooled.sites.items():
            _copy_shards(data.meds, made, site, parts[site])
        _codes(pooled, made / "metadata")
        people = _splits(pooled, parts, made / "metadata")
        write_bytes(made / "metadata" / "dataset.json", _about(pooled))
        made.rename(out)
    return people


def _check(pooled: Pooled, out: Path, hold_out: str | None) -> None:
    if out.exists():
        raise BadInput(f"{out} is there already; name a folder that is not, or remove it")
    if hold_out is not None and hold_out not in pooled.sites:
        raise BadInput(f"{hold_out} is none of these hospitals: {', '.join(pooled.sites)}")
    for data in pooled.sites.values():
        if not (data.meds / "metadata" / "codes.parquet").is_file():
            raise BadInput(f"{data.manifest.release} has no MEDS folder; ask the hospital for a release with one")


def _parts(site: str, hold_out: str | None) -> dict[str, str]:
    """Say what becomes of a hospital's splits; those that are not named stay what they are."""
    if hold_out is None:
        return {}
    return dict.fromkeys((TRAIN, "tuning"), HELD_OUT) if site == hold_out else {HELD_OUT: TRAIN}


def _copy_shards(meds: Path, made: Path, site: str, parts: Mapping[str, str]) -> None:
    for path in sorted((meds / "data").rglob("*.parquet")):
        split = path.parent.relative_to(meds / "data").as_posix()
        _copy(path, made / "data" / parts.get(split, split) / f"{site}-{split}-{path.name}")
    for path in sorted((meds / "labels").rglob("*.parquet")):
        _copy(path, made / "labels" / path.parent.relative_to(meds / "labels") / f"{site}-{path.name}")


def _copy(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, target)


def _codes(pooled: Pooled, folder: Path) -> None:
    """Every code once, by code; where hospitals describe one differently, the first that says anything is right."""
    given = [pq.read_table(data.meds / "metadata" / "codes.parquet") for data in pooled.sites.values()]
    schema = given[0].schema
    told = [pl.col(name).drop_nulls().first() for name in schema.names if name != "code"]
    frame = pl.from_arrow(pa.concat_tables(given, promote_options="default"))
    assert isinstance(frame, pl.DataFrame)
    once = frame.group_by("code", maintain_order=True).agg(told).sort("code").select(schema.names)
    folder.mkdir(parents=True)
    write_parquet(once.to_arrow().cast(schema), folder / "codes.parquet", arrow_schema=True)


def _splits(pooled: Pooled, parts: Mapping[str, Mapping[str, str]], folder: Path) -> dict[str, int]:
    frames = []
    for site, data in pooled.sites.items():
        given = pq.read_table(data.meds / "metadata" / "subject_splits.parquet")
        frame = pl.from_arrow(given)
        assert isinstance(frame, pl.DataFrame)
        frames.append(frame.with_columns(pl.col("split").replace(dict(parts[site]))))
    everybody = pl.concat(frames).sort("subject_id")
    write_parquet(everybody.to_arrow().cast(given.schema), folder / "subject_splits.parquet", arrow_schema=True)
    return {str(split): int(n) for split, n in everybody.group_by("split").len().sort("split").rows()}


def _about(pooled: Pooled) -> bytes:
    """The first hospital's description; the version names every release that is in it."""
    first, *_ = pooled.sites.values()
    about = json.loads((first.meds / "metadata" / "dataset.json").read_bytes())
    releases = ", ".join(f"{site} {data.manifest.version}" for site, data in pooled.sites.items())
    return canonical_json({**about, "dataset_version": releases})
