"""The names of states, roles, routes and votes, in the two languages of the programme."""

from __future__ import annotations

from enum import StrEnum


class Named(StrEnum):
    """A name that is stored as it is and shown in Korean or English."""

    ko: str
    en: str

    def __new__(cls, value: str, ko: str = "", en: str = "") -> Named:
        """The stored value, and what people read."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.ko = ko
        member.en = en
        return member

    def label(self, lang: str = "ko") -> str:
        """What a person reads."""
        return self.ko if lang == "ko" else self.en


class CaseState(Named):
    """심의 건: may this purpose be pursued?"""

    DRAFT = "DRAFT", "작성중", "draft"
    SUBMITTED = "SUBMITTED", "접수", "submitted"
    SCREENING = "SCREENING", "행정검토", "administrative screening"
    RETURNED = "RETURNED", "보완요청", "returned for completion"
    IN_REVIEW = "IN_REVIEW", "심의중", "in review"
    APPROVED = "APPROVED", "승인", "approved"
    CONDITIONAL = "CONDITIONAL", "조건부승인", "approved with conditions"
    REJECTED = "REJECTED", "부결", "rejected"
    SUSPENDED = "SUSPENDED", "정지", "suspended"
    CLOSED = "CLOSED", "종료", "closed"
    WITHDRAWN = "WITHDRAWN", "철회", "withdrawn"


class ReleaseState(Named):
    """반출 건: may this exact package leave?"""

    BUILT = "BUILT", "생성됨", "built"
    BLOCKED = "BLOCKED", "자동차단", "blocked by a gate"
    CHECKED = "CHECKED", "자동점검 통과", "passed the gates"
    SUBMITTED = "SUBMITTED", "반출신청", "submitted"
    PARTIALLY_REVIEWED = "PARTIALLY_REVIEWED", "1차 검토완료", "reviewed by one"
    REVIEWED = "REVIEWED", "검토완료", "reviewed by two"
    RETURNED = "RETURNED", "보완요청", "returned for completion"
    APPROVED = "APPROVED", "반출승인", "approved"
    REJECTED = "REJECTED", "반출부결", "rejected"
    PUBLISHING = "PUBLISHING", "배포중", "being published"
    PUBLISH_FAILED = "PUBLISH_FAILED", "배포실패", "publishing failed"
    RELEASED = "RELEASED", "배포완료", "released"
    SUPERSEDED = "SUPERSEDED", "신버전 대체", "superseded"
    RECALLED = "RECALLED", "회수", "recalled"
    DESTROYED = "DESTROYED", "파기완료", "destroyed"


class GrantState(Named):
    """이용권: one named person of an organisation, one release, one case. Expiry is computed, never stored."""

    PENDING_TERMS = "PENDING_TERMS", "약관동의 대기", "terms not yet accepted"
    ACTIVE = "ACTIVE", "이용중", "active"
    REVOKED = "REVOKED", "취소", "revoked"
    DESTRUCTION_DUE = "DESTRUCTION_DUE", "파기대상", "destruction due"
    DESTROYED = "DESTROYED", "파기확인", "destroyed"


class Role(Named):
    """What a person may be. A person may hold several; rules compare persons, not roles."""

    DATA_ENGINEER = "DATA_ENGINEER", "데이터 엔지니어", "data engineer (hospital)"
    RELEASE_AUTHOR = "RELEASE_AUTHOR", "반출 신청자", "release author (hospital)"
    MEMBER = "MEMBER", "DRB 위원", "DRB member"
    SECRETARY = "SECRETARY", "간사", "DRB secretary"
    CHAIR = "CHAIR", "위원장", "DRB chair"
    PRIVACY_OFFICER = "PRIVACY_OFFICER", "개인정보보호책임자", "privacy officer"
    STARTUP_USER = "STARTUP_USER", "기업 이용자", "startup user"
    COORDINATOR = "COORDINATOR", "사업 총괄", "programme coordinator"
    AUDITOR = "AUDITOR", "감사자", "auditor"
    ADMIN = "ADMIN", "시스템 관리자", "administrator of people and roles"
    SYSTEM = "SYSTEM", "자동화", "automation"


class OrganisationKind(Named):
    """A hospital serves its own site, a shared board (공용 DRB) the sites it lists or all; a startup none."""

    HOSPITAL = "HOSPITAL", "데이터 중심병원", "hospital"
    BOARD = "BOARD", "공용 DRB", "shared board"
    STARTUP = "STARTUP", "기업", "startup"
    PROGRAMME = "PROGRAMME", "사업단", "programme"


class Route(Named):
    """How a case is reviewed; what each needs is configuration (`drb.quorum`)."""

    EXPEDITED = "EXPEDITED", "신속", "expedited"
    FULL = "FULL", "정규", "full"
    SHARED = "SHARED", "공용", "shared"


class Choice(Named):
    """A vote on a case; a vote on a release is APPROVE or REJECT."""

    APPROVE = "APPROVE", "승인", "approve"
    CONDITIONAL = "CONDITIONAL", "조건부승인", "approve with conditions"
    REJECT = "REJECT", "부결", "reject"
    ABSTAIN = "ABSTAIN", "기권", "abstain"


State = CaseState | ReleaseState | GrantState
