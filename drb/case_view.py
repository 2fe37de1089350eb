"""Pictures of cases: a fixed number of queries, however many cases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from drb.conditions import read as read_conditions
from drb.load import REQUIREMENT, conditions_of, requirement_name
from drb.models import Case, CaseComment, CaseCondition, PersonalText, Vote
from drb.personal import unseal
from drb.views import CaseView, CommentView, RequirementView, VoteView


def case_view(session: Session, case: Case) -> CaseView:
    """Picture one case."""
    return case_views(session, [case])[0]


def case_views(session: Session, cases: Sequence[Case]) -> tuple[CaseView, ...]:
    """Picture cases, in the order given."""
    session.flush()
    ids = [case.id for case in cases]
    votes = standing_votes(session, [f"case:{i}" for i in ids])
    comments = _by_case(session, CaseComment, ids)
    conditions = _by_case(session, CaseCondition, ids)
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


def standing_votes(session: Session, objects: Sequence[str]) -> Mapping[str, list[Vote]]:
    """Read the votes that stand, by object, in the order in which they were cast."""
    found: dict[str, list[Vote]] = defaultdict(list)
    query = select(Vote).where(Vote.object.in_(objects), Vote.voided_at.is_(None)).order_by(Vote.id)
    for vote in session.scalars(query):
        found[vote.object].append(vote)
    return found


def texts(session: Session, ids: Iterable[str | None]) -> Mapping[str, str | None]:
    """Read texts by id; None for an erased one."""
    wanted = sorted({text_id for text_id in ids if text_id})
    if not wanted:
        return {}
    return {row.id: unseal(row) for row in session.scalars(select(PersonalText).where(PersonalText.id.in_(wanted)))}


def _by_case(session: Session, model: Any, ids: Sequence[str]) -> Mapping[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for row in session.scalars(select(model).where(model.case_id.in_(ids)).order_by(model.id)):
        found[row.case_id].append(row)
    return found
