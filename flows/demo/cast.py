"""Who plays in the demo: three hospitals, a startup, and the people of the board."""

from __future__ import annotations

from dataclasses import dataclass, field

from drb import Board
from drb.errors import BadInput
from drb.states import OrganisationKind, Role


@dataclass(frozen=True)
class Hospital:
    """A hospital of the demo."""

    id: str
    ko: str
    en: str


@dataclass(frozen=True)
class Player:
    """A person of the demo: organisation, and roles."""

    id: str
    name: str
    organisation: str
    roles: tuple[Role, ...] = field(default=())


HOSPITALS = (
    Hospital("gibleed", "공개표본 지아이블리드 병원", "GiBleed public sample"),
    Hospital("synthea", "공개표본 신시아 병원", "Synthea public sample"),
    Hospital("hanbit", "한빛 가상병원", "Hanbit synthetic hospital"),
)
STARTUP = ("haneul", "하늘에이아이", "Haneul AI")
BOARD = ("drb", "공용 데이터심의위원회", "Shared data review board")
PROGRAMME = ("programme", "데이터 중심병원 사업단", "Data-centric hospital programme")

ADMINS = (Player("admin_park", "박관리", "programme"), Player("admin_choi", "최관리", "programme", (Role.ADMIN,)))
PEOPLE = (
    Player("haneul_kim", "김하늘", "haneul", (Role.STARTUP_USER,)),
    Player("secretary_lee", "이간사", "drb", (Role.SECRETARY,)),
    Player("chair_jung", "정위원장", "drb", (Role.CHAIR,)),
    Player("member_kang", "강위원", "drb", (Role.MEMBER,)),
    Player("member_yoon", "윤위원", "drb", (Role.MEMBER,)),
    Player("member_lim", "임위원", "drb", (Role.MEMBER,)),
    *(Player(f"{h.id}_data", f"{h.ko} 데이터팀", h.id, (Role.DATA_ENGINEER, Role.RELEASE_AUTHOR)) for h in HOSPITALS),
)
APPLICANT, SECRETARY, CHAIR = "haneul_kim", "secretary_lee", "chair_jung"
MEMBERS = ("member_kang", "member_yoon", "member_lim")
REVIEWERS = ("member_kang", "member_yoon")


def gather(board: Board) -> None:
    """Register organisations and people, each role confirmed by a second administrator. Again: changes nothing."""
    known = {person.id for person in board.people.list()}
    first, second = ADMINS
    if first.id not in known:
        board.people.add_organisation("system", PROGRAMME[0], OrganisationKind.PROGRAMME, *PROGRAMME[1:])
        board.people.add_person("system", first.name, first.organisation, first.roles, person_id=first.id)
    if second.id not in known:
        board.people.add_person(first.id, second.name, second.organisation, second.roles, person_id=second.id)
    for hospital in HOSPITALS:
        board.people.add_organisation(
            first.id, hospital.id, OrganisationKind.HOSPITAL, hospital.ko, hospital.en, site_id=hospital.id
        )
    board.people.add_organisation(first.id, STARTUP[0], OrganisationKind.STARTUP, *STARTUP[1:])
    board.people.add_organisation(first.id, BOARD[0], OrganisationKind.BOARD, *BOARD[1:])
    for player in PEOPLE:
        if player.id not in known:
            board.people.add_person(first.id, player.name, player.organisation, player.roles, person_id=player.id)
        if board.people.get(player.id).pending:
            board.people.confirm_roles(second.id, player.id)


__all__ = ["APPLICANT", "CHAIR", "HOSPITALS", "MEMBERS", "REVIEWERS", "SECRETARY", "BadInput", "gather"]
