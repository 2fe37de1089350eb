"""Failures of a hospital's baseline database that somebody accepts for a while: each stands in the hospital's chain.

What the checks are about is plain; who accepts a failure and why is a person's words, sealed beside the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from drb import ledger
from drb.columns import canonical
from drb.facts import Actor
from drb.ledger import Entry, append
from drb.rights import may, refuse
from drb.work import Desk, refusal

ACTION = "waive_quality"


@dataclass(frozen=True)
class Waived:
    """One waiver. about: which checks, e.g. check, table, field, concept. name: who, or the decision's name; reason: why."""

    about: Mapping[str, str]
    name: str
    reason: str
    expiry: date

    @property
    def digest(self) -> str:
        """Tells it from every other one."""
        words = {"about": dict(self.about), "name": self.name, "reason": self.reason, "expiry": self.expiry.isoformat()}
        return sha256(canonical(words).encode()).hexdigest()


@dataclass(frozen=True)
class Waivers:
    """Writing waivers down."""

    desk: Desk

    def record(self, actor: str, site_id: str, waivers: Sequence[Waived]) -> int:
        """Write the waivers that the chain 'site:ID' does not hold yet; give their number.

        Raises Refused, recorded, for whoever may not waive a failure or does not serve this hospital.
        """
        name = f"site:{site_id}"
        with self.desk.write(actor, ACTION, name) as work:
            acting = work.actor(actor)
            decision = may(acting, ACTION)
            if not decision or decision.role is None:
                raise refusal(decision)
            if not _serves(acting, site_id):
                raise refusal(refuse("site", site=site_id))
            known = {event.object_digest for event in ledger.read(work.session, name) if event.action == ACTION}
            fresh = {one.digest: one for one in waivers if one.digest not in known}
            for digest, one in fresh.items():
                words = {part: work.seal(text) for part, text in (("name", one.name), ("reason", one.reason))}
                payload = {**one.about, **words, "expiry": one.expiry.isoformat(), "texts": work.texts}
                append(
                    work.session, Entry(work.now, acting.id, decision.role.value, ACTION, name, digest, payload=payload)
                )
                work.texts = {}
            return len(fresh)


def _serves(actor: Actor, site_id: str) -> bool:
    return actor.serves is None or site_id in actor.serves
