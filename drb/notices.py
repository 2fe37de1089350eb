"""Outbox rows, in the transaction of the change: who is to be told what. Sending them is another room's work."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from drb.actors import holders
from drb.models import Case, Grant, Notice, Release
from drb.states import GrantState, Role
from drb.transitions import Audience, Row

# Told when it happens; everything else goes into the morning's digest.
AT_ONCE = frozenset({"recall", "return", "approve", "approve_conditionally", "reject", "confirm_conditions", "suspend"})
_ROLES = {
    Audience.SECRETARIES: frozenset({Role.SECRETARY}),
    Audience.MEMBERS: frozenset({Role.MEMBER, Role.CHAIR}),
}


def tell(session: Session, row: Row, thing: Case | Release | Grant, actor_id: str, now: datetime) -> None:
    """Write an outbox row for everybody whom the transition names, but whoever acted."""
    if not row.tell:
        return
    case, release, kind, key = _family(session, thing)
    people: set[str] = set()
    for audience in row.tell:
        people |= _people(session, audience, case, release, thing)
    for person_id in sorted(people - {actor_id}):
        session.add(
            Notice(
                person_id=person_id,
                object=f"{kind}:{key}",
                action=row.action,
                at_once=row.action in AT_ONCE,
                created_at=now,
            )
        )


def _family(session: Session, thing: Case | Release | Grant) -> tuple[Case, Release | None, str, str]:
    if isinstance(thing, Case):
        return thing, None, "case", thing.id
    if isinstance(thing, Release):
        return session.get_one(Case, thing.case_id), thing, "release", thing.name
    release = session.get_one(Release, thing.release_name)
    return session.get_one(Case, release.case_id), release, "grant", thing.id


def _people(
    session: Session, audience: Audience, case: Case, release: Release | None, thing: Case | Release | Grant
) -> set[str]:
    if audience is Audience.APPLICANT:
        return {case.applicant_id}
    if audience is Audience.AUTHOR:
        return {release.author_id} if release is not None and release.author_id else set()
    if audience is Audience.GRANTEES:
        return _grantees(session, release, thing)
    return {
        actor.id
        for actor in holders(session, _ROLES[audience]).values()
        if actor.active
        and actor.roles & _ROLES[audience]
        and (actor.serves is None or case.site_id in actor.serves)
        and actor.organisation != case.organisation_id
    }


def _grantees(session: Session, release: Release | None, thing: Case | Release | Grant) -> set[str]:
    if isinstance(thing, Grant):
        return {thing.person_id}
    if release is None:
        return set()
    query = select(Grant.person_id).where(Grant.release_name == release.name, Grant.state != GrantState.DESTROYED)
    return set(session.scalars(query))
