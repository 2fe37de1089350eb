"""How the demo's cases and releases went: when they were sent in, who voted, what was decided, who used them since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from drb.seed import cast
from drb.seed.draw import number, pick
from drb.states import CaseState as C
from drb.states import Choice, GrantState, ReleaseState, Route
from drb.states import ReleaseState as R

# Of a hundred old cases; the rest was approved at once.
REJECTED, WITHDRAWN, CONDITIONAL, RETURNED = 8, 3, 12, 64
OPEN_STATES = (C.SUBMITTED, C.SCREENING, C.RETURNED, C.IN_REVIEW, C.IN_REVIEW, C.CONDITIONAL)
OPEN_RELEASES = (R.CHECKED, R.SUBMITTED, R.PARTIALLY_REVIEWED, R.REVIEWED, R.BLOCKED, R.RETURNED)


@dataclass
class Step:
    """Something that happened."""

    at: datetime
    actor: str
    role: str
    action: str
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class CaseLife:
    """A case from its draft to where it stands."""

    id: str
    number: str
    year: int
    study: str
    site: str
    startup: int
    route: Route | None
    state: C
    round: int
    steps: list[Step]
    votes: tuple[tuple[str, Choice], ...] = ()
    decided_at: datetime | None = None
    ends: datetime | None = None
    assignee: str | None = None


@dataclass
class ReleaseLife:
    """A release under an approved case."""

    name: str
    case: CaseLife
    state: ReleaseState
    steps: list[Step]
    grant: GrantState | None = None
    approved_at: datetime | None = None
    warnings: tuple[str, ...] = ()


def _step(life: CaseLife, at: datetime, actor: str, role: str, action: str, target: C, **more: Any) -> None:
    before = life.state.value if life.steps else None
    life.state = target
    life.steps.append(Step(at, actor, role, action, {"from": before, "to": target.value, **more}))


def case(key: str, number_: str, start: datetime, study: str, wish: C | None = None) -> CaseLife:
    """Let a case live; wish: the state in which it waits now (None: decided long ago)."""
    one = number(f"startup {key}", 1, cast.STARTUPS)
    who = f"startup_{one:02d}"
    site = cast.hospital(number(f"site {key}", 1, cast.HOSPITALS))
    life = CaseLife(key, number_, start.year, study, site, one, None, C.DRAFT, 0, [])
    _step(life, start, who, "STARTUP_USER", "create", C.DRAFT, number=number_)
    at = start + timedelta(minutes=number(f"draft {key}", 5, 600))
    life.round = 1
    _step(life, at, who, "STARTUP_USER", "submit", C.SUBMITTED, version=1)
    if wish is C.SUBMITTED:
        return life
    at = _screened(life, key, at, wish)
    if wish in {C.SCREENING, C.RETURNED}:
        return life
    at = _reviewed(life, key, at)
    if wish is not C.IN_REVIEW:
        _decided(life, key, at, wish)
    return life


def _hours(key: str, low: int, high: int) -> timedelta:
    return timedelta(hours=number(key, low, high), minutes=number(f"minutes {key}", 0, 59))


def _screened(life: CaseLife, key: str, at: datetime, wish: C | None) -> datetime:
    who = f"startup_{life.startup:02d}"
    life.assignee = pick(f"secretary {key}", cast.SECRETARIES)
    at += _hours(f"screen {key}", 4, 90)
    _step(life, at, life.assignee, "SECRETARY", "screen", C.SCREENING, assignee=life.assignee)
    if wish is C.SCREENING or (wish is not C.RETURNED and number(f"returned {key}", 1, 100) > RETURNED):
        return at
    at += _hours(f"return {key}", 8, 70)
    _step(life, at, life.assignee, "SECRETARY", "return", C.RETURNED, sections=["purpose"])
    if wish is C.RETURNED:
        return at
    at += _hours(f"answer {key}", 20, 260)
    life.round = 2
    _step(life, at, who, "STARTUP_USER", "resubmit", C.SUBMITTED, version=2)
    at += _hours(f"again {key}", 2, 40)
    _step(life, at, life.assignee, "SECRETARY", "screen", C.SCREENING, assignee=life.assignee)
    return at


def _reviewed(life: CaseLife, key: str, at: datetime) -> datetime:
    routes = (
        (Route.EXPEDITED, Route.FULL, Route.FULL) if life.year < 2024 else (Route.EXPEDITED, Route.SHARED, Route.SHARED)
    )
    life.route = pick(f"route {key}", routes)
    at += _hours(f"route at {key}", 5, 60)
    _step(life, at, life.assignee or cast.SECRETARY, "SECRETARY", "route", C.IN_REVIEW, route=life.route.value)
    return at


def _decided(life: CaseLife, key: str, at: datetime, wish: C | None) -> None:
    who, chance = f"startup_{life.startup:02d}", number(f"decision {key}", 1, 100)
    if wish is None and chance <= WITHDRAWN:
        _step(life, at + _hours(f"withdraw {key}", 10, 100), who, "STARTUP_USER", "withdraw", C.WITHDRAWN)
        return
    against = wish is None and chance <= WITHDRAWN + REJECTED
    first = number(f"members {key}", 0, len(cast.MEMBERS) - 1)
    voters = [cast.MEMBERS[(first + place) % len(cast.MEMBERS)] for place in range(5)]
    choices = [Choice.REJECT if against else Choice.APPROVE] * 4 + [
        pick(f"fifth {key}", (Choice.ABSTAIN, Choice.APPROVE))
    ]
    for voter, choice in zip(voters, choices, strict=True):
        at += _hours(f"vote {key} {voter}", 1, 30)
        _step(life, at, voter, "MEMBER", "vote", C.IN_REVIEW, choice=choice.value, version=life.round)
    life.votes = tuple(zip(voters, choices, strict=True))
    at += _hours(f"decide {key}", 2, 50)
    life.decided_at, life.ends = at, at + timedelta(days=730)
    if against:
        _step(life, at, cast.CHAIR, "CHAIR", "reject", C.REJECTED)
    elif wish is C.CONDITIONAL or (wish is None and chance <= WITHDRAWN + REJECTED + CONDITIONAL):
        _step(life, at, cast.CHAIR, "CHAIR", "approve_conditionally", C.CONDITIONAL, version=life.round)
        if wish is None:
            later = at + _hours(f"confirm {key}", 40, 400)
            _step(life, later, life.assignee or cast.SECRETARY, "SECRETARY", "confirm_conditions", C.APPROVED)
    else:
        _step(life, at, cast.CHAIR, "CHAIR", "approve", C.APPROVED, version=life.round)


def old_cases(volumes: Mapping[int, int], studies: Sequence[str]) -> Iterator[CaseLife]:
    """The cases of past years, spread over the first eleven months, so that they were sent in within their year."""
    for year, volume in volumes.items():
        first = datetime(year, 1, 6, 1, tzinfo=UTC)
        for place in range(volume):
            start = first + timedelta(days=330) * (place / volume)
            key = f"demo-{year}-{place + 1:04d}"
            yield case(key, f"{year}-{place + 1:04d}", start, pick(f"study {key}", studies))


def open_cases(count: int, now: datetime, studies: Sequence[str]) -> Iterator[CaseLife]:
    """Today's work: cases of the last weeks in every state in which something waits."""
    for place in range(count):
        key = f"demo-{now.year}-{place + 1:04d}"
        wish = OPEN_STATES[place % len(OPEN_STATES)]
        weeks = 56 if wish in {C.IN_REVIEW, C.CONDITIONAL} else 24
        start = now - timedelta(days=weeks * (count - place) / count + (22 if wish is C.CONDITIONAL else 11))
        start = min(start, now - timedelta(days=2)) if wish is C.SUBMITTED else start
        numbered, study = f"{now.year}-{place + 1:04d}", pick(f"study {key}", studies)
        life = case(key, numbered, start, study, wish)
        # How long each step takes follows from the key: what would end tomorrow began as much earlier.
        late = life.steps[-1].at - now
        yield case(key, numbered, start - late - timedelta(hours=2), study, wish) if late > timedelta(0) else life
