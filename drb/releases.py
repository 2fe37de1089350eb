"""반출 건: from a built package to its publication, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from sqlalchemy import select

from drb.actors import actors
from drb.cases import cast, decided, existing, secretary, undone, void_votes
from drb.errors import BadInput, NotFound
from drb.facts import SYSTEM, Asked, ReleaseFacts
from drb.load import bound, builds_for, case_facts, grant_facts, locked, release_facts
from drb.models import Case, Grant, Person, Release
from drb.release_view import release_view, release_views
from drb.rights import refuse
from drb.scope import beyond
from drb.states import Choice, GrantState, ReleaseState
from drb.transitions import RELEASE
from drb.verify import verify
from drb.views import ReleaseView
from drb.visible import seen, seen_releases
from drb.work import Desk, Work, checked_digest, checked_key, refusal

_REVIEW = (ReleaseState.SUBMITTED, ReleaseState.PARTIALLY_REVIEWED, ReleaseState.REVIEWED)
# Before these the chains of the release and its case are read anew: nobody publishes on a forged approval.
_CHECKS_LEDGER = frozenset({"approve", "begin_publish", "finish_publish"})
Change = Callable[[Work, Release, ReleaseFacts], Mapping[str, Any]]


@dataclass(frozen=True)
class Releases:
    """Every call takes the person who acts; it raises Refused when the rules say no, BadInput for what cannot be."""

    desk: Desk

    def register_built(  # noqa: PLR0913 - one keyword for each fact that a package is registered by
        self,
        actor: str,
        name: str,
        *,
        case_id: str,
        manifest_digest: str,
        policy_digest: str,
        cdm_digest: str,
        study_id: str,
        site_id: str,
        built_by: str,
        tables: Mapping[str, Sequence[str]],
        smallest_class: int | None = None,
        provenance: Mapping[str, str] | None = None,
        summary: Mapping[str, Any] | None = None,
    ) -> ReleaseView:
        """Register a package that automation built. The same name and digests again change nothing.

        Another digest sends the release back to BUILT and voids every vote and approval; once it is on its way out or
        decided against (PUBLISHING, RELEASED, REJECTED ...) its package does not change any more: Refused.
        tables: table -> columns in the package. smallest_class: k of the package. provenance: names -> digests.
        summary: plain JSON shown to reviewers, after disclosure control.
        """
        checked_key(name, "release")
        digests = {"manifest_digest": manifest_digest, "policy_digest": policy_digest, "cdm_digest": cdm_digest}
        content = {
            **{part: checked_digest(digest, part) for part, digest in digests.items()},
            "case_id": case_id,
            "study_id": study_id,
            "site_id": site_id,
            "built_by": built_by,
            "tables": {table: sorted(columns) for table, columns in tables.items()},
            "smallest_class": smallest_class,
            "provenance": dict(provenance or {}),
            "summary": dict(summary or {}),
        }
        with self.desk.write(actor, "build", f"release:{name}") as work:
            case = existing(work, case_id)
            there = work.session.scalars(locked(select(Release).where(Release.name == name))).one_or_none()
            if there is not None and _same(there, content) and _has_role(work, actor, "build"):
                return release_view(work.session, there)
            return self._build(work, actor, name, (case, there), content)

    def _build(
        self,
        work: Work,
        actor: str,
        name: str,
        found: tuple[Case, Release | None],
        content: Mapping[str, Any],
    ) -> ReleaseView:
        case, there = found
        acting = work.actor(actor)
        if work.session.get(Person, content["built_by"]) is None:
            raise BadInput(f"release '{name}': built_by names nobody who is registered")
        if there is not None and there.case_id != content["case_id"]:
            raise BadInput(f"release '{name}' belongs to case '{there.case_id}'; build under another name")
        if there is not None and RELEASE.row(there.state, "rebuild") is None:
            state = there.state
            raise refusal(refuse("immutable", release=name, state=state.en, state_ko=state.ko))
        case_now = case_facts(work.session, [case])[case.id]
        release = there or Release(name=name, created_at=work.now, state=ReleaseState.BUILT)
        builder = actors(work.session, [content["built_by"]])[content["built_by"]]

        facts = ReleaseFacts(
            id=name,
            state=there.state if there else None,
            case=case_now,
            site_id=content["site_id"],
            study_id=content["study_id"],
            bound=bound(Release(**content), case_now),
            built_by=builder.id,
            builder_serves=builds_for(builder, content["site_id"]),
            beyond_case=beyond(case_now, content["tables"], content["smallest_class"]),
        )

        def change() -> tuple[Release, Mapping[str, Any]]:
            for part, value in content.items():
                setattr(release, part, value)
            release.author_id = release.checked_digest = None
            release.approved = release.approved_by = release.approved_at = None
            undone(release)
            release.findings = []
            release.changed_at = work.now
            work.session.add(release)
            work.session.flush()
            void_votes(work, f"release:{name}")
            told = {part: content[part] for part in ("policy_digest", "cdm_digest", "built_by", "provenance")}
            return release, {**told, "case": case.id, "case_version": case.round, "beyond": list(facts.beyond_case)}

        action = "build" if there is None else "rebuild"
        return release_view(work.session, work.step(acting, action, facts, Asked(), change))

    def check(self, actor: str, name: str, digest: str, *, passed: bool, findings: Sequence[Any] = ()) -> ReleaseView:
        """Record what the gates (quality, risk, differencing) say of this digest: CHECKED or BLOCKED.

        findings: plain JSON. The same verdict on the same digest again changes nothing.
        """

        def change(work: Work, release: Release, facts: ReleaseFacts) -> Mapping[str, Any]:
            release.findings = list(findings)
            release.checked_digest = digest if passed else None
            return {"findings": len(findings)}

        def done(release: Release) -> bool:
            waiting = (ReleaseState.BUILT, ReleaseState.CHECKED, ReleaseState.BLOCKED)
            same = release.checked_digest == digest if passed else release.state is ReleaseState.BLOCKED
            return same and (release.state not in waiting or release.findings == list(findings))

        action = "pass_gates" if passed else "block"
        return self._act(actor, action, name, Asked(digest=digest), change, done)

    def submit(self, actor: str, name: str, digest: str) -> ReleaseView:
        """As the hospital's author, submit this digest for review. Submitting it again changes nothing."""

        def done(release: Release) -> bool:
            return release.state in _REVIEW and (release.author_id, release.manifest_digest) == (actor, digest)

        return self._act(actor, "submit", name, Asked(digest=digest), _authored(actor), done)

    def resubmit(self, actor: str, name: str, digest: str) -> ReleaseView:
        """Submit a returned release again: the digest that passed the gates. For a new package, register it first."""
        return self._act(actor, "resubmit", name, Asked(digest=digest), _authored(actor))

    def vote(self, actor: str, name: str, digest: str, choice: Choice | bool, reason: str | None = None) -> ReleaseView:
        """Vote on this digest: APPROVE (True) or REJECT (False). Blind: nobody sees the other's vote before both are in."""
        if isinstance(choice, bool):
            choice = Choice.APPROVE if choice else Choice.REJECT
        given = Choice(choice)

        def change(work: Work, release: Release, facts: ReleaseFacts) -> Mapping[str, Any]:
            cast(work, f"release:{name}", actor, given, asdict(facts.bound), reason)
            return {"choice": given.value, **asdict(facts.bound)}

        return self._act(actor, "vote", name, Asked(digest=digest, choice=given, words=reason), change)

    def return_(self, actor: str, name: str, comment: str) -> ReleaseView:
        """As a reviewer, send a release back to its author; votes are voided, their events kept."""

        def change(work: Work, release: Release, facts: ReleaseFacts) -> Mapping[str, Any]:
            void_votes(work, f"release:{name}")
            return {"words": work.seal(comment)}

        return self._act(actor, "return", name, Asked(words=comment), change)

    def approve(self, actor: str, name: str, digest: str) -> ReleaseView:
        """As secretary, record the approval of this digest, which two reviewers approved."""

        def change(work: Work, release: Release, facts: ReleaseFacts) -> Mapping[str, Any]:
            release.approved = asdict(facts.bound)
            release.approved_by, release.approved_at = actor, work.now
            decided(work, release, actor)
            return {**asdict(facts.bound), "reviewers": sorted(b.person for b in facts.ballots)}

        return self._act(actor, "approve", name, Asked(digest=digest), change)

    def reject(self, actor: str, name: str, reason: str) -> ReleaseView:
        """As secretary, record that the release is rejected."""

        def change(work: Work, release: Release, facts: ReleaseFacts) -> Mapping[str, Any]:
            decided(work, release, actor)
            return {"words": work.seal(reason)}

        return self._act(actor, "reject", name, Asked(words=reason), change)

    def undo(self, actor: str, name: str) -> ReleaseView:
        """Take one's own decision back while it can still be undone; the two reviews stand."""

        def change(work: Work, release: Release, facts: ReleaseFacts) -> Mapping[str, Any]:
            release.approved = release.approved_by = release.approved_at = None
            return undone(release)

        return self._act(actor, "undo", name, Asked(), change)

    def assign(self, actor: str, name: str, assignee: str) -> ReleaseView:
        """Give a release to a secretary who serves its hospital."""

        def change(work: Work, release: Release, facts: ReleaseFacts) -> Mapping[str, Any]:
            release.assignee = secretary(work, assignee, release.site_id)
            return {"assignee": assignee}

        return self._act(actor, "assign", name, Asked(), change)

    def remind(self, actor: str, name: str) -> ReleaseView:
        """Remind those on whom a release waits: an outbox row, nothing else changes."""
        return self._act(actor, "remind", name, Asked(), _nothing)

    def begin_publish(self, actor: str, name: str, digest: str, *, policy_digest: str, cdm_digest: str) -> ReleaseView:
        """Ask for authority to publish exactly this, now; checked against approval, case and ledger once more.

        Asking again while publishing, or after a failure, is a retry. A release that is out stays as it is.
        """
        for part, value in (("package", digest), ("policy", policy_digest), ("CDM", cdm_digest)):
            checked_digest(value, part)

        def done(release: Release) -> bool:
            return release.state is ReleaseState.RELEASED and release.manifest_digest == digest

        asked = Asked(digest=digest, policy_digest=policy_digest, cdm_digest=cdm_digest)
        return self._act(actor, "begin_publish", name, asked, _nothing, done)

    def finish_publish(self, actor: str, name: str, digest: str) -> ReleaseView:
        """Record that the package is in the store; authority is checked once more. Again: changes nothing."""

        def change(work: Work, release: Release, facts: ReleaseFacts) -> Mapping[str, Any]:
            release.released_at = work.now
            return {}

        def done(release: Release) -> bool:
            return release.state is ReleaseState.RELEASED and release.manifest_digest == digest

        return self._act(actor, "finish_publish", name, Asked(digest=digest), change, done)

    def fail_publish(self, actor: str, name: str, fault: str) -> ReleaseView:
        """Record that publishing failed; fault: a kind of error, no text that could quote data."""
        return self._act(actor, "fail_publish", name, Asked(), lambda *_: {"fault": checked_key(fault, "fault")})

    def supersede(self, actor: str, name: str, by: str) -> ReleaseView:
        """Record that a newer release of the same case, study and hospital is out."""

        def change(work: Work, release: Release, facts: ReleaseFacts) -> Mapping[str, Any]:
            release.successor = by
            return {"by": by}

        return self._act(actor, "supersede", name, Asked(), change, successor=by)

    def recall(self, actor: str, name: str, reason: str) -> ReleaseView:
        """Stop a release; one person is enough. Every grant of it is revoked with it."""

        def change(work: Work, release: Release, facts: ReleaseFacts) -> Mapping[str, Any]:
            return {"words": work.seal(reason)}

        with self.desk.write(actor, "recall", f"release:{name}") as work:
            release = self._change(work, actor, "recall", name, Asked(words=reason), change)
            _revoke_grants(work, name)
            return release_view(work.session, release)

    def confirm_destroyed(self, actor: str, name: str) -> ReleaseView:
        """As secretary, confirm that every downloaded copy of a recalled release is destroyed."""
        return self._act(actor, "confirm_destroyed", name, Asked(), _nothing)

    def get(self, actor: str, name: str) -> ReleaseView:
        """Read a release. Raises Refused, recorded, for whoever may not see it; BadInput when there is none."""
        with self.desk.look(actor, f"release:{name}") as work:
            query = seen_releases(work.actor(actor)).where(Release.name == name)
            return release_view(work.session, seen(work, query, Release, "release", name))

    def list(self, actor: str, state: ReleaseState | None = None) -> tuple[ReleaseView, ...]:
        """Read the releases that one may see, by name."""
        with self.desk.read() as work:
            query = seen_releases(work.actor(actor)).order_by(Release.name)
            if state is not None:
                query = query.where(Release.state == state)
            return release_views(work.session, work.session.scalars(query).all())

    def of_case(self, actor: str, case_id: str) -> tuple[ReleaseView, ...]:
        """Read the releases under a case that one may see, oldest first."""
        with self.desk.read() as work:
            query = seen_releases(work.actor(actor)).where(Release.case_id == case_id).order_by(Release.created_at)
            return release_views(work.session, work.session.scalars(query).all())

    def _act(
        self,
        actor: str,
        action: str,
        name: str,
        asked: Asked,
        change: Change,
        done: Callable[[Release], bool] | None = None,
        *,
        successor: str | None = None,
    ) -> ReleaseView:
        with self.desk.write(actor, action, f"release:{name}") as work:
            if done is not None:
                release = existing_release(work, name)
                if done(release) and _has_role(work, actor, action):
                    return release_view(work.session, release)
            release = self._change(work, actor, action, name, asked, change, successor)
            return release_view(work.session, release)

    def _change(
        self,
        work: Work,
        actor: str,
        action: str,
        name: str,
        asked: Asked,
        change: Change,
        successor: str | None = None,
    ) -> Release:
        acting = work.actor(actor)
        # The case first, then the release: the same order everywhere, so that no two transactions wait for each other.
        existing(work, existing_release(work, name, lock=False).case_id)
        release = existing_release(work, name)
        facts = release_facts(work.session, [release])[name]
        if action in _CHECKS_LEDGER:
            facts = replace(facts, ledger_break=_ledger_break(work, release))
        if successor is not None:
            facts = replace(facts, successor_released=_succeeds(existing_release(work, successor), release))
        return work.step(acting, action, facts, asked, lambda: (release, change(work, release, facts)))


