"""Read people and objects as facts: a fixed number of queries, however many objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Select, bindparam, func, or_, select
from sqlalchemy.orm import Session

from drb.actors import actors, holders
from drb.case_parts import CaseParts, case_parts, standing_votes
from drb.conditions import LABELS, Conditions
from drb.conditions import read as read_conditions
from drb.facts import Actor, Bound, CaseFacts, GrantFacts, ReleaseBallot, ReleaseFacts
from drb.models import Base, Case, Grant, Release
from drb.quorum import Ballot
from drb.scope import beyond
from drb.states import GrantState, OrganisationKind, Role

Row = TypeVar("Row", bound=Base)
INTEREST, ENDORSEMENT, REQUIREMENT = "interest", "endorsement", "requirement"
# These need no form: nobody can apply without them.
_FORM = ("title", "purpose", "tables", "irb_reference")


# These count as out: somebody holds them, or held them and has not certified that they are gone.
_OUT = (
    or_(Grant.state == GrantState.ACTIVE, Grant.downloads > 0),
    Grant.state != GrantState.DESTROYED,
)


def _counted_by(key: Any) -> Select[Any]:
    joined = select(key, func.count()).select_from(Grant).join(Release, Release.name == Grant.release_name)
    return joined.where(key.in_(bindparam("keys", expanding=True)), *_OUT).group_by(key)


_OF_CASE, _OF_RELEASE = _counted_by(Release.case_id), _counted_by(Release.name)


def _copies(session: Session, query: Select[Any], keys: Sequence[str]) -> dict[str, int]:
    return {row[0]: row[1] for row in session.execute(query, {"keys": keys})}


def conditions_of(rows: Iterable[Any]) -> Conditions:
    """Put the typed conditions of a case together."""
    return read_conditions({row.kind: row.value for row in rows if row.kind in LABELS})


def missing_parts(case: Case) -> tuple[str, ...]:
    """Name the parts of the form that are empty."""
    return tuple(name for name in _FORM if not getattr(case, name))


def case_facts(session: Session, cases: Sequence[Case], parts: CaseParts | None = None) -> dict[str, CaseFacts]:
    """Read what the rules need to know about cases; six queries, two with the parts in hand."""
    if not cases:
        return {}
    ids = [case.id for case in cases]
    parts = parts or case_parts(session, ids)
    votes, comments, conditions, people = parts.votes, parts.comments, parts.conditions, parts.people
    copies = _copies(session, _OF_CASE, ids)
    voters = holders(session, (Role.MEMBER, Role.CHAIR))
    facts = {}
    for case in cases:
        interested = frozenset(p.person_id for p in people[case.id] if p.kind == INTEREST)
        requirements = {requirement_name(row): row for row in conditions[case.id] if row.kind == REQUIREMENT}
        facts[case.id] = CaseFacts(
            id=case.id,
            state=case.state,
            site_id=case.site_id,
            study_id=case.study_id,
            organisation=case.organisation_id,
            applicant=case.applicant_id,
            version=case.round,
            route=case.route,
            missing=missing_parts(case),
            open_sections=frozenset(c.section for c in comments[case.id] if c.answer_id is None),
            ballots=tuple(
                Ballot(v.person_id, v.choice, external=_external(voters.get(v.person_id), case))
                for v in votes[f"case:{case.id}"]
                if v.person_id not in interested
            ),
            entitled=sum(_entitled(actor, case, interested) for actor in voters.values()),
            interested=interested,
            requirements=frozenset(requirements),
            unmet=frozenset(name for name, row in requirements.items() if row.evidence_id is None),
            endorsers=frozenset(p.person_id for p in people[case.id] if p.kind == ENDORSEMENT) - interested,
            copies_out=copies.get(case.id, 0),
            decided_by=case.decided_by,
            decided_at=case.decided_at,
            undo_until=case.undo_until,
            tables={table: tuple(columns) for table, columns in case.tables.items()},
            conditions=conditions_of(conditions[case.id]),
        )
    return facts


def requirement_name(row: Any) -> str:
    """Name a requirement, as people see it."""
    return str(row.value)


def _external(actor: Actor | None, case: Case) -> bool:
    return actor is not None and not (
        actor.kind is OrganisationKind.HOSPITAL and actor.serves == frozenset({case.site_id})
    )


def _entitled(actor: Actor, case: Case, interested: frozenset[str]) -> bool:
    serving = actor.serves is None or case.site_id in actor.serves
    votes = bool(actor.roles & {Role.MEMBER, Role.CHAIR})
    apart = actor.organisation != case.organisation_id and actor.id != case.applicant_id
    return actor.active and serving and votes and apart and actor.id not in interested


def bound(release: Release, case: CaseFacts) -> Bound:
    """Say what an approval given now is tied to."""
    return Bound(release.manifest_digest, release.policy_digest, release.cdm_digest, case.version)


def release_facts(
    session: Session, releases: Sequence[Release], cases: dict[str, CaseFacts] | None = None
) -> dict[str, ReleaseFacts]:
    """Read what the rules need to know about releases, their cases included; a dozen queries."""
    if not releases:
        return {}
    if cases is None:
        ids = sorted({release.case_id for release in releases})
        cases = case_facts(session, list(session.scalars(select(Case).where(Case.id.in_(ids)))))
    names = [release.name for release in releases]
    votes = standing_votes(session, [f"release:{name}" for name in names])
    copies = _copies(session, _OF_RELEASE, names)
    builders = actors(session, (release.built_by for release in releases))
    facts = {}
    for release in releases:
        case = cases[release.case_id]
        builder = builders.get(release.built_by)
        facts[release.name] = ReleaseFacts(
            id=release.name,
            state=release.state,
            case=case,
            site_id=release.site_id,
            study_id=release.study_id,
            bound=bound(release, case),
            built_by=release.built_by,
            builder_serves=builds_for(builder, release.site_id),
            author=release.author_id,
            checked_digest=release.checked_digest,
            beyond_case=beyond(case, release.tables, release.smallest_class),
            ballots=tuple(
                ReleaseBallot(v.person_id, v.choice, Bound(**v.bound))
                for v in votes[f"release:{release.name}"]
                if v.person_id not in case.interested
            ),
            approved=Bound(**release.approved) if release.approved else None,
            approved_at=release.approved_at,
            decided_by=release.decided_by,
            decided_at=release.decided_at,
            undo_until=release.undo_until,
            copies_out=copies.get(release.name, 0),
        )
    return facts


def builds_for(builder: Actor | None, site_id: str) -> bool:
    """Say whether a person is a data engineer of this hospital."""
    return (
        builder is not None
        and builder.active
        and Role.DATA_ENGINEER in builder.roles
        and builder.kind is OrganisationKind.HOSPITAL
        and builder.serves == frozenset({site_id})
    )


def grant_facts(
    session: Session, grants: Sequence[Grant], releases: Mapping[str, ReleaseFacts] | None = None
) -> dict[str, GrantFacts]:
    """Read what the rules need to know about grants, their releases and cases included."""
    if not grants:
        return {}
    if releases is None:
        names = sorted({grant.release_name for grant in grants})
        releases = release_facts(session, list(session.scalars(select(Release).where(Release.name.in_(names)))))
    people = actors(session, (grant.person_id for grant in grants))
    return {
        grant.id: GrantFacts(
            grant.id,
            grant.state,
            releases[grant.release_name],
            grant.person_id,
            not_entitled(people.get(grant.person_id), releases[grant.release_name].case),
            certified=grant.certificate_id is not None,
        )
        for grant in grants
    }


def not_entitled(person: Actor | None, case: CaseFacts) -> str | None:
    """Say why a person may not hold a grant under a case; None: they may."""
    if person is None or not person.active:
        return "no such person"
    if person.organisation != case.organisation:
        return "not of the organisation that applied"
    if Role.STARTUP_USER not in person.roles:
        return "not a startup user"
    named = case.conditions.named_people
    if named and person.id not in named:
        return "not among the people whom the approval names"
    return None


def locked(query: Select[Row]) -> Select[Row]:
    """Hold the rows until the transaction ends (PostgreSQL; SQLite holds the whole file)."""
    return query.with_for_update().execution_options(populate_existing=True)
