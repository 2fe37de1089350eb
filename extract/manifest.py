"""MANIFEST.json: what a release consists of. The SHA-256 of its bytes is the release's identity."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    ValidationError,
    field_validator,
)

from cdm.errors import BadInput
from extract.files import canonical_json, sha256_bytes

MANIFEST = "MANIFEST.json"
SIGNATURES = "MANIFEST.sig"
CHECKSUMS = "SHA256SUMS"
APPROVAL = "provenance/approval.json"
RELEASE_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,127}")

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


def inside(path: str) -> str:
    """Give a path back that stays inside a release. Raises ValueError."""
    parts = path.split("/")
    if not re.fullmatch(r"[A-Za-z0-9._/-]+", path) or any(part in ("", ".", "..") for part in parts):
        raise ValueError("a path must stay inside the release and be of plain ASCII letters, digits and . _ - /")
    return path


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Bilingual(_Frozen):
    """One text in Korean and English."""

    ko: str = Field(min_length=1)
    en: str = Field(min_length=1)


class StudyMeta(_Frozen):
    """Which study asked, and what for."""

    id: str = Field(min_length=1)
    title: Bilingual
    purpose: Bilingual


class Provenance(_Frozen):
    """What the release was made of, as digests and versions; equal provenance is the same version.

    study_digest: the whole study. definition_digest: what decides who is in. cdm_release_digest: the state of
    the hospital's database. withdrawals_digest: who withdrew from the hospital's data, as one digest; None where nobody
    did. seeds: name -> seed, where they do not stand in the study.
    """

    study_digest: str
    definition_digest: str
    policy_digest: str
    cdm_release_digest: str
    cdm_version: str = ""
    vocabulary_version: str = ""
    code_digest: str = ""
    code_version: str
    withdrawals_digest: str | None = None
    seeds: dict[str, int] = Field(default_factory=dict)


class Terms(_Frozen):
    """Under which terms it may be used.

    expires_on: ISO date. conditions: the board's typed conditions as plain JSON.
    """

    text: Bilingual
    contact: str = Field(min_length=1)
    expires_on: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = None
    conditions: dict[str, JsonValue] = Field(default_factory=dict)


class ColumnEntry(_Frozen):
    """One column of a Parquet file: name and Arrow type."""

    name: str
    type: str


class FileEntry(_Frozen):
    """One file: path inside the release, bytes, digest; for Parquet also rows and columns."""

    path: str
    size: int = Field(ge=0)
    sha256: Digest
    rows: int | None = None
    columns: tuple[ColumnEntry, ...] | None = Field(default=None, alias="schema")

    @field_validator("path")
    @classmethod
    def _inside(cls, path: str) -> str:
        return inside(path)


class Base(_Frozen):
    """The earlier release whose tables stand in base/ (extract.delta)."""

    release: str
    manifest_sha256: Digest


class Manifest(_Frozen):
    """The release: who, what for, of what, and every file but itself, its signatures and the approval.

    base: set where the release is told as base and delta.
    """

    format: Literal["naru-release/1"] = "naru-release/1"
    release: str
    version: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$")]
    site_id: str
    recipient: str | None = None
    study: StudyMeta
    provenance: Provenance
    terms: Terms
    base: Base | None = None
    writer: str
    files: tuple[FileEntry, ...]

    @field_validator("release", "site_id")  # both become names of files
    @classmethod
    def _plain_name(cls, name: str) -> str:
        return check_release_name(name)

    @field_validator("files")
    @classmethod
    def _in_order(cls, files: tuple[FileEntry, ...]) -> tuple[FileEntry, ...]:
        paths = [file.path for file in files]
        if paths != sorted(set(paths)):
            raise ValueError("files must be in order of their paths, each once")
        if reserved := {MANIFEST, SIGNATURES, CHECKSUMS, APPROVAL} & set(paths):
            raise ValueError(f"{', '.join(sorted(reserved))} cannot be one of the manifest's own files")
        return files

    def to_bytes(self) -> bytes:
        """Give canonical JSON."""
        return canonical_json(self.model_dump(mode="json", by_alias=True, exclude_none=True))

    @property
    def digest(self) -> str:
        """Give the identity of the release: SHA-256 of MANIFEST.json."""
        return sha256_bytes(self.to_bytes())

    @property
    def tables(self) -> dict[str, tuple[ColumnEntry, ...]]:
        """The tables by name with their columns, whether whole (tables/) or as base and delta."""
        found = {}
        for file in self.files:
            folder, _, name = file.path.partition("/")
            if folder in ("tables", "base") and name.endswith(".parquet"):
                found[name.removesuffix(".parquet")] = file.columns or ()
        return dict(sorted(found.items()))

    def file(self, path: str) -> FileEntry | None:
        """Find the entry of a path."""
        return next((file for file in self.files if file.path == path), None)


def check_release_name(name: str) -> str:
    """Refuse a name that could not be a folder's everywhere; ValueError."""
    if not RELEASE_NAME.fullmatch(name):
        raise ValueError("a release and its hospital are named in lower-case letters, digits and . _ -, 128 at most")
    return name


def parse_manifest(data: bytes, where: str = MANIFEST) -> Manifest:
    """Read MANIFEST.json; BadInput when it is not, byte for byte, what `Manifest.to_bytes` writes."""
    try:
        manifest = Manifest.model_validate(json.loads(data))
        whole = manifest.to_bytes() == data
    except (ValueError, ValidationError, RecursionError):
        whole = False
    if not whole:
        raise BadInput(f"{where}: not a manifest as this tool writes it; it was changed or cut, get the release anew")
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a release folder; BadInput when there is none."""
    path = folder / MANIFEST
    try:
        return parse_manifest(path.read_bytes(), str(path))
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror}); is {folder} a release?") from None