def existing_release(work: Work, name: str, *, lock: bool = True) -> Release:
    """Read and lock a release. Raises BadInput when there is none."""
    query = select(Release).where(Release.name == name)
    release = work.session.scalars(locked(query) if lock else query).one_or_none()
    if release is None:
        raise NotFound(
            f"no release '{checked_key(name, 'release')}'; `naru board release list` lists them", "반출 건이 없습니다"
        )
    return release


def _has_role(work: Work, actor: str, action: str) -> bool:
    return bool(work.actor(actor).roles & frozenset().union(*(row.roles for row in RELEASE.actions[action])))


def _ledger_break(work: Work, release: Release) -> str | None:
    work.session.flush()
    for name in (f"release:{release.name}", f"case:{release.case_id}"):
        report = verify(work.session, name)
        if report.first_bad is not None:
            return f"event {report.first_bad.seq} of {report.first_bad.object}"
    return None


def _succeeds(newer: Release, older: Release) -> bool:
    same = (newer.case_id, newer.study_id, newer.site_id) == (older.case_id, older.study_id, older.site_id)
    later = newer.released_at is not None and older.released_at is not None and newer.released_at >= older.released_at
    return same and later and newer.name != older.name and newer.state is ReleaseState.RELEASED


def _same(release: Release, content: Mapping[str, Any]) -> bool:
    parts = ("manifest_digest", "policy_digest", "cdm_digest", "case_id")
    return all(getattr(release, part) == content[part] for part in parts)


def _authored(actor: str) -> Change:
    def change(work: Work, release: Release, facts: ReleaseFacts) -> Mapping[str, Any]:
        void_votes(work, f"release:{release.name}")
        release.author_id = actor
        return asdict(facts.bound)

    return change


def _nothing(work: Work, release: Release, facts: ReleaseFacts) -> Mapping[str, Any]:
    return {}


def _revoke_grants(work: Work, name: str) -> None:
    live = (GrantState.PENDING_TERMS, GrantState.ACTIVE)
    query = select(Grant).where(Grant.release_name == name, Grant.state.in_(live)).order_by(Grant.id)
    grants = list(work.session.scalars(locked(query)))
    facts = grant_facts(work.session, grants)
    for grant in grants:
        work.step(SYSTEM, "revoke", facts[grant.id], Asked(words="recall"), partial(_recalled, grant))


def _recalled(grant: Grant) -> tuple[Grant, Mapping[str, Any]]:
    return grant, {"cause": "recall"}
