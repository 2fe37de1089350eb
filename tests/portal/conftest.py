"""A portal over a board that has something of everything, and a browser without pictures for each person."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal
from fastapi import FastAPI
from fastapi.testclient import TestClient

from drb import Board, database, open_board
from drb.states import Choice, Role, Route
from portal.app import create_app
from portal.security import csrf_token
from portal.settings import Offer, PortalSettings
from portal.sign_in import passwords
from portal.visit import COOKIE
from tests.drb import cast
from tests.drb.cast import CASE, PEOPLE, RELEASE, SITE, STUDY, V1, Clock

PASSWORD = "a sentence that nobody else says"
KEY = b"k" * 32
SHIPPED = (
    Offer("sepsis", {"ko": "패혈증 조기 예측", "en": "Sepsis"}, {"ko": "목적", "en": "purpose"}, {"person": ()}),
)
# One person of each role, and what a stranger of the same role looks like.
OF_ROLE = {
    "DATA_ENGINEER": "engineer",
    "RELEASE_AUTHOR": "author",
    "MEMBER": "member1",
    "SECRETARY": "secretary",
    "CHAIR": "chair",
    "PRIVACY_OFFICER": "officer",
    "STARTUP_USER": "applicant",
    "COORDINATOR": "coordinator",
    "AUDITOR": "auditor",
    "ADMIN": "admin2",
}
# People of another hospital and another startup.
STRANGERS = (
    ("busan_author", "elsewhere", Role.RELEASE_AUTHOR),
    ("busan_engineer", "elsewhere", Role.DATA_ENGINEER),
    ("busan_secretary", "elsewhere", Role.SECRETARY),
    ("busan_chair", "elsewhere", Role.CHAIR),
)


@pytest.fixture(scope="session", autouse=True)
def _quick() -> None:
    """Nobody cuts the power of a test, and nobody guesses its passwords."""
    database.SYNCHRONOUS = "OFF"
    passwords.HASHER = passwords.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(scope="session", autouse=True)
def _one_loop() -> Iterator[None]:
    """All browsers share one event loop; by default a TestClient starts a thread for every request."""
    with start_blocking_portal() as portal:
        Browser.portal = portal
        yield
        Browser.portal = None


def fill(board: Board) -> None:
    """A released release with a grant, one under review, and cases that wait at the applicant, secretary and members."""
    cast.approved_case(board)
    cast.released(board)
    cast.granted(board)
    cast.reviewed(board, cast.V2, f"{RELEASE}-next")
    cast.draft(board, "case-draft")
    cast.draft(board, "case-sent")
    board.cases.submit("applicant", "case-sent")
    cast.in_review(board, "case-review")
    cast.voted(board, "case-conditional", Choice.CONDITIONAL)
    board.cases.approve_conditionally("chair", "case-conditional", ["IRB 변경승인서"])


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of such a board; everybody has an account."""
    path = tmp_path_factory.mktemp("portal") / "board.sqlite"
    with cast.board_with_people(path) as board:
        fill(board)
        for person, home, role in STRANGERS:
            board.people.add_person("admin", f"이름 {person}", home, [role], person_id=person)
            board.people.confirm_roles("admin2", person)
        made = passwords.hashed(PASSWORD)
        for person in ("admin", *PEOPLE, *(name for name, _, _ in STRANGERS)):
            board.accounts.accept(person, board.accounts.open("system", person, email=f"{person}@example.org"), made)
    return path


@pytest.fixture
def board(filled: Path, tmp_path: Path) -> Iterator[Board]:
    """That board, in a file of its own."""
    shutil.copy(filled, tmp_path / "board.sqlite")
    with open_board(f"sqlite:///{tmp_path}/board.sqlite", clock=_later()) as opened:
        yield opened


def _later() -> Clock:
    clock = Clock()
    clock.now = clock.now.replace(hour=12)
    return clock


def settings(**more: object) -> PortalSettings:
    told: dict[str, object] = {"second_factor": "optional", "limits": False, "offers": SHIPPED, **more}
    return PortalSettings("unused", KEY, address="http://testserver", **told)  # type: ignore[arg-type]


def visitor(app: FastAPI, board: Board, person: str) -> Browser:
    """A browser that is signed in already."""
    made = Browser(app, follow_redirects=False)
    cookie = board.sessions.begin(person, "test", whole=True)
    made.cookies.set(COOKIE, cookie)
    made.csrf = csrf_token(cookie)
    return made


@pytest.fixture
def app(board: Board, tmp_path: Path) -> FastAPI:
    """The portal over it."""
    return create_app(settings(store=tmp_path / "store"), board)


def token(page: str) -> str:
    """The CSRF token of a page's forms."""
    found = re.search(r'name="_csrf" value="([0-9a-f]{64})"', page)
    return found[1] if found else ""


class Browser(TestClient):
    """Keeps cookies and sends forms as a browser does."""

    csrf: str = ""

    def sign_in(self, person: str, password: str = PASSWORD) -> Browser:
        page = self.get("/sign-in").text
        self.last = self.post("/sign-in", data={"_csrf": token(page), "person": person, "password": password})
        return self

    def fill_in(self, address: str, form: dict[str, object] | None = None, page: str = "/me"):  # type: ignore[no-untyped-def]
        """Send a form with the token of a page that shows one."""
        return self.post(address, data={"_csrf": token(self.get(page).text), **(form or {})})


NewBrowser = Callable[..., Browser]


@pytest.fixture
def browser(app: FastAPI) -> NewBrowser:
    """Make a browser; with a name, one that is signed in."""

    def make(person: str | None = None) -> Browser:
        made = Browser(app, follow_redirects=False, raise_server_exceptions=True)
        return made.sign_in(person) if person else made

    return make


__all__ = ["CASE", "RELEASE", "SITE", "STUDY", "V1", "Route"]
