"""The ledger: what happened, who did it, in which role, to which exact object. One hash chain for each object.

An event's hash is SHA-256 over the canonical JSON (RFC 8785) of its content, the previous hash included. It is appended in
the transaction of the change, under a lock on the chain's head: on a case or a release, never on the whole table.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from drb.columns import canonical, instant
from drb.models import ChainHead, Event

GENESIS = "0" * 64


@dataclass(frozen=True)
class Entry:
    """What is to be written. object: 'case:ID', 'release:NAME' ... payload: plain JSON without personal text."""

    at: datetime
    actor: str
    role: str
    action: str
    object: str
    object_digest: str | None = None
    reason: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)


def event_hash(content: Mapping[str, Any]) -> str:
    """Hash the content of an event: every field of it but `number` and `hash`, payload as JSON."""
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def append(session: Session, entry: Entry) -> Event:
    """Write an event at the end of its object's chain, which stays locked until the transaction ends."""
    head = _locked_head(session, entry.object)
    content = {
        "seq": head.seq + 1,
        "at": instant(entry.at),
        "actor": entry.actor,
        "role": entry.role,
        "action": entry.action,
        "object": entry.object,
        "object_digest": entry.object_digest,
        "reason": entry.reason,
        "payload": dict(entry.payload),
        "prev_hash": head.hash,
    }
    event = Event(**{**content, "payload": canonical(content["payload"])}, hash=event_hash(content))
    session.add(event)
    head.seq, head.hash = event.seq, event.hash
    session.flush()
    return event


def _locked_head(session: Session, name: str) -> ChainHead:
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    start = insert(ChainHead).values(object=name, seq=0, hash=GENESIS)
    session.execute(start.on_conflict_do_nothing())
    return session.scalars(
        select(ChainHead).where(ChainHead.object == name).with_for_update().execution_options(populate_existing=True)
    ).one()


@dataclass(frozen=True)
class Recorded:
    """An event as it is read. number: its place in the order of writing over all objects."""

    number: int
    object: str
    seq: int
    at: str
    actor: str
    role: str
    action: str
    object_digest: str | None
    reason: str
    payload: Mapping[str, Any]
    hash: str

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**self.__dict__, "payload": dict(self.payload)}


def read(session: Session, name: str | None = None, limit: int | None = None) -> tuple[Recorded, ...]:
    """Read one object's events, or everybody's, in the order of writing; with a limit the last ones."""
    query = select(Event).order_by(Event.number.desc()).limit(limit)
    if name is not None:
        query = query.where(Event.object == name)
    events = list(session.scalars(query))[::-1]
    return tuple(
        Recorded(
            e.number,
            e.object,
            e.seq,
            e.at,
            e.actor,
            e.role,
            e.action,
            e.object_digest,
            e.reason,
            json.loads(e.payload),
            e.hash,
        )
        for e in events
    )
