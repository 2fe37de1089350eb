"""MANIFEST.sig: what the hospital and the board say of a manifest, each under its own Ed25519 key.

The hospital signs "built", the board "approved" together with the digest of approval.json. What is signed
is the canonical JSON of the whole statement, format and role included, so no signature can be taken for
another's.
"""

from __future__ import annotations

import json
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from cdm.errors import BadInput
from extract.files import canonical_json, sha256_bytes
from extract.manifest import SIGNATURES, Digest, Manifest
from extract.sign import SigningKey, verify

Role = Literal["hospital", "board"]


class Statement(BaseModel):
    """What is signed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["naru-statement/1"] = "naru-statement/1"
    role: Role
    says: Literal["built", "approved"]
    manifest_sha256: Digest
    approval_sha256: Digest | None = None

    def to_bytes(self) -> bytes:
        """Give canonical JSON."""
        return canonical_json(self.model_dump(mode="json", exclude_none=True))


class Signature(BaseModel):
    """A statement with its signer's public key and signature, both hexadecimal."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    statement: Statement
    public_key: str
    signature: str

    @property
    def holds(self) -> bool:
        """Tell whether the signature is by that key over that statement."""
        return verify(self.public_key, self.statement.to_bytes(), self.signature)


class Signatures(BaseModel):
    """The content of MANIFEST.sig."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["naru-signatures/1"] = "naru-signatures/1"
    hospital: Signature
    board: Signature

    def to_bytes(self) -> bytes:
        """Give canonical JSON."""
        return canonical_json(self.model_dump(mode="json", exclude_none=True))


def sign_release(manifest: Manifest, approval: bytes, hospital: SigningKey, board: SigningKey) -> bytes:
    """Give the bytes of MANIFEST.sig. approval: the bytes of approval.json."""
    built = Statement(role="hospital", says="built", manifest_sha256=manifest.digest)
    approved = Statement(
        role="board", says="approved", manifest_sha256=manifest.digest, approval_sha256=sha256_bytes(approval)
    )
    return Signatures(hospital=_sign(built, hospital), board=_sign(approved, board)).to_bytes()


def _sign(statement: Statement, key: SigningKey) -> Signature:
    return Signature(statement=statement, public_key=key.public, signature=key.sign(statement.to_bytes()))


def parse_signatures(data: bytes) -> Signatures:
    """Read MANIFEST.sig; BadInput when it is not, byte for byte, what `sign_release` writes."""
    try:
        found = Signatures.model_validate(json.loads(data))
        whole = found.to_bytes() == data
    except (ValueError, ValidationError, RecursionError):
        whole = False
    if not whole:
        raise BadInput(f"{SIGNATURES}: not signatures as this tool writes them; get the release anew")
    return found
