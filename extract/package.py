"""A release as a folder: tables, documents, manifest; after approval, its published form with signatures.

The same inputs give the same bytes, whenever, wherever and on however many threads it is built: nothing of
the clock, the machine or a path is written, and every order is stated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from cdm.engine import Limits, connect
from cdm.errors import BadInput
from extract.codebook import write_codebook
from extract.croissant import CROISSANT, croissant
from extract.delta import write_delta
from extract.dictionary import data_dictionary, read_actions
from extract.features import write_features
from extract.files import (
    canonical_json,
    checksum_lines,
    copy_checked,
    sha256_bytes,
    sha256_file,
    sha256_files,
    write_bytes,
)
from extract.grid import write_grid
from extract.inputs import PackageInputs
from extract.leakage import screen
from extract.manifest import (
    APPROVAL,
    CHECKSUMS,
    MANIFEST,
    SIGNATURES,
    Base,
    ColumnEntry,
    FileEntry,
    Manifest,
    read_manifest,
)
from extract.meds.write import write_meds
from extract.readme import readme
from extract.sign import SigningKey
from extract.signatures import sign_release
from extract.splits import write_splits
from extract.sql import without_values
from extract.tables import Packed, pack_tables
from extract.windows import show_rows

__all__ = ["PackageInputs", "build", "seal_approval"]


def build(
    inputs: PackageInputs,
    out: Path,
    limits: Limits | None = None,
    more: Callable[[Path], Mapping[str, bytes]] | None = None,
) -> Manifest:
    """Write the release into the empty or new folder `out`; the manifest's digest is the release's identity.

    more: called with `out` when its tables stand, gives further documents for docs/ (what is told of the tables themselves).

    Raises BadInput for tables, columns or documents that are missing or cannot leave, and for a full disk.
    """
    if out.exists() and any(out.iterdir()):
        raise BadInput(f"{out}: holds something already; a release is built into a new folder")
    for folder in ("tables", "docs"):
        (out / folder).mkdir(parents=True)
    actions = read_actions(inputs.tables / "columns.json")
    with connect(limits) as con:
        packed = pack_tables(con, inputs.tables, inputs.cdm_version, out / "tables")
        write_codebook(con, packed, inputs.concepts, inputs.cdm_version, out / "docs" / "codebook.parquet")
        write_splits(con, out / "splits", inputs.index_days)
        write_meds(con, packed, inputs.cdm_version, _about(inputs), out / "meds", inputs.prediction)
        told = _for_models(con, packed, inputs, out)
        delta = write_delta(con, inputs.base, packed, inputs.cdm_version, out) if inputs.base else None
    with without_values("writing the documents"):
        write_bytes(out / "docs" / "data_dictionary.csv", data_dictionary(packed, actions, inputs.cdm_version))
        _write_given({**inputs.docs, **told, **(more(out) if more else {})}, out / "docs")
        _write_given(inputs.records, out / "provenance")
        shifted = any(action.startswith("shift") for action, _ in actions.values())
        write_bytes(out / "README.ko.md", readme("ko", inputs, packed, shifted=shifted, delta=delta is not None))
        write_bytes(out / "README.en.md", readme("en", inputs, packed, shifted=shifted, delta=delta is not None))
    return seal_manifest(inputs, out, delta.base if delta else None)


def seal_manifest(inputs: PackageInputs, out: Path, base: Base | None = None) -> Manifest:
    """Write croissant.json, MANIFEST.json and SHA256SUMS over every file that stands in `out`."""
    with without_values("writing the manifest"):
        paths = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
        digests = sha256_files(out, paths)
        files = [_entry(out, path, digests[path]) for path in paths]
        write_bytes(out / CROISSANT, croissant(inputs, files))
        digests[CROISSANT] = sha256_file(out / CROISSANT)
        files.append(_entry(out, CROISSANT, digests[CROISSANT]))
        try:
            manifest = Manifest(
                release=inputs.release,
                version=inputs.version,
                site_id=inputs.site_id,
                recipient=inputs.recipient,
                study=inputs.study,
                provenance=inputs.provenance,
                terms=inputs.terms,
                base=base,
                writer=f"pyarrow {pa.__version__}",
                files=tuple(sorted(files, key=lambda file: file.path)),
            )
        except ValidationError as error:
            raise BadInput(f"release {inputs.release}: {error.errors()[0]['msg']}") from None
        data = manifest.to_bytes()
        write_bytes(out / MANIFEST, data)
        write_bytes(out / CHECKSUMS, checksum_lines({**digests, MANIFEST: sha256_bytes(data)}))
    return manifest


def seal_approval(
    package_dir: Path, approval: Mapping[str, Any], hospital_key: SigningKey, board_key: SigningKey, out: Path
) -> Manifest:
    """Write the published form of a built package into the new folder `out`, every byte checked on the way.

    Adds provenance/approval.json (the given JSON and the manifest's digest), MANIFEST.sig and a SHA256SUMS
    over all. Raises BadInput when the package is not as built, or when the approval is of another manifest.
    """
    manifest = read_manifest(package_dir)
    named = approval.get("manifest_sha256", manifest.digest)
    if named != manifest.digest:
        raise BadInput(f"release {manifest.release}: the approval is of manifest {named}, not of {manifest.digest}")
    decision = canonical_json({**approval, "manifest_sha256": manifest.digest})
    with without_values(f"sealing release {manifest.release}"):
        for file in manifest.files:
            copy_checked(package_dir / file.path, out / file.path, file.sha256)
        signatures = sign_release(manifest, decision, hospital_key, board_key)
        added = {MANIFEST: manifest.to_bytes(), APPROVAL: decision, SIGNATURES: signatures}
        for path, data in added.items():
            write_bytes(out / path, data)
        digests = {file.path: file.sha256 for file in manifest.files}
        digests |= {path: sha256_bytes(data) for path, data in added.items()}
        write_bytes(out / CHECKSUMS, checksum_lines(digests))
    return manifest


def _for_models(
    con: duckdb.DuckDBPyConnection, packed: Sequence[Packed], inputs: PackageInputs, out: Path
) -> dict[str, bytes]:
    """Write features/ where there is something to predict, and give the documents about them."""
    if inputs.prediction is None:
        return {}
    with without_values("finding what was known before the prediction time"):
        dated = show_rows(con, packed, inputs.cdm_version, inputs.prediction)
    told = {"leakage.json": screen(con, inputs.smallest, dated=dated)}
    if dated:
        told["features.csv"] = write_features(con, inputs.smallest, out / "features" / "baseline.parquet")
        write_grid(con, inputs.smallest, out / "features" / "hourly.parquet")
    return told


def _about(inputs: PackageInputs) -> dict[str, str]:
    return {
        "dataset_name": inputs.study.id,
        "dataset_version": inputs.version,
        "etl_version": inputs.provenance.code_version,
        "license": inputs.terms.text.en,
    }


def _write_given(given: Mapping[str, bytes | Path], folder: Path) -> None:
    for name, content in sorted(given.items()):
        if isinstance(content, Path) and not content.is_file():
            raise BadInput(f"document {name}: no such file; the stage before should have written it")
        write_bytes(folder / name, content.read_bytes() if isinstance(content, Path) else content)


def _entry(out: Path, path: str, digest: str) -> FileEntry:
    size = (out / path).stat().st_size
    if not path.endswith(".parquet"):
        return FileEntry(path=path, size=size, sha256=digest)
    with pq.ParquetFile(out / path) as file:
        columns = tuple(ColumnEntry(name=field.name, type=str(field.type)) for field in file.schema_arrow)
        return FileEntry(path=path, size=size, sha256=digest, rows=file.metadata.num_rows, columns=columns)
