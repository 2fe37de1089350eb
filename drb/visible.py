"""Who sees which cases, releases and grants. The same question is asked for one object and for a list."""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, false, or_, select, true

from drb.errors import NotFound
from drb.facts import Actor
from drb.models import Base, Case, Grant, Release
from drb.rights import refuse
from drb.states import CaseState, ReleaseState, Role
from drb.transitions import AUDIT, AuditScope
from drb.work import Work, refusal

Row = TypeVar("Row", bound=Base)
_OF_A_SITE = frozenset({Role.DATA_ENGINEER, Role.RELEASE_AUTHOR, Role.MEMBER, Role.SECRETARY, Role.CHAIR})
# A startup learns of a release when it is out, not while it is argued about.
_OUT = (ReleaseState.RELEASED, ReleaseState.SUPERSEDED, ReleaseState.RECALLED, ReleaseState.DESTROYED)


def reads_all(actor: Actor) -> bool:
    """Say whether a person reads everything."""
    return any(AUDIT.get(role) is AuditScope.ALL for role in actor.roles)


def sees_evidence(actor: Actor) -> bool:
    """Say whether evidence packs are for a person: they name releases of others, so they are not for an applicant."""
    return actor.active and (reads_all(actor) or bool(actor.roles & _OF_A_SITE))


def _of_site(actor: Actor, site: Any) -> ColumnElement[bool]:
    if not actor.roles & _OF_A_SITE:
        return false()
    return true() if actor.serves is None else site.in_(sorted(actor.serves))


def _of_applicant(actor: Actor) -> ColumnElement[bool]:
    return Case.organisation_id == actor.organisation if Role.STARTUP_USER in actor.roles else false()


def seen_cases(actor: Actor) -> Select[Case]:
    """Select the cases that a person may read: a draft is its applicants' own."""
    query = select(Case)
    if not actor.active:
        return query.where(false())
    if reads_all(actor):
        return query
    return query.where(or_(_of_applicant(actor), _of_site(actor, Case.site_id) & (Case.state != CaseState.DRAFT)))


def seen_releases(actor: Actor) -> Select[Release]:
    """Select the releases that a person may read."""
    query = select(Release).join(Case, Case.id == Release.case_id)
    if not actor.active:
        return query.where(false())
    if reads_all(actor):
        return query
    return query.where(or_(_of_applicant(actor) & Release.state.in_(_OUT), _of_site(actor, Release.site_id)))


def seen_grants(actor: Actor) -> Select[Grant]:
    """Select the grants that a person may read."""
    query = select(Grant).join(Release, Release.name == Grant.release_name).join(Case, Case.id == Release.case_id)
    if not actor.active:
        return query.where(false())
    if reads_all(actor):
        return query
    return query.where(or_(_of_applicant(actor), _of_site(actor, Release.site_id)))


def seen(work: Work, query: Select[Row], model: type[Row], kind: str, key: str) -> Row:
    """Read one object. Raises Refused when it is not the reader's, BadInput when there is none."""
    row = work.session.scalars(query).one_or_none()
    if row is not None:
        return row
    if work.session.get(model, key) is None:
        raise NotFound(f"no {kind} '{key}'; `naru board {kind} list` lists them", "해당 건이 없습니다")
    raise refusal(refuse("visible"))
