"""A server that is killed while it records a decision: the decision is there whole, or not at all; never twice."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx2
import pytest

from drb import open_board
from drb.states import ReleaseState
from portal.security import csrf_token
from tests.drb.cast import RELEASE, V2
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


@pytest.mark.slow
@pytest.mark.parametrize("after", [0.0, 0.005, 0.02, 0.05, 0.2])
def test_kill_minus_nine_during_a_decision_loses_nothing_and_doubles_nothing(
    filled: Path, tmp_path: Path, after: float
) -> None:
    shutil.copy(filled, tmp_path / "board.sqlite")
    url, port = f"sqlite:///{tmp_path}/board.sqlite", free_port()
    with open_board(url) as board:
        cookie = board.sessions.begin("secretary", "test", whole=True)
        number = board.releases.get("system", NEXT).case_number
    server = serve(url, port)
    form = {"_csrf": csrf_token(cookie), "digest": V2, "typed": number}
    told: list[int] = []

    def decide() -> None:
        try:
            answer = httpx2.post(
                f"http://127.0.0.1:{port}/releases/{NEXT}/approve", data=form, cookies={"naru_session": cookie}
            )
            told.append(answer.status_code)
        except httpx2.HTTPError:
            told.append(0)

    thread = threading.Thread(target=decide)
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
    answer = httpx2.post(
        f"http://127.0.0.1:{port}/releases/{NEXT}/approve", data=form, cookies={"naru_session": cookie}
    )
    assert answer.status_code == (409 if approvals else 303)
    server.kill()
    server.wait()
    with open_board(url) as board:
        assert len([e for e in board.events("system", f"release:{NEXT}") if e.action == "approve"]) == 1
        assert board.verify().ok
