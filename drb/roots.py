"""Signed daily roots: what the ledger was at the end of a day, kept here and exported for a witness outside.

A chain that was cut short or written anew from its beginning verifies by itself; it does not lead through the heads that a
root of an earlier day named.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from drb.columns import canonical
from drb.errors import BadInput
from drb.merkle import root
from drb.models import ChainHead, Event
from drb.rights import KOREA
from drb.sign_in_models import LedgerRoot
from drb.verify import FirstBad
from drb.work import Desk, Work

Sign = Callable[[bytes], str]
Check = Callable[[bytes, str], bool]
FORMAT = "naru-ledger-root/1"


@dataclass(frozen=True)
class Root:
    """The heads of all chains at the end of a day, their Merkle root, and the board's signature over both."""

    day: str
    events: int
    root: str
    heads: Mapping[str, tuple[int, str]]
    signature: str

    def signed(self) -> bytes:
        """What the signature is over."""
        heads = {name: list(head) for name, head in self.heads.items()}
        return canonical(
            {"format": FORMAT, "day": self.day, "events": self.events, "root": self.root, "heads": heads}
        ).encode()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, as it is exported."""
        return {**json.loads(self.signed()), "signature": self.signature}


def read_root(content: Mapping[str, Any]) -> Root:
    """Read an exported root. Raises BadInput for anything else."""
    try:
        if content["format"] != FORMAT:
            raise KeyError("format")
        heads = {str(name): (int(seq), str(digest)) for name, (seq, digest) in content["heads"].items()}
        return Root(str(content["day"]), int(content["events"]), str(content["root"]), heads, str(content["signature"]))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise BadInput(f"this is no exported root of a ledger; its format is {FORMAT}") from None


@dataclass(frozen=True)
class Roots:
    """Writing and reading roots."""

    desk: Desk

    def close_day(self, sign: Sign) -> Root:
        """Sign today's root (Korea); again on the same day it is renewed."""
        with self.desk.write("system", "sign_root", "board:roots") as work:
            ends = heads(work)
            events = work.session.scalar(select(func.count()).select_from(Event)) or 0
            day = work.now.astimezone(KOREA).date().isoformat()
            unsigned = Root(day, events, root(ends), ends, "")
            made = Root(day, events, unsigned.root, ends, sign(unsigned.signed()))
            row = work.session.get(LedgerRoot, day) or LedgerRoot(day=day)
            row.events, row.root, row.signature = made.events, made.root, made.signature
            row.heads = {name: list(head) for name, head in ends.items()}
            work.session.add(row)
            return made

    def list(self) -> tuple[Root, ...]:
        """Read the roots that the board kept, oldest first."""
        with self.desk.read() as work:
            rows = work.session.scalars(select(LedgerRoot).order_by(LedgerRoot.day)).all()
            return tuple(
                Root(r.day, r.events, r.root, {n: (s, h) for n, (s, h) in r.heads.items()}, r.signature) for r in rows
            )

    def against(self, roots: Iterable[Root], check: Check) -> FirstBad | None:
        """Compare the ledger with roots from outside: the first chain that does not lead through a head they name."""
        with self.desk.read() as work:
            for one in sorted(roots, key=lambda r: r.day):
                bad = _against(work, one, check)
                if bad is not None:
                    return bad
        return None


def heads(work: Work) -> dict[str, tuple[int, str]]:
    """Read the end of every chain."""
    query = select(ChainHead.object, ChainHead.seq, ChainHead.hash).where(ChainHead.seq > 0)
    return {row.object: (row.seq, row.hash) for row in work.session.execute(query)}


def _against(work: Work, one: Root, check: Check) -> FirstBad | None:
    if root(one.heads) != one.root or not check(one.signed(), one.signature):
        return FirstBad(None, "board:roots", 0, f"the root of {one.day} does not bear the board's signature")
    query = select(Event.object, Event.seq, Event.hash)
    wanted = {(name, seq): digest for name, (seq, digest) in one.heads.items()}
    found = {(row.object, row.seq): row.hash for row in work.session.execute(query) if (row.object, row.seq) in wanted}
    for (name, seq), digest in sorted(wanted.items()):
        if found.get((name, seq)) != digest:
            what = "removed" if (name, seq) not in found else "written anew"
            return FirstBad(None, name, seq, f"it is not the event that the root of {one.day} names: {what}")
    return None
