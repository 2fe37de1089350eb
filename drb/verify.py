"""Read the whole ledger and name the first event that is not what was written.

Found from inside: an event edited, removed, inserted, moved; a row (state, digest, role, vote) that no event accounts for;
a text that is not the one written. Found only with an exported root (`drb.roots`): a chain cut short or written anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from drb.columns import canonical
from drb.ledger import GENESIS, event_hash
from drb.merkle import root
from drb.models import ChainHead, Event
from drb.replay import rows_that_differ, texts_that_differ

FETCH = 2_000


@dataclass(frozen=True)
class FirstBad:
    """number: place in the whole ledger; None when the event is missing. seq: place in the object's chain."""

    number: int | None
    object: str
    seq: int
    what: str

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return dict(self.__dict__)


@dataclass(frozen=True)
class LedgerReport:
    """events: how many were read. head: Merkle root over the heads of all chains. first_bad: None when all is well."""

    ok: bool
    events: int
    head: str
    first_bad: FirstBad | None = None
    roots: int = 0

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        bad = self.first_bad.to_json() if self.first_bad else None
        return {**self.__dict__, "first_bad": bad}


class Head(NamedTuple):
    """The end of a chain."""

    seq: int
    hash: str


@dataclass
class Walk:
    """What reading the events in order has found so far."""

    events: int
    heads: dict[str, Head]
    rows: dict[str, Mapping[str, Any]]
    texts: dict[str, dict[str, str]]
    last: dict[str, tuple[int, int]]
    bad: list[FirstBad]


def verify(session: Session, name: str | None = None) -> LedgerReport:
    """Verify one object's chain, or everything. Reads events in order of writing, a few thousand at a time."""
    walk = Walk(0, {}, {}, {}, {}, [])
    for row in _events(session, name):
        _step(walk, row)
    _heads(session, walk, name)
    if not walk.bad:
        walk.bad.extend(_rows(session, walk, name))
    first = min(walk.bad, key=_place, default=None)
    return LedgerReport(not walk.bad, walk.events, root(walk.heads), first)


def _place(bad: FirstBad) -> tuple[bool, int, str, int]:
    return (bad.number is None, bad.number or 0, bad.object, bad.seq)


def _events(session: Session, name: str | None) -> Iterator[Any]:
    table = Event.__table__
    query = select(table).order_by(table.c.number)
    if name is not None:
        query = query.where(table.c.object == name)
    yield from session.execute(query.execution_options(yield_per=FETCH))


def _step(walk: Walk, row: Any) -> None:
    walk.events += 1
    before = walk.heads.get(row.object, Head(0, GENESIS))
    what = _wrong(row, before)
    if what is not None:
        walk.bad.append(FirstBad(row.number, row.object, row.seq, what))
    walk.heads[row.object] = Head(row.seq, row.hash)
    if what is None:
        payload = json.loads(row.payload)
        walk.texts.setdefault(row.object, {}).update(payload.get("texts", {}))
        if "row" in payload:
            walk.rows[row.object], walk.last[row.object] = payload["row"], (row.number, row.seq)


def _wrong(row: Any, before: Head) -> str | None:
    if row.seq != before.seq + 1:
        return f"event {before.seq + 1} of this object should stand here, but it is event {row.seq}: removed, inserted or moved"
    if row.prev_hash != before.hash:
        return "it does not continue the event before it: that one was replaced, removed or moved"
    content = {column.name: getattr(row, column.name) for column in Event.__table__.columns}
    content.pop("number")
    written = content.pop("hash")
    try:
        content["payload"] = json.loads(content["payload"])
        same = canonical(content["payload"]) == row.payload and event_hash(content) == written
    except (ValueError, TypeError):
        same = False
    return None if same else "its content is not what its hash says: edited"


def _heads(session: Session, walk: Walk, name: str | None) -> None:
    query = select(ChainHead.object, ChainHead.seq, ChainHead.hash).order_by(ChainHead.object)
    if name is not None:
        query = query.where(ChainHead.object == name)
    stored = {row.object: Head(row.seq, row.hash) for row in session.execute(query)}
    for chain in sorted(stored.keys() | walk.heads.keys()):
        there, expected = walk.heads.get(chain, Head(0, GENESIS)), stored.get(chain, Head(0, GENESIS))
        if there != expected and there.seq < expected.seq:
            walk.bad.append(FirstBad(None, chain, there.seq + 1, f"removed: the chain had {expected.seq} events"))
        elif there != expected:
            walk.bad.append(FirstBad(None, chain, there.seq, "it is not the last event that the board wrote"))


def _rows(session: Session, walk: Walk, name: str | None) -> Iterator[FirstBad]:
    for differ, told in ((rows_that_differ, walk.rows), (texts_that_differ, walk.texts)):
        for chain, what in differ(session, told, name):
            number, seq = walk.last.get(chain, (None, 0))
            yield FirstBad(number, chain, seq, what)
