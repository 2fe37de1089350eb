"""이용권: who may use which release, until when, and the end of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from drb.actors import actors
from drb.cases import existing
from drb.counting import following
from drb.errors import BadInput, NotFound
from drb.facts import SYSTEM, Asked, GrantFacts, Who
from drb.ledger import read
from drb.load import grant_facts, locked, not_entitled, release_facts
from drb.models import Grant, Person, PersonalText
from drb.personal import unseal
from drb.releases import existing_release
from drb.rights import Decision, decide, refuse
from drb.states import GrantState
from drb.statistics import destroy_by
from drb.views import Certificate, GrantView
from drb.visible import seen, seen_grants
from drb.work import Desk, Work, checked_digest, checked_key, refusal

_OVER = (GrantState.REVOKED, GrantState.DESTROYED)
Change = Callable[[Work, Grant], Mapping[str, Any]]


@dataclass(frozen=True)
class Grants:
    """Every call takes the person who acts; it raises Refused when the rules say no, BadInput for what cannot be."""

    desk: Desk

    def create(self, actor: str, person_id: str, release: str) -> GrantView:
        """Grant a release to a person of the organisation that applied. A live grant is given back as it is."""
        with self.desk.write(actor, "create", f"grant:{release}.{person_id}") as work:
            acting = work.actor(actor)
            existing(work, existing_release(work, release, lock=False).case_id)
            row = existing_release(work, release)
            if work.session.get(Person, person_id) is None:
                raise BadInput(f"no person '{checked_key(person_id, 'person')}'; add them first")
            of_release = release_facts(work.session, [row])[release]
            person = actors(work.session, [person_id])[person_id]
            facts = GrantFacts("new", None, of_release, person_id, not_entitled(person, of_release.case))
            live = _latest(work.session, person_id, release)
            if live is not None and live.state not in _OVER and work.decide(acting, "create", facts, Asked()):
                return _view(work.session, live)

            def change() -> tuple[Grant, Mapping[str, Any]]:
                grant = Grant(
                    id=f"g-{following(work.session, 'grant'):05d}",
                    state=GrantState.PENDING_TERMS,
                    release_name=release,
                    person_id=person_id,
                    downloads=0,
                    created_at=work.now,
                    changed_at=work.now,
                )
                work.session.add(grant)
                work.session.flush()
                return grant, {"release": release, "person": person_id, "manifest": row.manifest_digest}

            return _view(work.session, work.step(acting, "create", facts, Asked(), change))

    def accept_terms(self, actor: str, grant_id: str, terms_digest: str) -> GrantView:
        """As the grantee, accept the terms of use; terms_digest: SHA-256 of the text that was shown."""
        checked_digest(terms_digest, "terms")

        def change(work: Work, grant: Grant) -> Mapping[str, Any]:
            grant.terms_digest, grant.accepted_at = terms_digest, work.now
            return {"terms": terms_digest}

        return self._act(actor, "accept_terms", grant_id, Asked(digest=terms_digest), change)

    def may_download(self, person_id: str, release: str, now: datetime | None = None) -> Decision:
        """Answer for lists, pages, downloads and the API alike whether a person may download a release now."""
        with self.desk.read() as work:
            return _may_download(work, person_id, release, now or work.now)

    def download(self, actor: str, release: str) -> GrantView:
        """Record a download before it begins. Raises Refused, recorded, when it is not allowed."""
        with self.desk.write(actor, "download", f"release:{release}") as work:
            acting = work.actor(actor)
            existing(work, existing_release(work, release, lock=False).case_id)
            existing_release(work, release)
            grant = _latest(work.session, actor, release)
            if grant is None:
                raise refusal(refuse("no_grant"))
            facts = grant_facts(work.session, [grant])[grant.id]

            def change() -> tuple[Grant, Mapping[str, Any]]:
                grant.downloads += 1
                return grant, {"release": release, "manifest": facts.release.bound.manifest_digest}

            return _view(work.session, work.step(acting, "download", facts, Asked(), change))

    def revoke(self, actor: str, grant_id: str, reason: str) -> GrantView:
        """End a grant at once."""

        def change(work: Work, grant: Grant) -> Mapping[str, Any]:
            return {"words": work.seal(reason)}

        return self._act(actor, "revoke", grant_id, Asked(words=reason), change)

    def due(self, actor: str = SYSTEM.id) -> tuple[GrantView, ...]:
        """Let every active grant whose use has ended fall due for destruction; give those that did."""
        with self.desk.write(actor, "fall_due", "board:due") as work:
            acting = work.actor(actor)
            query = select(Grant).where(Grant.state == GrantState.ACTIVE).order_by(Grant.id)
            grants = list(work.session.scalars(locked(query)))
            facts = grant_facts(work.session, grants)
            over = [g for g in grants if work.decide(acting, "fall_due", facts[g.id], Asked()).code != "expired"]
            for grant in over:
                work.step(acting, "fall_due", facts[grant.id], Asked(), partial(_unchanged, grant))
            return tuple(_view(work.session, grant) for grant in over)

    def certify_destruction(
        self, actor: str, grant_id: str, certificate: str, signed_with: str | None = None
    ) -> GrantView:
        """As the grantee, certify that every copy is destroyed; certificate: its words or where it is.

        signed_with: the registered key that its signature was held against, for `drb.destruction.certify` to say.
        """

        def change(work: Work, grant: Grant) -> Mapping[str, Any]:
            grant.certificate_id = work.seal(certificate)
            return {} if signed_with is None else {"signed_with": signed_with}

        return self._act(actor, "certify_destruction", grant_id, Asked(words=certificate), change)

    def confirm_destroyed(self, actor: str, grant_id: str) -> GrantView:
        """As secretary, confirm the certificate of destruction."""
        return self._act(actor, "confirm_destroyed", grant_id, Asked(), lambda work, grant: {})

    def remind(self, actor: str, grant_id: str) -> GrantView:
        """Remind the grantee of what is due: an outbox row, nothing else changes."""
        return self._act(actor, "remind", grant_id, Asked(), lambda work, grant: {})

    def get(self, actor: str, grant_id: str) -> GrantView:
        """Read a grant. Raises Refused, recorded, for whoever may not see it; BadInput when there is none."""
        with self.desk.look(actor, f"grant:{grant_id}") as work:
            query = seen_grants(work.actor(actor)).where(Grant.id == grant_id)
            return _view(work.session, seen(work, query, Grant, "grant", grant_id))

    def certificate(self, actor: Who, grant_id: str) -> Certificate | None:
        """Read what was certified last; None before that. Raises Refused, recorded; BadInput when there is no such grant."""
        name = f"grant:{grant_id}"
        with self.desk.look(actor, name) as work:
            query = seen_grants(work.actor(actor)).where(Grant.id == grant_id)
            grant = seen(work, query, Grant, "grant", grant_id)
            if grant.certificate_id is None:
                return None
            told = [event for event in read(work.session, name) if event.action == "certify_destruction"]
            text = unseal(work.session.get(PersonalText, grant.certificate_id))
            return Certificate(text, told[-1].payload.get("signed_with") if told else None)

    def list(
        self, actor: Who, release: str | None = None, start: int = 0, size: int | None = None
    ) -> tuple[GrantView, ...]:
        """Read the grants that one may see, by id; of one release, a page at a time, when asked."""
        with self.desk.read() as work:
            query = seen_grants(work.actor(actor)).order_by(Grant.id).offset(start).limit(size)
            if release is not None:
                query = query.where(Grant.release_name == release)
            return _views(work.session, work.session.scalars(query).all())

    def _act(self, actor: str, action: str, grant_id: str, asked: Asked, change: Change) -> GrantView:
        with self.desk.write(actor, action, f"grant:{grant_id}") as work:
            acting = work.actor(actor)
            grant = _existing(work, grant_id)
            facts = grant_facts(work.session, [grant])[grant_id]
            work.step(acting, action, facts, asked, lambda: (grant, change(work, grant)))
            return _view(work.session, grant)


def _unchanged(grant: Grant) -> tuple[Grant, Mapping[str, Any]]:
    return grant, {}


def _existing(work: Work, grant_id: str) -> Grant:
    grant = work.session.scalars(locked(select(Grant).where(Grant.id == grant_id))).one_or_none()
    if grant is None:
        raise NotFound(
            f"no grant '{checked_key(grant_id, 'grant')}'; `naru board grant list` lists them", "이용권이 없습니다"
        )
    return grant


def _latest(session: Session, person_id: str, release: str) -> Grant | None:
    query = select(Grant).where(Grant.person_id == person_id, Grant.release_name == release)
    return session.scalars(locked(query.order_by(Grant.id.desc()).limit(1))).one_or_none()


def _may_download(work: Work, person_id: str, release: str, now: datetime) -> Decision:
    known = actors(work.session, [person_id])
    if person_id not in known:
        return refuse("known_person")
    query = select(Grant).where(Grant.person_id == person_id, Grant.release_name == release)
    grant = work.session.scalars(query.order_by(Grant.id.desc()).limit(1)).one_or_none()
    if grant is None:
        return refuse("no_grant")
    facts = grant_facts(work.session, [grant])[grant.id]
    return decide(known[person_id], "download", facts, Asked(), now=now, settings=work.settings)


def _view(session: Session, grant: Grant) -> GrantView:
    return _views(session, [grant])[0]


def _views(session: Session, grants: Sequence[Grant]) -> tuple[GrantView, ...]:
    session.flush()
    facts = grant_facts(session, grants)
    return tuple(_picture(grant, facts[grant.id]) for grant in grants)


def _picture(grant: Grant, facts: GrantFacts) -> GrantView:
    return GrantView(
        grant.id,
        grant.state,
        grant.release_name,
        facts.case.id,
        grant.person_id,
        facts.case.organisation,
        grant.terms_digest,
        grant.accepted_at,
        grant.downloads,
        facts.case.conditions.expires_on,
        destroy_by(grant, facts.case.conditions),
        grant.created_at,
    )
