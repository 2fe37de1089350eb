"""A signed certificate of destruction (파기 확인서): who destroyed which release when, under the key they registered."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from drb.board import Board
from drb.columns import canonical
from drb.errors import BadInput
from drb.keys import RecipientKeys
from drb.views import Certificate, GrantView, ReleaseView

FORMAT = "naru-destruction/1"


def statement(release: str, manifest_sha256: str, person: str, destroyed_on: date, files: int) -> dict[str, Any]:
    """Give what is signed, as plain JSON. files: how many were removed."""
    return {
        "format": FORMAT,
        "release": release,
        "manifest_sha256": manifest_sha256,
        "person": person,
        "destroyed_on": destroyed_on.isoformat(),
        "files": files,
    }


def checked(document: bytes, grant: GrantView, release: ReleaseView, keys: RecipientKeys | None) -> str:
    """Give a certificate's canonical text, once its signature and what it names hold. Raises BadInput saying what does not."""
    try:
        told: dict[str, Any] = json.loads(document)
        said, signature = dict(told["statement"]), bytes.fromhex(told["signature"])
        date.fromisoformat(said["destroyed_on"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadInput(
            "not a certificate of destruction as `naru destroy` writes it; give that file, unchanged",
            "naru destroy가 만든 파기 확인서가 아닙니다",
        ) from None
    if keys is None:
        raise BadInput(
            f"'{grant.person}' registered no key, so nothing can be held against it; register it (naru key register)",
            "등록된 서명 공개키가 없습니다",
        )
    expected = {
        "format": FORMAT, "release": grant.release, "manifest_sha256": release.manifest_digest, "person": grant.person
    }  # fmt: skip
    for part, value in expected.items():
        if said.get(part) != value:
            raise BadInput(
                f"the certificate's {part} is not that of grant '{grant.id}'; give the certificate of this release",
                "파기 확인서가 이 이용권의 것이 아닙니다",
            )
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(keys.signing)).verify(signature, canonical(said).encode())
    except (InvalidSignature, ValueError):
        raise BadInput(
            f"the certificate is not signed with the key that '{grant.person}' registered, or was changed",
            "파기 확인서의 서명이 등록된 공개키와 맞지 않습니다",
        ) from None
    return canonical({"statement": said, "signature": signature.hex(), "public_key": keys.signing})


def told(certificate: Certificate) -> tuple[str, int] | None:
    """Day and number of files that a signed certificate names; None for words, or where it was erased."""
    if certificate.signed_with is None or certificate.text is None:
        return None
    said = json.loads(certificate.text)["statement"]
    return str(said["destroyed_on"]), said["files"] if isinstance(said.get("files"), int) else 0


def certify(board: Board, actor: str, grant_id: str, document: bytes) -> GrantView:
    """Hand a signed certificate to the board. Raises BadInput where its signature or what it names does not hold."""
    grant = board.grants.get(actor, grant_id)
    release = board.releases.get("system", grant.release)
    keys = board.keys.of([grant.person]).get(grant.person)
    text = checked(document, grant, release, keys)
    return board.grants.certify_destruction(actor, grant_id, text, keys.signing if keys else None)
