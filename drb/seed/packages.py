"""The demo's releases: what was built, reviewed, released and used under its approved cases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from drb.seed import cast
from drb.seed.draw import digest, number
from drb.seed.lives import OPEN_RELEASES, CaseLife, ReleaseLife, Step
from drb.states import CaseState, GrantState
from drb.states import ReleaseState as R

# One in so many approved cases came to a release.
ONE_IN = 6
_WAY = (
    (R.BUILT, "system", "SYSTEM", "build"),
    (R.CHECKED, "system", "SYSTEM", "pass_gates"),
    (R.SUBMITTED, "author", "RELEASE_AUTHOR", "submit"),
    (R.PARTIALLY_REVIEWED, "first", "MEMBER", "vote"),
    (R.REVIEWED, "second", "MEMBER", "vote"),
    (R.APPROVED, "secretary", "SECRETARY", "approve"),
    (R.PUBLISHING, "system", "SYSTEM", "begin_publish"),
    (R.RELEASED, "system", "SYSTEM", "finish_publish"),
)
_ENDS = {R.BLOCKED: ("system", "SYSTEM", "block", R.BUILT), R.RETURNED: ("first", "MEMBER", "return", R.SUBMITTED)}


def releases(cases: Sequence[CaseLife], now: datetime, open_count: int) -> Iterator[ReleaseLife]:
    """Old releases that are out, and as many open ones as asked for."""
    approved = [life for life in cases if life.state is CaseState.APPROVED]
    for life in approved[: -open_count or None]:
        if number(f"release {life.id}", 1, ONE_IN) == 1 and life.decided_at is not None:
            yield _release(life, R.RELEASED, life.decided_at + timedelta(days=20), now)
    for place, life in enumerate(approved[len(approved) - open_count :]):
        state = OPEN_RELEASES[place % len(OPEN_RELEASES)]
        yield _release(life, state, now - timedelta(days=4 + 11 * place / max(open_count, 1)), now)


def first_reviewer(name: str) -> int:
    """The place of the first of two reviewers among the members."""
    return number(f"reviewer {name}", 0, len(cast.MEMBERS) - 2)


def _release(life: CaseLife, state: R, start: datetime, now: datetime) -> ReleaseLife:
    site = life.site.removeprefix("hospital-")
    name = f"{life.study}-{life.site}-{life.number}"
    reviewer = first_reviewer(name)
    actors = {
        "system": "system",
        "author": f"author_{site}",
        "first": cast.MEMBERS[reviewer],
        "second": cast.MEMBERS[reviewer + 1],
        "secretary": life.assignee or cast.SECRETARY,
    }
    found = ReleaseLife(name, life, state, [], warnings=(("W-DATES",) if number(f"warned {name}", 1, 3) == 1 else ()))
    at, before = start, None
    last = _ENDS[state][3] if state in _ENDS else state
    for target, who, role, action in _WAY:
        found.steps.append(Step(at, actors[who], role, action, {"from": before, "to": target.value}))
        before = target.value
        if target is R.APPROVED:
            found.approved_at = at
        if target is last:
            break
        at += timedelta(hours=number(f"{action} {name}", 1, 30))
    if state in _ENDS:
        who, role, action, _ = _ENDS[state]
        found.steps.append(
            Step(at + timedelta(hours=2), actors[who], role, action, {"from": before, "to": state.value})
        )
    if state is R.RELEASED:
        over = life.ends is not None and life.ends < now
        ended = GrantState.DESTRUCTION_DUE if number(f"grant {name}", 1, 12) == 1 else GrantState.DESTROYED
        found.grant = ended if over else GrantState.ACTIVE
    return found


def manifest(name: str) -> str:
    """The digest of a package that does not exist."""
    return digest(f"package {name}")
