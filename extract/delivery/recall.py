"""A recalled release in a delivery store: a signed notice stands in its place, index and objects are gone."""

from __future__ import annotations

import json
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from cdm.errors import BadInput
from extract import sign
from extract.delivery.index import index_name, parse_index, recall_name
from extract.delivery.objects import Objects
from extract.files import canonical_json
from extract.manifest import Digest
from extract.sign import SigningKey


class Notice(BaseModel):
    """That a release is recalled, since which day (ISO date), signed by the board."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["naru-recall/1"] = "naru-recall/1"
    release: str
    manifest_sha256: Digest
    recalled_on: str

    def to_bytes(self) -> bytes:
        """Give canonical JSON, which is what is signed."""
        return canonical_json(self.model_dump(mode="json"))


class SignedNotice(BaseModel):
    """A notice with its signature."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    notice: Notice
    public_key: str
    signature: str


def recall(objects: Objects, notice: Notice, key: SigningKey) -> None:
    """Stop a release: the notice first, then the index, then the objects that no other release needs.

    Again, or where it was never delivered: only the notice stands. Raises Broken in the middle; the same again goes on.
    """
    place = recall_name(notice.release)
    signed = SignedNotice(notice=notice, public_key=key.public, signature=key.sign(notice.to_bytes()))
    if objects.size(place) is None:
        objects.put(place, canonical_json(signed.model_dump(mode="json")))
    data = objects.get(index_name(notice.release))
    if data is None:
        return
    gone = {file.object for file in parse_index(data, index_name(notice.release)).files}
    for other in objects.names("releases/"):
        if other != index_name(notice.release):
            gone -= {file.object for file in parse_index(objects.get(other) or b"", other).files}
    for name in sorted(gone):
        objects.delete(name)
    objects.delete(index_name(notice.release))


def recalled(objects: Objects, release: str) -> Notice | None:
    """Read the notice of a release's recall; None when it is not recalled.

    A notice that cannot be read, or whose signature does not hold, still stops: whoever holds back a release harms less.
    """
    data = objects.get(recall_name(release))
    if data is None:
        return None
    try:
        signed = SignedNotice.model_validate(json.loads(data))
        holds = sign.verify(signed.public_key, signed.notice.to_bytes(), signed.signature)
    except (ValueError, ValidationError, RecursionError):
        holds = False
    if not holds:
        raise BadInput(
            f"{recall_name(release)}: a notice of recall that was changed; ask the hospital before you go on"
        )
    return signed.notice
