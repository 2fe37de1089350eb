"""The people of the tests, and the happy path cut into steps."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

from drb.board import Board, open_board
from drb.quorum import Settings
from drb.states import Choice, OrganisationKind, Role, Route

START = datetime(2026, 3, 2, 0, 30, tzinfo=UTC)
SITE, STUDY, CASE, RELEASE = "seoul01", "deterioration", "case-a", "deterioration-seoul01-1.0.0"
PEOPLE: dict[str, tuple[str, tuple[Role, ...]]] = {
    "admin2": ("programme", (Role.ADMIN,)),
    "applicant": ("startup", (Role.STARTUP_USER,)),
    "colleague": ("startup", (Role.STARTUP_USER,)),
    "rival": ("rival", (Role.STARTUP_USER,)),
    "engineer": ("hospital", (Role.DATA_ENGINEER,)),
    "author": ("hospital", (Role.RELEASE_AUTHOR,)),
    "member1": ("hospital", (Role.MEMBER,)),
    "member2": ("board", (Role.MEMBER,)),
    "member3": ("board", (Role.MEMBER,)),
    "secretary": ("hospital", (Role.SECRETARY,)),
    "secretary2": ("board", (Role.SECRETARY,)),
    "chair": ("hospital", (Role.CHAIR,)),
    "officer": ("hospital", (Role.PRIVACY_OFFICER,)),
    "coordinator": ("programme", (Role.COORDINATOR,)),
    "auditor": ("programme", (Role.AUDITOR,)),
}


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


POLICY, CDM, TERMS = sha("policy"), sha("cdm release"), sha("terms")
V1, V2 = sha("package 1"), sha("package 2")


class Clock:
    """A clock that moves a second at every look, and by hand."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def board_with_people(url: str | Path, settings: Settings | None = None, clock: Clock | None = None) -> Board:
    """A board on which everybody holds their roles and nothing has happened yet."""
    address = url if isinstance(url, str) else f"sqlite:///{url}"
    board = open_board(address, settings=settings, clock=clock or Clock())
    kinds = OrganisationKind
    add = board.people.add_organisation
    add("system", "programme", kinds.PROGRAMME, "사업단", "Programme")
    add("system", "hospital", kinds.HOSPITAL, "서울병원", "Seoul hospital", site_id=SITE)
    add("system", "elsewhere", kinds.HOSPITAL, "부산병원", "Busan hospital", site_id="busan01")
    add("system", "board", kinds.BOARD, "공용위원회", "Shared board")
    add("system", "startup", kinds.STARTUP, "스타트업", "Startup")
    add("system", "rival", kinds.STARTUP, "경쟁사", "Rival")
    board.people.add_person("system", "김관리", "programme", person_id="admin")
    for person, (organisation, roles) in PEOPLE.items():
        board.people.add_person("admin", f"이름 {person}", organisation, roles, person_id=person)
        if person != "admin2":
            board.people.confirm_roles("admin2", person)
    return board


def draft(board: Board, case_id: str = CASE, **more: object) -> None:
    board.cases.create(
        "applicant",
        STUDY,
        SITE,
        "중환자 악화 예측",
        "환자 악화 조기 예측 모델 개발",
        {"person": [], "measurement": ["person_id", "value_as_number"]},
        irb_reference="IRB-2026-17",
        case_id=case_id,
        **more,  # type: ignore[arg-type]
    )


def in_review(board: Board, case_id: str = CASE, **more: object) -> None:
    draft(board, case_id, **more)
    board.cases.submit("applicant", case_id)
    board.cases.screen("secretary", case_id)
    board.cases.route("secretary", case_id, Route.FULL)


def voted(board: Board, case_id: str = CASE, choice: Choice = Choice.APPROVE, **more: object) -> None:
    in_review(board, case_id, **more)
    for member in ("member1", "member2", "member3"):
        board.cases.vote(member, case_id, choice)


def approved_case(board: Board, case_id: str = CASE, **more: object) -> None:
    voted(board, case_id, **more)
    board.cases.approve("chair", case_id)


def build(board: Board, digest: str = V1, name: str = RELEASE, case_id: str = CASE, **more: object) -> None:
    content: dict[str, object] = {
        "case_id": case_id,
        "manifest_digest": digest,
        "policy_digest": POLICY,
        "cdm_digest": CDM,
        "study_id": STUDY,
        "site_id": SITE,
        "built_by": "engineer",
        "tables": {"cohort": ["subject_id"], "person": ["person_id"], "measurement": ["person_id"]},
        "smallest_class": 5,
        **more,
    }
    board.releases.register_built("system", name, **content)  # type: ignore[arg-type]


def submitted(board: Board, digest: str = V1, name: str = RELEASE, case_id: str = CASE) -> None:
    build(board, digest, name, case_id)
    board.releases.check("system", name, digest, passed=True, findings=[{"check": "k", "ok": True}])
    board.releases.submit("author", name, digest)


def reviewed(board: Board, digest: str = V1, name: str = RELEASE, case_id: str = CASE) -> None:
    submitted(board, digest, name, case_id)
    board.releases.vote("member1", name, digest, True)
    board.releases.vote("member2", name, digest, True, "이상 없음")


def approved_after_review(board: Board) -> None:
    board.releases.approve("secretary", RELEASE, V1)


def published(board: Board) -> None:
    board.releases.begin_publish("system", RELEASE, V1, policy_digest=POLICY, cdm_digest=CDM)
    board.releases.finish_publish("system", RELEASE, V1)


def approved(board: Board, digest: str = V1, name: str = RELEASE, case_id: str = CASE) -> None:
    reviewed(board, digest, name, case_id)
    board.releases.approve("secretary", name, digest)


def publishing(board: Board, digest: str = V1, name: str = RELEASE, case_id: str = CASE) -> None:
    approved(board, digest, name, case_id)
    board.releases.begin_publish("system", name, digest, policy_digest=POLICY, cdm_digest=CDM)


def released(board: Board, digest: str = V1, name: str = RELEASE, case_id: str = CASE) -> None:
    publishing(board, digest, name, case_id)
    board.releases.finish_publish("system", name, digest)


def granted(board: Board, name: str = RELEASE) -> str:
    grant = board.grants.create("system", "applicant", name)
    board.grants.accept_terms("applicant", grant.id, TERMS)
    return grant.id
