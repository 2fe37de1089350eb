"""The demo's lives as rows of the board's tables."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from drb.columns import canonical
from drb.conditions import Conditions
from drb.models import Case, CaseComment, CaseCondition, Grant, PersonalText, Release, Vote
from drb.personal import as_row, make
from drb.rights import KOREA
from drb.seed import cast
from drb.seed.draw import digest, number
from drb.seed.lives import CaseLife, ReleaseLife
from drb.seed.packages import first_reviewer, manifest
from drb.states import CaseState, Choice, GrantState, ReleaseState

Rows = tuple[type[Any], list[dict[str, Any]]]
TABLES: Mapping[str, list[str]] = {
    "person": [],
    "measurement": ["measurement_concept_id", "person_id", "value_as_number"],
    "drug_exposure": ["drug_concept_id", "person_id"],
}
_DECIDED = (CaseState.APPROVED, CaseState.CONDITIONAL)
COMMENT = "이용 목적을 더 구체적으로 적어 주십시오."
ANSWER = "모델의 입력과 예측 시점을 적었습니다."
REQUIREMENT_WORDS = "IRB 변경승인서를 제출할 것"


def _conditions(life: CaseLife) -> Conditions:
    ends = life.ends or life.steps[0].at
    return Conditions(expires_on=ends.astimezone(KOREA).date(), min_k=5)


def _form(life: CaseLife, titles: Mapping[str, str]) -> dict[str, Any]:
    return {
        "study_id": life.study,
        "site_id": life.site,
        "title": titles[life.study],
        "purpose": f"{titles[life.study]} 모델을 개발하고 검증합니다.",
        "tables": dict(TABLES),
        "wished": Conditions().to_json(),
        "irb_reference": f"IRB-{life.number}",
    }


def case_rows(cases: Sequence[CaseLife], titles: Mapping[str, str]) -> Iterator[Rows]:
    """Cases, their votes, conditions and comments."""
    forms = {life.id: _form(life, titles) for life in cases}
    digests = {key: hashlib.sha256(canonical(form).encode()).hexdigest() for key, form in forms.items()}
    yield Case, [_case(life, forms[life.id], digests[life.id]) for life in cases]
    yield (
        Vote,
        [
            {
                "object": f"case:{life.id}",
                "person_id": person,
                "choice": choice,
                "bound": {"digest": digests[life.id], "version": life.round},
                "at": at,
            }
            for life in cases
            for (person, choice), at in zip(life.votes, _voted_at(life), strict=True)
        ],
    )
    yield from _conditions_and_comments(cases)


def _voted_at(life: CaseLife) -> list[datetime]:
    return [step.at for step in life.steps if step.action == "vote"][-len(life.votes) :] if life.votes else []


def _case(life: CaseLife, form: Mapping[str, Any], made: str) -> dict[str, Any]:
    return {
        **form,
        "id": life.id,
        "number": life.number,
        "state": life.state,
        "organisation_id": cast.startup(life.startup),
        "applicant_id": f"startup_{life.startup:02d}",
        "route": life.route,
        "assignee": life.assignee,
        "round": life.round,
        "digest": made,
        "decided_by": cast.CHAIR if life.decided_at else None,
        "decided_at": life.decided_at,
        "undo_until": life.decided_at,
        "created_at": life.steps[0].at,
        "changed_at": life.steps[-1].at,
        "version": 1,
    }


def _conditions_and_comments(cases: Sequence[CaseLife]) -> Iterator[Rows]:
    comment, answer, words = make(COMMENT), make(ANSWER), make(REQUIREMENT_WORDS)
    yield PersonalText, [as_row(text) for text in (comment, answer, words)]
    conditions: list[dict[str, Any]] = []
    for life in (life for life in cases if life.state in _DECIDED):
        plain = {kind: value for kind, value in _conditions(life).to_json().items() if value not in (None, [], {})}
        conditions += [_condition(life.id, kind, value) for kind, value in plain.items()]
        if life.state is CaseState.CONDITIONAL:
            conditions.append(_condition(life.id, "requirement", "r1", words.id))
    yield CaseCondition, conditions
    returned = [life for life in cases if any(step.action == "return" for step in life.steps)]
    yield (
        CaseComment,
        [
            {
                "case_id": life.id,
                "round": 1,
                "section": "purpose",
                "words_id": comment.id,
                "answer_id": None if life.state is CaseState.RETURNED else answer.id,
            }
            for life in returned
        ],
    )


def _condition(case_id: str, kind: str, value: Any, words: str | None = None) -> dict[str, Any]:
    return {"case_id": case_id, "kind": kind, "value": value, "words_id": words, "evidence_id": None}


def release_rows(built: Sequence[ReleaseLife], now: datetime) -> Iterator[Rows]:
    """Releases, the votes on them, and who uses them."""
    yield Release, [_release(one) for one in built]
    yield Vote, [vote for one in built for vote in _votes(one)]
    yield Grant, [_grant(one) for one in built if one.grant is not None]


def _bound(one: ReleaseLife) -> dict[str, Any]:
    parts = {part: digest(f"{part} {one.case.site}") for part in ("policy_digest", "cdm_digest")}
    return {"manifest_digest": manifest(one.name), **parts, "case_version": one.case.round}


def _release(one: ReleaseLife) -> dict[str, Any]:
    bound, out = _bound(one), one.state is ReleaseState.RELEASED
    site = one.case.site.removeprefix("hospital-")
    sent = one.state not in {ReleaseState.CHECKED, ReleaseState.BLOCKED}
    return {
        "name": one.name,
        "state": one.state,
        "case_id": one.case.id,
        "study_id": one.case.study,
        "site_id": one.case.site,
        **{part: bound[part] for part in ("manifest_digest", "policy_digest", "cdm_digest")},
        "built_by": f"data_{site}",
        "author_id": f"author_{site}" if sent else None,
        "checked_digest": None if one.state is ReleaseState.BLOCKED else bound["manifest_digest"],
        "tables": {
            "cohort": ["subject_id"],
            "person": ["gender_concept_id", "year_of_birth"],
            "measurement": TABLES["measurement"],
        },
        "smallest_class": 5 + number(f"k {one.name}", 0, 6),
        "provenance": {"code_commit": digest("code")[:12], "vocabulary_version": "v5.0 2025-08-27"},
        "summary": {
            "people": 100 * number(f"people {one.name}", 4, 60),
            "warnings": list(one.warnings),
            "tier": "standard",
        },
        "findings": ["K-ANONYMITY"] if one.state is ReleaseState.BLOCKED else [],
        "approved": bound if out else None,
        "approved_by": (one.case.assignee or cast.SECRETARY) if out else None,
        "approved_at": one.approved_at,
        "released_at": one.steps[-1].at if out else None,
        "assignee": one.case.assignee,
        "decided_by": (one.case.assignee or cast.SECRETARY) if out else None,
        "decided_at": one.approved_at,
        "undo_until": one.approved_at,
        "successor": None,
        "created_at": one.steps[0].at,
        "changed_at": one.steps[-1].at,
        "version": 1,
    }


def _votes(one: ReleaseLife) -> Iterator[dict[str, Any]]:
    first = first_reviewer(one.name)
    for place, step in enumerate(step for step in one.steps if step.action == "vote"):
        yield {
            "object": f"release:{one.name}",
            "person_id": cast.MEMBERS[first + place],
            "choice": Choice.APPROVE,
            "bound": _bound(one),
            "at": step.at,
        }


def _grant(one: ReleaseLife) -> dict[str, Any]:
    ends = one.case.ends or one.steps[-1].at
    state = one.grant
    return {
        "id": f"g-{one.name}"[:80],
        "state": state,
        "release_name": one.name,
        "person_id": f"startup_{one.case.startup:02d}",
        "terms_digest": digest("terms"),
        "accepted_at": one.steps[-1].at,
        "downloads": 1,
        "certificate_id": None,
        "created_at": one.steps[-1].at,
        "changed_at": one.steps[-1].at if state is GrantState.ACTIVE else ends,
        "version": 1,
    }
