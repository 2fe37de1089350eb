"""Pictures of cases: a fixed number of queries, however many cases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from drb.case_parts import CaseParts, case_parts
from drb.conditions import read as read_conditions
from drb.load import REQUIREMENT, conditions_of, requirement_name
from drb.models import Case, PersonalText
from drb.personal import unseal
from drb.views import CaseView, CommentView, RequirementView, VoteView


def case_view(session: Session, case: Case, parts: CaseParts | None = None) -> CaseView:
    """Picture one case."""
    return case_views(session, [case], parts)[0]


def case_views(session: Session, cases: Sequence[Case], parts: CaseParts | None = None) -> tuple[CaseView, ...]:
    """Picture cases, in the order given."""
    session.flush()
    parts = parts or case_parts(session, [case.id for case in cases])
    votes, comments, conditions = parts.votes, parts.comments, parts.conditions
    words = texts(
        session,
        [v.words_id for rows in votes.values() for v in rows]
        + [t for rows in comments.values() for c in rows for t in (c.words_id, c.answer_id)]
        + [t for rows in conditions.values() for c in rows for t in (c.words_id, c.evidence_id)],
    )
    return tuple(
        CaseView(
            id=case.id,
            number=case.number,
            state=case.state,
            study_id=case.study_id,
            site_id=case.site_id,
            organisation=case.organisation_id,
            applicant=case.applicant_id,
            title=case.title,
            purpose=case.purpose,
            tables={table: tuple(columns) for table, columns in case.tables.items()},
            wished=read_conditions(case.wished),
            conditions=conditions_of(conditions[case.id]),
            irb_reference=case.irb_reference,
            route=case.route,
            assignee=case.assignee,
            version=case.round,
            digest=case.digest,
            votes=tuple(
                VoteView(v.person_id, v.choice, v.at, v.bound["digest"], words.get(v.words_id or ""))
                for v in votes[f"case:{case.id}"]
            ),
            comments=tuple(
                CommentView(c.round, c.section, words.get(c.words_id), words.get(c.answer_id or ""))
                for c in comments[case.id]
            ),
            requirements=tuple(
                RequirementView(requirement_name(c), words.get(c.words_id or ""), words.get(c.evidence_id or ""))
                for c in conditions[case.id]
                if c.kind == REQUIREMENT
            ),
            decided_by=case.decided_by,
            decided_at=case.decided_at,
            undo_until=case.undo_until,
            created_at=case.created_at,
            changed_at=case.changed_at,
        )
        for case in cases
    )


def texts(session: Session, ids: Iterable[str | None]) -> Mapping[str, str | None]:
    """Read texts by id; None for an erased one."""
    wanted = sorted({text_id for text_id in ids if text_id})
    if not wanted:
        return {}
    return {row.id: unseal(row) for row in session.scalars(select(PersonalText).where(PersonalText.id.in_(wanted)))}
