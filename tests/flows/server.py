"""A Prefect server as a programme's hub runs one."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.flows.commands import ROOT, environment

START_SECONDS = 150


@dataclass(frozen=True)
class PrefectServer:
    """A server that was started. home: its PREFECT_HOME, with database and logs."""

    api: str
    home: Path

    def wait(self) -> None:
        """Until it answers."""
        ends = time.monotonic() + START_SECONDS
        while True:
            try:
                with urllib.request.urlopen(f"{self.api}/health", timeout=5):
                    return
            except OSError:
                if time.monotonic() > ends:
                    raise
                time.sleep(0.2)

    def ask(self, path: str) -> list[dict[str, Any]]:
        """Everything that the server holds of a kind, e.g. 'flow_runs'."""
        answer = httpx.post(f"{self.api}/{path}/filter", json={"limit": 200}, timeout=30)
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()
        return found


@contextmanager
def prefect_server(home: Path) -> Iterator[PrefectServer]:
    """Start `prefect server start` on a free port of this machine; it may not answer yet."""
    home.mkdir(parents=True)
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    quiet = {
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_UI_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "false",
    }
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment(home, PREFECT_HOME=str(home), **quiet), stdin=subprocess.DEVNULL,
            stdout=log, stderr=log,
        )  # fmt: skip
        try:
            yield PrefectServer(f"http://127.0.0.1:{port}/api", home)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
