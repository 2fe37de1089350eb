"""Who is on the demo's board: 43 hospitals, 40 startups, a shared board, the programme. Nobody of them exists."""

from __future__ import annotations

from dataclasses import dataclass

from drb.seed.draw import pick
from drb.states import OrganisationKind, Role

HOSPITALS, STARTUPS = 43, 40
_FAMILY = "김이박최정강조윤장임한오서신권황안송류홍"
_GIVEN = (
    "서연",
    "민준",
    "지우",
    "도윤",
    "하은",
    "시우",
    "지민",
    "예준",
    "수아",
    "주원",
    "은서",
    "현우",
    "다은",
    "건우",
    "채원",
    "우진",
)
_PLACES = (
    "가람",
    "누리",
    "다솜",
    "라온",
    "마루",
    "보람",
    "새움",
    "아라",
    "온새",
    "이든",
    "자람",
    "차오름",
    "큰별",
    "한결",
    "해솔",
)
_KINDS = (("대학교병원", "University Hospital"), ("의료원", "Medical Center"), ("병원", "Hospital"))
_WORKS = ("메디", "헬스", "케어", "바이오", "닥터", "웰", "라이프", "데이터")


@dataclass(frozen=True)
class Home:
    """An organisation."""

    id: str
    kind: OrganisationKind
    ko: str
    en: str
    site: str | None = None


@dataclass(frozen=True)
class Person:
    """A person."""

    id: str
    name: str
    home: str
    roles: tuple[Role, ...]


# The people whom a demo signs in as: one for each kind of work.
SECRETARY, CHAIR, ADMIN, COORDINATOR, AUDITOR = "secretary_lee", "chair_jung", "admin_park", "coord_han", "audit_seo"
MEMBERS = tuple(f"member_{number:02d}" for number in range(1, 9))
SECRETARIES = (SECRETARY, "secretary_oh", "secretary_min")
BOARD, PROGRAMME = "shared-drb", "programme-office"


def hospital(number: int) -> str:
    """The id of a hospital."""
    return f"hospital-{number:02d}"


def startup(number: int) -> str:
    """The id of a startup."""
    return f"startup-{number:02d}"


def homes() -> list[Home]:
    """Every organisation."""
    found = [
        Home(PROGRAMME, OrganisationKind.PROGRAMME, "의료데이터 사업단", "Medical data programme"),
        Home(BOARD, OrganisationKind.BOARD, "공용 데이터심의위원회", "Shared data review board"),
    ]
    for one in range(1, HOSPITALS + 1):
        place, (ko, en) = _PLACES[(one - 1) % len(_PLACES)], _KINDS[(one - 1) // len(_PLACES) % len(_KINDS)]
        found.append(Home(hospital(one), OrganisationKind.HOSPITAL, f"{place}{ko}", f"{en} {one:02d}", hospital(one)))
    for one in range(1, STARTUPS + 1):
        work = _WORKS[(one - 1) % len(_WORKS)]
        ko = f"{_PLACES[(one * 7) % len(_PLACES)]}{work}"
        found.append(Home(startup(one), OrganisationKind.STARTUP, ko, f"Startup {one:02d}"))
    return found


def _name(key: str) -> str:
    return pick(f"family {key}", _FAMILY) + pick(f"given {key}", _GIVEN)


def people() -> list[Person]:
    """Everybody."""
    found = [
        Person(ADMIN, "박관리", PROGRAMME, (Role.ADMIN,)),
        Person("admin_choi", "최관리", PROGRAMME, (Role.ADMIN,)),
        Person(COORDINATOR, "한총괄", PROGRAMME, (Role.COORDINATOR,)),
        Person(AUDITOR, "서감사", PROGRAMME, (Role.AUDITOR,)),
        Person(CHAIR, "정위원장", BOARD, (Role.CHAIR,)),
        Person(SECRETARIES[0], "이간사", BOARD, (Role.SECRETARY,)),
        Person(SECRETARIES[1], "오간사", BOARD, (Role.SECRETARY,)),
        Person(SECRETARIES[2], "민간사", BOARD, (Role.SECRETARY,)),
        *(Person(one, _name(one), BOARD, (Role.MEMBER,)) for one in MEMBERS),
    ]
    for one in range(1, HOSPITALS + 1):
        home = hospital(one)
        found += [
            Person(f"data_{one:02d}", _name(f"data {one}"), home, (Role.DATA_ENGINEER,)),
            Person(f"author_{one:02d}", _name(f"author {one}"), home, (Role.RELEASE_AUTHOR,)),
            Person(f"officer_{one:02d}", _name(f"officer {one}"), home, (Role.PRIVACY_OFFICER,)),
        ]
    for one in range(1, STARTUPS + 1):
        found.append(Person(f"startup_{one:02d}", _name(f"startup {one}"), startup(one), (Role.STARTUP_USER,)))
    return found
