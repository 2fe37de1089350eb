"""Whose turn it is: the board's clock runs while the board has it, and stops while somebody else has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from drb.states import CaseState, ReleaseState

OURS: frozenset[str] = frozenset(
    {
        CaseState.SUBMITTED,
        CaseState.SCREENING,
        CaseState.IN_REVIEW,
        *(f"release {s}" for s in (ReleaseState.SUBMITTED, ReleaseState.PARTIALLY_REVIEWED, ReleaseState.REVIEWED)),
    }
)
THEIRS: frozenset[str] = frozenset(
    {
        CaseState.RETURNED,
        CaseState.CONDITIONAL,
        *(f"release {s}" for s in (ReleaseState.CHECKED, ReleaseState.RETURNED)),
    }
)


@dataclass(frozen=True)
class Turn:
    """How long the board had an object, how long others had it, and whether the board's clock runs now."""

    ours: timedelta = timedelta(0)
    theirs: timedelta = timedelta(0)
    running: bool = False
    first_sent: datetime | None = None

    def days(self) -> int:
        """Whole days on the board's clock."""
        return self.ours.days

    def left(self, allowed: int) -> int:
        """Whole days until it is late; negative: late."""
        return allowed - self.days()

    def due(self, allowed: int, now: datetime) -> datetime | None:
        """When it is late, if nobody stops the clock; None while it stands."""
        return now + timedelta(days=allowed) - self.ours if self.running else None


def kind_of(name: str, state: str) -> str:
    """Name a state apart from the same state of another machine."""
    return f"release {state}" if name.startswith("release:") else state


def turns(session: Session, names: Iterable[str], now: datetime) -> Mapping[str, Turn]:
    """Add up the clocks of objects; one query over `state_change`, however many."""
    wanted = sorted(set(names))
    found: dict[str, list[tuple[str, datetime, datetime, bool]]] = defaultdict(list)
    for start in range(0, len(wanted), 400):
        part = wanted[start : start + 400]
        marks = ", ".join(f":n{i}" for i in range(len(part)))
        query = text(
            f"SELECT object, target, at, until FROM state_change WHERE object IN ({marks}) ORDER BY object, seq"
        )
        for row in session.execute(query, {f"n{i}": name for i, name in enumerate(part)}):
            until = datetime.fromisoformat(row.until) if row.until else now
            at = datetime.fromisoformat(row.at)
            found[row.object].append((kind_of(row.object, row.target), at, until, row.until is None))
    return {name: _turn(found[name]) for name in wanted}


def _turn(stays: list[tuple[str, datetime, datetime, bool]]) -> Turn:
    ours = theirs = timedelta(0)
    running, first = False, None
    for state, at, until, last in stays:
        if state in OURS:
            ours += until - at
            running = running or last
            first = first or at
        elif state in THEIRS and first is not None:
            theirs += until - at
    return Turn(ours, theirs, running, first)
