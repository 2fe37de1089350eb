"""Pictures of releases: a fixed number of queries, however many releases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from drb.case_parts import standing_votes
from drb.case_view import texts
from drb.models import Case, Release
from drb.states import ReleaseState
from drb.views import ReleaseView, VoteView


def release_view(session: Session, release: Release) -> ReleaseView:
    """Picture one release."""
    return release_views(session, [release])[0]


def release_views(session: Session, releases: Sequence[Release]) -> tuple[ReleaseView, ...]:
    """Picture releases, in the order given."""
    if not releases:
        return ()
    session.flush()
    ids = sorted({release.case_id for release in releases})
    found = session.execute(select(Case.id, Case.number).where(Case.id.in_(ids)))
    numbers = {row.id: row.number for row in found}
    votes = standing_votes(session, [f"release:{release.name}" for release in releases])
    words = texts(session, [vote.words_id for rows in votes.values() for vote in rows])
    return tuple(
        ReleaseView(
            name=release.name,
            state=release.state,
            case_id=release.case_id,
            case_number=numbers[release.case_id],
            study_id=release.study_id,
            site_id=release.site_id,
            manifest_digest=release.manifest_digest,
            policy_digest=release.policy_digest,
            cdm_digest=release.cdm_digest,
            built_by=release.built_by,
            author=release.author_id,
            tables={table: tuple(columns) for table, columns in release.tables.items()},
            smallest_class=release.smallest_class,
            provenance=release.provenance,
            summary=release.summary,
            findings=tuple(release.findings),
            votes=tuple(_vote(vote, release, words.get(vote.words_id or "")) for vote in votes[_name(release)]),
            approved=release.approved,
            approved_by=release.approved_by,
            approved_at=release.approved_at,
            released_at=release.released_at,
            assignee=release.assignee,
            decided_by=release.decided_by,
            decided_at=release.decided_at,
            undo_until=release.undo_until,
            successor=release.successor,
            created_at=release.created_at,
            changed_at=release.changed_at,
        )
        for release in releases
    )


def _name(release: Release) -> str:
    return f"release:{release.name}"


def _vote(vote: Any, release: Release, words: str | None) -> VoteView:
    blind = release.state is ReleaseState.PARTIALLY_REVIEWED
    digest = vote.bound["manifest_digest"]
    return VoteView(vote.person_id, None if blind else vote.choice, vote.at, digest, None if blind else words)
