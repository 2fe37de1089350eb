"""Signing in at a real OpenID provider on loopback: the whole code flow by HTTP, and everything that must not let in."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import httpx2
import oidc_provider_mock
import pytest
import uvicorn
from fastapi import FastAPI

from drb import Board
from portal.app import create_app
from portal.settings import Oidc
from portal.sign_in import oidc as room
from tests.portal.conftest import settings

SUBJECT = "lee@hospital.example"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """A provider that keeps its clients and users."""
    with oidc_provider_mock.run_server_in_thread(require_client_registration=True) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def portal(board: Board, provider: str) -> Iterator[str]:
    """A portal on loopback that is registered at the provider, and knows the secretary by her subject there."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    client = httpx2.post(f"{provider}/oauth2/clients", json={"redirect_uris": [f"{address}/sign-in/oidc/back"]}).json()
    known = Oidc(provider, client["client_id"], client["client_secret"])
    app = create_app(settings(oidc=known), board)
    object.__setattr__(app.state.portal.settings, "address", address)
    board.accounts.open("system", "secretary", oidc_id=f"{provider}|{SUBJECT}")
    with served(app, port):
        yield address


class served:  # noqa: N801 - reads as a verb
    """A server in a thread of this process."""

    def __init__(self, app: FastAPI, port: int) -> None:
        self.server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
        self.thread = threading.Thread(target=self.server.run, daemon=True)

    def __enter__(self) -> None:
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)

    def __exit__(self, *_: object) -> None:
        self.server.should_exit = True
        self.thread.join()


def at_provider(browser: httpx2.Client, portal: str, subject: str = SUBJECT) -> str:
    """Go to the provider and say there who one is; give the address to which it sends the browser back."""
    away = browser.get(f"{portal}/sign-in/oidc")
    assert away.status_code == 303
    assert "code_challenge_method=S256" in away.headers["location"]
    back = browser.post(away.headers["location"], data={"sub": subject})
    assert back.status_code in {302, 303}
    return back.headers["location"]


def test_the_provider_s_word_lets_in_whoever_the_board_knows(portal: str) -> None:
    with httpx2.Client() as browser:
        answer = browser.get(at_provider(browser, portal))
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert "이름 secretary" in browser.get(f"{portal}/queue").text


def test_somebody_whom_only_the_provider_knows_stays_outside(portal: str) -> None:
    with httpx2.Client() as browser:
        answer = browser.get(at_provider(browser, portal, "stranger"))
        assert answer.status_code == 403
        assert "등록되지 않은" in answer.text


def test_another_s_answer_a_changed_state_and_a_used_code_are_refused(portal: str) -> None:
    with httpx2.Client() as browser, httpx2.Client() as thief:
        back = at_provider(browser, portal)
        assert thief.get(back).status_code == 401  # without the cookie that began it
        assert browser.get(back.replace("state=", "state=x")).status_code == 401
        assert browser.get(back).status_code == 303
        assert browser.get(back).status_code == 401  # the code was used, the cookie is gone


def test_an_answer_that_comes_too_late_is_refused(portal: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with httpx2.Client() as browser:
        back = at_provider(browser, portal)
        monkeypatch.setattr(room, "SECONDS", -1)
        assert browser.get(back).status_code == 401


def test_a_provider_that_does_not_answer_or_calls_itself_otherwise_is_told(board: Board, provider: str) -> None:
    from tests.portal.conftest import Browser

    for issuer in (f"http://127.0.0.1:{free_port()}", f"{provider}/"):
        app = create_app(settings(oidc=Oidc(issuer, "x", "y")), board)
        answer = Browser(app, follow_redirects=False).get("/sign-in/oidc")
        assert answer.status_code == 401
        assert "통합 로그인을 확인할 수 없습니다" in answer.text


def test_without_a_provider_there_is_no_such_page(app: FastAPI) -> None:
    from tests.portal.conftest import Browser

    assert Browser(app, follow_redirects=False).get("/sign-in/oidc").status_code == 404
