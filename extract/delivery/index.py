"""releases/NAME.json: which sealed objects make a release. It is written last, so a release is seen whole or not at all.

An object is named by the SHA-256 of its sealed bytes: objects/<first two digits>/<digest>.age. The index needs no
signature of its own: what the objects hold is held against MANIFEST.sig when they are opened.
"""

from __future__ import annotations

import json
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

from cdm.errors import BadInput
from extract.files import canonical_json
from extract.manifest import APPROVAL, CHECKSUMS, MANIFEST, SIGNATURES, Digest, check_release_name, inside

# What tells whether the rest may be had at all comes first.
FIRST = (MANIFEST, SIGNATURES, APPROVAL, CHECKSUMS)


class SealedFile(BaseModel):
    """One file of a release as it lies in the store. sha256, size: of the sealed bytes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str
    sha256: Digest
    size: int = Field(ge=0)

    @field_validator("path")
    @classmethod
    def _inside(cls, path: str) -> str:
        return inside(path)

    @property
    def object(self) -> str:
        """The name of its object."""
        return f"objects/{self.sha256[:2]}/{self.sha256}.age"


class Index(BaseModel):
    """A release in a delivery store. recipients: the public keys that it is sealed to, in order."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["naru-delivery/1"] = "naru-delivery/1"
    release: str
    version: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$")]
    manifest_sha256: Digest
    recipients: tuple[str, ...]
    files: tuple[SealedFile, ...]

    def to_bytes(self) -> bytes:
        """Give canonical JSON."""
        return canonical_json(self.model_dump(mode="json"))

    @property
    def ordered(self) -> tuple[SealedFile, ...]:
        """The files in the order in which they are fetched."""
        first = {path: place for place, path in enumerate(FIRST)}
        return tuple(sorted(self.files, key=lambda file: (first.get(file.path, len(FIRST)), file.path)))

    @property
    def size(self) -> int:
        """Sealed bytes in all."""
        return sum(file.size for file in self.files)


def index_name(release: str) -> str:
    """The object that a release's index is. Raises BadInput for a name that no release has."""
    return f"releases/{checked(release)}.json"


def recall_name(release: str) -> str:
    """The object that the notice of a release's recall is."""
    return f"recalled/{checked(release)}.json"


def checked(release: str) -> str:
    """Give a release's name back. Raises BadInput."""
    try:
        return check_release_name(release)
    except ValueError as error:
        raise BadInput(f"release '{release}': {error}") from None


def parse_index(data: bytes, where: str) -> Index:
    """Read an index. Raises BadInput when it is none."""
    try:
        return Index.model_validate(json.loads(data))
    except (ValueError, ValidationError, RecursionError):
        raise BadInput(
            f"{where}: not an index as this tool writes it; tell the hospital, and do it again later"
        ) from None
