"""Prefect for runs that this process starts itself. Call `prepare` before Prefect is imported, `stop` before leaving.

With PREFECT_API_URL set, flow runs are told to that server. Without, a server is started that lives as long as this
process: beginning now, so that it is up when the first flow wants it, and never longer, even after kill -9.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import socket
import subprocess
import sys

from flows.home import Home

SETTINGS = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    # The first start on a cold machine creates the server's database, which takes longer than a request may by default.
    "PREFECT_API_REQUEST_TIMEOUT": "180",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_CLI_PROMPT": "false",
}
# One process' own server schedules nothing, and nobody looks at its pages or stores anything in its blocks.
SERVER = {
    "PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "false",
    "PREFECT_UI_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_LATE_RUNS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_CANCELLATION_CLEANUP_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_PAUSE_EXPIRATIONS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_FOREMAN_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED": "false",
}
PR_SET_PDEATHSIG = 1  # prctl(2), Linux

_server: list[subprocess.Popen[bytes]] = []


def prepare(home: Home) -> None:
    """Point Prefect at NARU_HOME, quietly, unless the person has set their own server or levels; start its server."""
    os.environ.setdefault("PREFECT_HOME", str(home.prefect))
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    for noisy in ("prefect", "httpx", "alembic", "uvicorn", "docket"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    if not os.environ.get("PREFECT_API_URL"):
        _start(home)


def _start(home: Home) -> None:
    home.prefect.mkdir(parents=True, exist_ok=True, mode=0o700)
    # The socket listens before the server does: whoever asks early waits in its queue, and no port can be lost to others.
    with socket.create_server(("127.0.0.1", 0)) as listening:
        os.environ["PREFECT_API_URL"] = f"http://127.0.0.1:{listening.getsockname()[1]}/api"
        command = [sys.executable, "-m", "uvicorn", "--factory", "prefect.server.api.server:create_app"]
        _server.append(
            subprocess.Popen(  # noqa: S603  # our own interpreter, fixed words
                [*command, "--fd", str(listening.fileno()), "--log-level", "critical", "--lifespan", "on"],
                env={**os.environ, **SERVER},
                pass_fds=(listening.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for us; the server goes when we go
                preexec_fn=_die_with_parent,  # noqa: PLW1509  # no thread runs yet
            )
        )


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def stop() -> None:
    """End the server of this process; what it was told is in its database already."""
    while _server:
        process = _server.pop()
        process.terminate()
        try:
            process.wait(timeout=3)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
