"""The one way in which anything on the board changes: decide, change, attest, record, tell - in one transaction."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from drb import personal
from drb.actors import actors
from drb.attest import attested
from drb.database import transaction
from drb.errors import BadInput, Refused
from drb.facts import SYSTEM, Actor, Asked, Facts, Who, id_of
from drb.ledger import Entry, append
from drb.models import Case, ChainHead, Grant, Release
from drb.notices import tell
from drb.quorum import Settings
from drb.rights import Decision, decide, refuse
from drb.states import State

Thing = Case | Release | Grant
Changed = TypeVar("Changed", Case, Release, Grant)
Clock = Callable[[], datetime]
ATTEMPTS = "board:attempts"
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")
_DIGEST = re.compile(r"(sha256:)?[0-9a-f]{64}")


def refusal(decision: Decision) -> Refused:
    """Turn a no into what is raised."""
    return Refused(decision.reason, decision.code, decision.reason_ko)


def utc_now() -> datetime:
    """Read the clock."""
    return datetime.now(UTC)


def checked_key(key: str, what: str) -> str:
    """Give a key back if it is one. Raises BadInput."""
    if not _KEY.fullmatch(key):
        raise BadInput(
            f"{what}: an id has 1 to 80 letters, digits, '_', '-' or '.', and begins with a letter or digit",
            "아이디는 영문·숫자·'_'·'-'·'.' 1~80자이며 영문이나 숫자로 시작해야 합니다",
        )
    return key


def checked_digest(digest: str, what: str) -> str:
    """Give a SHA-256 back if it is one. Raises BadInput."""
    if not _DIGEST.fullmatch(digest):
        raise BadInput(f"{what}: give a SHA-256 as 64 hexadecimal digits", "다이제스트는 16진수 64자리여야 합니다")
    return digest


def object_name(thing: Thing) -> str:
    """Name an object as the ledger does."""
    if isinstance(thing, Case):
        return f"case:{thing.id}"
    return f"release:{thing.name}" if isinstance(thing, Release) else f"grant:{thing.id}"


def object_digest(thing: Thing) -> str | None:
    """Say which exact content an event is about: a case's form, a release's package."""
    if isinstance(thing, Case):
        return thing.digest
    return thing.manifest_digest if isinstance(thing, Release) else None


def _move(thing: Any, target: State) -> None:
    # Untyped: that a machine's rows lead to its own states cannot be said for three machines at once.
    thing.state = target


@dataclass
class Work:
    """One transaction under way."""

    session: Session
    now: datetime
    settings: Settings
    texts: dict[str, str] = field(default_factory=dict)

    def actor(self, actor_id: Who) -> Actor:
        """Read who acts, with the roles in force now; one who was read already is given back. Raises Refused."""
        if isinstance(actor_id, Actor):
            return actor_id
        if actor_id == SYSTEM.id:
            return SYSTEM
        known = actors(self.session, [actor_id])
        if actor_id not in known:
            raise refusal(refuse("known_person"))
        return known[actor_id]

    def people(self, ids: Iterable[str]) -> dict[str, Actor]:
        """Read people with the roles in force now."""
        return actors(self.session, ids)

    def seal(self, words: str) -> str:
        """Keep what a person wrote beside the ledger; give the text's id."""
        row = personal.seal(self.session, words)
        self.texts[row.id] = row.commitment
        return row.id

    def decide(self, actor: Actor, action: str, facts: Facts, asked: Asked | None) -> Decision:
        """Ask the rules."""
        return decide(actor, action, facts, asked, now=self.now, settings=self.settings)

    def step(
        self,
        actor: Actor,
        action: str,
        facts: Facts,
        asked: Asked,
        change: Callable[[], tuple[Changed, Mapping[str, Any]]],
    ) -> Changed:
        """Take one row of a transition table, or raise Refused.

        change: makes the change and gives the object with what the event should tell; the state is set here.
        """
        decision = self.decide(actor, action, facts, asked)
        if decision.row is None or decision.role is None:
            raise refusal(decision)
        thing, payload = change()
        before = facts.state
        _move(thing, decision.row.target)
        thing.changed_at = self.now
        kind, _, key = object_name(thing).partition(":")
        told = {"from": before.value if before else None, "to": decision.row.target.value, **payload}
        self.record(actor.id, decision.role.value, action, (kind, key), object_digest(thing), told)
        tell(self.session, decision.row, thing, actor.id, self.now)
        return thing

    def record(
        self,
        actor_id: str,
        role: str,
        action: str,
        thing: tuple[str, str],
        digest: str | None,
        payload: Mapping[str, Any],
    ) -> None:
        """Append an event that attests the object as it stands now."""
        self.session.flush()
        name = f"{thing[0]}:{thing[1]}"
        told = {**payload, "row": attested(self.session, *thing)[name]}
        if self.texts:
            told["texts"] = self.texts
        append(self.session, Entry(self.now, actor_id, role, action, name, digest, payload=told))
        self.texts = {}


@dataclass(frozen=True)
class Desk:
    """Opens transactions and records what was refused in them."""

    engine: Engine
    settings: Settings
    clock: Clock

    @contextmanager
    def write(self, actor_id: str, action: str, name: str) -> Iterator[Work]:
        """Change something. A refusal undoes everything, then stands in the ledger as 'refused:action'."""
        try:
            with transaction(self.engine) as session:
                yield Work(session, self._now(), self.settings)
        except Refused as refused:
            self._record_refusal(actor_id, action, name, refused)
            raise
        except (IntegrityError, StaleDataError):
            late = refusal(refuse("changed_meanwhile"))
            self._record_refusal(actor_id, action, name, late)
            raise late from None

    @contextmanager
    def look(self, actor: Who, name: str) -> Iterator[Work]:
        """Read something that may not be the reader's: a refusal stands in the ledger as 'refused:read'."""
        try:
            with self.read() as work:
                yield work
        except Refused as refused:
            self._record_refusal(id_of(actor), "read", name, refused)
            raise

    @contextmanager
    def read(self) -> Iterator[Work]:
        """Read one consistent state; nothing is locked."""
        with transaction(self.engine, read_only=True) as session:
            yield Work(session, self._now(), self.settings)

    def _now(self) -> datetime:
        now = self.clock()
        if now.tzinfo is None:
            raise BadInput("the board's clock gives a time without a zone; give one with a zone, as UTC")
        return now

    def _record_refusal(self, actor_id: str, action: str, name: str, refused: Refused) -> None:
        with transaction(self.engine) as session:
            known = actor_id == SYSTEM.id or actor_id in actors(session, [actor_id])
            there = session.get(ChainHead, name) is not None
            payload = {"code": refused.code} if there else {"code": refused.code, "wanted": _shown(name)}
            append(
                session,
                Entry(
                    self._now(),
                    actor_id if known else "unknown",
                    "",
                    f"refused:{action}",
                    name if there else ATTEMPTS,
                    reason=refused.reason,
                    payload=payload,
                ),
            )


def _shown(name: str) -> str:
    # Whatever somebody typed as an id does not belong into a ledger that is never erased.
    return name if _KEY.fullmatch(name.partition(":")[2]) else f"{name.partition(':')[0]}:?"
