"""The evidence pack: what a reviewer sees before voting. Ten parts, made at the hospital after disclosure control.

The pack is bound to a manifest digest; its own digest stands in the ledger, and so does every look at it. A part that could
not be made says so (`missing`), so that nobody mistakes silence for safety.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from drb.columns import canonical
from drb.errors import BadInput
from drb.facts import SYSTEM
from drb.models import Release
from drb.rights import refuse
from drb.sign_in_models import EvidenceRow
from drb.visible import seen, seen_releases, sees_evidence
from drb.work import Desk, refusal

FORMAT = "naru-evidence/1"
PARTS = (
    "summary",
    "scope",
    "attrition",
    "table1",
    "risk",
    "differencing",
    "quality",
    "changes",
    "definition",
    "provenance",
)


class Light(StrEnum):
    """A traffic light; grey: not made."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    GREY = "grey"


class Said(BaseModel):
    """A sentence in two languages."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    ko: str
    en: str


class Table(BaseModel):
    """A small table. head: two languages; rows: texts, numbers, sentences; None: suppressed."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    title: Said
    head: tuple[Said, ...]
    rows: tuple[tuple[str | int | float | Said | None, ...], ...]


class Point(BaseModel):
    """A covariate of the love plot."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    before: float | None
    after: float | None


class Part(BaseModel):
    """One of the ten parts."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    light: Light
    said: tuple[Said, ...] = ()
    tables: tuple[Table, ...] = ()
    points: tuple[Point, ...] = ()
    prose: Said | None = None
    missing: Said | None = None


class Pack(BaseModel):
    """The whole pack."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    format: Annotated[str, Field(pattern=f"^{FORMAT}$")] = FORMAT
    release: str
    manifest_digest: str
    parts: Mapping[str, Part]

    def digest(self) -> str:
        """SHA-256 of the canonical JSON."""
        return hashlib.sha256(canonical(self.model_dump(mode="json")).encode()).hexdigest()


def read_pack(content: Any) -> Pack:
    """Read a pack out of plain JSON. Raises BadInput when it is none, or a part is missing."""
    try:
        pack = Pack.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadInput(f"the evidence pack is wrong at '{where}': {first['msg']}") from None
    if tuple(pack.parts) != PARTS and set(pack.parts) != set(PARTS):
        raise BadInput(f"an evidence pack has the parts {', '.join(PARTS)}")
    return pack


@dataclass(frozen=True)
class Evidence:
    """Laying a pack before the board, and reading it."""

    desk: Desk

    def lay(self, pack: Pack) -> None:
        """As automation, lay a pack beside the release that it is about. The same again changes nothing."""
        name, digest = pack.release, pack.digest()
        with self.desk.write(SYSTEM.id, "lay_evidence", f"release:{name}") as work:
            release = work.session.get(Release, name)
            if release is None:
                raise BadInput(f"no release '{name}'; register the package first")
            if release.manifest_digest != pack.manifest_digest:
                raise refusal(
                    refuse("digest_is_current", asked=pack.manifest_digest[:12], current=release.manifest_digest[:12])
                )
            there = work.session.get(EvidenceRow, (name, pack.manifest_digest))
            if there is not None and there.digest == digest:
                return
            row = there or EvidenceRow(release_name=name, manifest_digest=pack.manifest_digest)
            row.digest, row.content, row.created_at = digest, pack.model_dump(mode="json"), work.now
            work.session.add(row)
            told = {"evidence": digest}
            work.record(SYSTEM.id, "SYSTEM", "lay_evidence", ("release", name), pack.manifest_digest, told)

    def read(self, actor: str, name: str) -> Pack | None:
        """Read the pack of a release as it stands; the look is an event. None: no pack was laid.

        Raises Refused, recorded, for whoever may not see the release, BadInput when the pack is not the one that was laid.
        """
        with self.desk.look(actor, f"release:{name}") as work:
            acting = work.actor(actor)
            if not sees_evidence(acting):
                raise refusal(refuse("visible"))
            query = seen_releases(acting).where(Release.name == name)
            release = seen(work, query, Release, "release", name)
            row = work.session.get(EvidenceRow, (name, release.manifest_digest))
            if row is None:
                return None
            pack = read_pack(row.content)
            if pack.digest() != row.digest:
                raise BadInput(
                    f"the evidence of release '{name}' was changed outside the board; run `naru ledger verify`"
                )
            digest, manifest = row.digest, release.manifest_digest
        with self.desk.write(actor, "view_evidence", f"release:{name}") as work:
            role = ", ".join(sorted(work.actor(actor).roles))[:40]
            work.record(actor, role, "view_evidence", ("release", name), manifest, {"evidence": digest})
        return pack
