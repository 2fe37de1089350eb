"""The twin as a release folder: the same layout and schema, built by the same code, with a name and terms of its own."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cdm.engine import Limits
from cdm.errors import BadInput
from cdm.source import CdmVersion
from extract.files import canonical_json, sha256_bytes
from extract.inputs import PackageInputs
from extract.manifest import Bilingual, Manifest, Provenance, Terms, read_manifest
from extract.meds.write import Prediction
from extract.package import build
from extract.twin.profile import Profile, profile
from extract.twin.synthesise import synthesise

FREE = Bilingual(
    ko="가상의 사람들입니다. 공개할 수 있는 집계에서 무작위로 뽑았으며 실제 환자의 행은 없습니다. "
    "누구나 쓸 수 있으나 연구 근거로 인용할 수 없습니다.",
    en="Made-up people, drawn by chance from aggregates that may be told; no real patient's row is in it. Free for anybody to use; "
    "not evidence of anything.",
)


def make(
    release: Path, people: int, seed: int, out: Path, threshold: int = 10, limits: Limits | None = None
) -> Manifest:
    """Make the twin of a release folder in the new folder `out`. The same release, number and seed give the same bytes.

    Raises BadInput for too small a release, a folder that is there, or one that is no release.
    """
    if out.exists() and any(out.iterdir()):
        raise BadInput(f"{out}: holds something already; a twin is made in a new folder")
    if people < 1 or threshold < 10:
        raise BadInput("a twin has at least one person, and tells nothing of fewer than ten")
    manifest = read_manifest(release)
    version = cast("CdmVersion", manifest.provenance.cdm_version or "5.4")
    told = profile(release, version, threshold)
    work = out.with_name(f".{out.name}.making")
    shutil.rmtree(work, ignore_errors=True)
    try:
        synthesise(told, people, seed, work / "tables")
        _concepts(release, told, work / "concepts.parquet")
        return build(_inputs(manifest, told, version, work, seed), out, limits)
    except BaseException:
        shutil.rmtree(out, ignore_errors=True)
        raise
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _inputs(manifest: Manifest, told: Profile, version: CdmVersion, work: Path, seed: int) -> PackageInputs:
    aggregates = canonical_json(told)
    digest = sha256_bytes(aggregates)
    tasks = {file.path.split("/")[2] for file in manifest.files if file.path.startswith("meds/labels/")}
    return PackageInputs(
        release=f"{manifest.study.id}-{manifest.site_id}-twin-{manifest.version}".lower(),
        version=manifest.version,
        site_id=manifest.site_id,
        cdm_version=version,
        study=manifest.study,
        provenance=Provenance(
            study_digest=manifest.provenance.study_digest,
            definition_digest=manifest.provenance.definition_digest,
            policy_digest="synthetic",
            cdm_release_digest=digest,
            cdm_version=version,
            code_version=manifest.provenance.code_version,
            seeds={"twin": seed},
        ),
        terms=Terms(text=FREE, contact=manifest.terms.contact),
        tables=work / "tables",
        concepts=work / "concepts.parquet",
        prediction=Prediction(next(iter(sorted(tasks)))) if tasks else None,
        docs={"profile.json": aggregates},
    )


def _concepts(release: Path, told: Profile, out: Path) -> None:
    """Names of the concepts that the profile tells: which others occur is nobody's business."""
    book = pq.read_table(release / "docs" / "codebook.parquet")
    known = pa.array(sorted(_numbers(json.loads(canonical_json(told)))), pa.int64())
    kept = book.filter(pc.is_in(book["concept_id"].cast(pa.int64()), value_set=known))
    named = kept.filter(pc.is_valid(kept["concept_code"]))
    pq.write_table(named.drop_columns([c for c in ("units", "found_in", "rows") if c in named.column_names]), out)


def _numbers(told: Any) -> set[int]:
    """Every value of a column that is told as values or names quantiles."""
    found: set[int] = set()
    for table in told["tables"].values():
        for column in table["columns"].values():
            found |= {int(v) for v, _ in column.get("values", []) if isinstance(v, int)}
            found |= {int(c) for c, _ in column.get("quantiles", [])}
    return found
