"""A portal killed while it records a decision, a database restarted during a vote: there whole, or not at all; never twice."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from cdm.server import Server, start
from drb import Board, open_board
from drb.states import ReleaseState
from portal.security import csrf_token
from tests.drb import cast
from tests.drb.cast import RELEASE, V2
from tests.portal.conftest import fill
from tests.portal.test_oidc import free_port

NEXT = f"{RELEASE}-next"
SERVER = """
import sys, uvicorn
from portal.app import create_app
from portal.settings import PortalSettings
uvicorn.run(create_app(PortalSettings(sys.argv[1], b"k" * 32, second_factor="optional", limits=False)), port=int(sys.argv[2]))
"""


def serve(url: str, port: int) -> subprocess.Popen[bytes]:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen([sys.executable, "-c", SERVER, url, str(port)], **quiet)  # type: ignore[call-overload]
    for _ in range(600):
        try:
            httpx2.get(f"http://127.0.0.1:{port}/sign-in")
        except httpx2.HTTPError:
            time.sleep(0.1)
        else:
            break
    return server  # type: ignore[no-any-return]


@pytest.fixture
def postgresql() -> Iterator[Server]:
    """A server of its own, since it is taken down in the middle; a decision that was told is on the disk."""
    folder = Path(tempfile.mkdtemp(prefix="naru-kill-"))
    folder.chmod(0o755)
    with start(folder) as server:
        server.create_database("board")
        with cast.board_with_people(server.url("board")) as board:
            fill(board)
        yield server
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.slow
@pytest.mark.parametrize("after", [0.0, 0.02, 0.2])
def test_kill_minus_nine_during_a_decision_loses_nothing_and_doubles_nothing(
    filled: Path, tmp_path: Path, after: float
) -> None:
    shutil.copy(filled, tmp_path / "board.sqlite")
    killed_while_deciding(f"sqlite:///{tmp_path}/board.sqlite", after)


@pytest.mark.slow
@pytest.mark.parametrize("after", [0.0, 0.03])
def test_kill_minus_nine_during_a_decision_in_postgresql(postgresql: Server, after: float) -> None:
    killed_while_deciding(postgresql.url("board"), after)


def killed_while_deciding(url: str, after: float) -> None:
    """Kill the portal's process `after` seconds into a decision, look at the board, serve again, decide again."""
    port = free_port()
    with open_board(url) as board:
        cookie = board.sessions.begin("secretary", "test", whole=True)
        number = board.releases.get("system", NEXT).case_number
    server = serve(url, port)
    form = {"digest": V2, "typed": number}
    told: list[int] = []
    thread = threading.Thread(target=lambda: told.append(sent(port, f"/releases/{NEXT}/approve", cookie, form)))
    thread.start()
    time.sleep(after)
    os.kill(server.pid, signal.SIGKILL)
    thread.join()
    server.wait()
    with open_board(url) as board:
        state = board.releases.get("system", NEXT).state
        approvals = [e for e in board.events("system", f"release:{NEXT}") if e.action == "approve"]
        assert board.verify().ok
        assert (state is ReleaseState.APPROVED) is (len(approvals) == 1)
        assert len(approvals) <= 1
        if told == [303]:
            assert state is ReleaseState.APPROVED  # what was told to be done is done
    server = serve(url, port)
    assert sent(port, f"/releases/{NEXT}/approve", cookie, form) == (409 if approvals else 303)
    server.kill()
    server.wait()
    with open_board(url) as board:
        assert len([e for e in board.events("system", f"release:{NEXT}") if e.action == "approve"]) == 1
        assert board.verify().ok


@pytest.mark.slow
@pytest.mark.parametrize("after", [0.0, 0.03])
def test_a_database_that_is_restarted_during_a_vote_loses_no_vote_and_doubles_none(
    postgresql: Server, after: float
) -> None:
    """The same portal process goes on; whoever was told that the vote failed votes again, once."""
    url, port = postgresql.url("board"), free_port()
    members = ("member1", "member2", "member3")
    with open_board(url) as board:
        cookies = {one: board.sessions.begin(one, "test", whole=True) for one in members}
    server = serve(url, port)
    path, form = "/cases/case-review/vote", {"choice": "APPROVE"}
    told: dict[str, int] = {}

    def vote(person: str) -> None:
        told[person] = sent(port, path, cookies[person], form)

    try:
        threads = [threading.Thread(target=vote, args=(person,)) for person in members]
        for thread in threads:
            thread.start()
        time.sleep(after)
        postgresql.stop()
        start(postgresql.data.parent)
        for thread in threads:
            thread.join()
        with open_board(url) as board:
            stand = voters(board)
            assert board.verify().ok
        assert {person for person, status in told.items() if status == 303} <= set(stand)
        assert set(told.values()) <= {0, 303, 422, 500}
        for person in members:
            again = sent(port, path, cookies[person], form)
            assert again == (409 if person in stand else 303), (person, told)
    finally:
        server.kill()
        server.wait()
    with open_board(url) as board:
        assert sorted(voters(board)) == sorted(members)
        cast_events = [e.actor for e in board.events("system", "case:case-review") if e.action == "vote"]
        assert sorted(cast_events) == sorted(members)
        assert board.verify().ok


def voters(board: Board) -> list[str]:
    return [vote.person for vote in board.cases.get("system", "case-review").votes]


def sent(port: int, path: str, cookie: str, form: dict[str, str]) -> int:
    """Send a form of a session; the status of the answer, 0 when none came."""
    try:
        answer = httpx2.post(
            f"http://127.0.0.1:{port}{path}",
            data={"_csrf": csrf_token(cookie), **form},
            cookies={"naru_session": cookie},
            timeout=60,
        )
    except httpx2.HTTPError:
        return 0
    return answer.status_code
