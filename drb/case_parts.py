"""What hangs on a case: read once, for the rules as well as for the picture of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.orm import Session

from drb.models import CaseComment, CaseCondition, CasePerson, Vote

Rows = Mapping[str, Sequence[Any]]
# Plain columns, no objects: a queue reads hundreds of these rows. Built once: to build a query costs more than to run it.
_KEYS: BindParameter[Any] = bindparam("keys", expanding=True)
_VOTES = (
    select(Vote.object, Vote.person_id, Vote.choice, Vote.bound, Vote.words_id, Vote.at)
    .where(Vote.object.in_(_KEYS), Vote.voided_at.is_(None))
    .order_by(Vote.id)
)
_COMMENTS = (
    select(
        CaseComment.case_id,
        CaseComment.round,
        CaseComment.section,
        CaseComment.words_id,
        CaseComment.answer_id,
    )
    .where(CaseComment.case_id.in_(_KEYS))
    .order_by(CaseComment.id)
)
_CONDITIONS = (
    select(
        CaseCondition.case_id,
        CaseCondition.kind,
        CaseCondition.value,
        CaseCondition.words_id,
        CaseCondition.evidence_id,
    )
    .where(CaseCondition.case_id.in_(_KEYS))
    .order_by(CaseCondition.id)
)
_PEOPLE = (
    select(CasePerson.case_id, CasePerson.person_id, CasePerson.kind)
    .where(CasePerson.case_id.in_(_KEYS))
    .order_by(CasePerson.id)
)


@dataclass(frozen=True)
class CaseParts:
    """In the order in which it came: standing votes by object; comments, conditions and people involved by case."""

    votes: Rows
    comments: Rows
    conditions: Rows
    people: Rows


def case_parts(session: Session, ids: Sequence[str]) -> CaseParts:
    """Read what hangs on cases; four queries."""
    return CaseParts(
        standing_votes(session, [f"case:{i}" for i in ids]),
        *(_grouped(session.execute(query, {"keys": ids}), "case_id") for query in (_COMMENTS, _CONDITIONS, _PEOPLE)),
    )


def standing_votes(session: Session, objects: Sequence[str]) -> Rows:
    """Read the votes that stand, by object, in the order in which they were cast."""
    return _grouped(session.execute(_VOTES, {"keys": objects}), "object")


def _grouped(rows: Iterable[Any], key: str) -> Rows:
    groups: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        groups[getattr(row, key)].append(row)
    return groups
