"""The portal's pages over five years of cases, 20 people clicking on loopback: p50 and p95, queries and CPU a page.

CPU is what one page costs the server by itself (the least of ten), whatever else the machine is doing. The floor measured
in the same run is the server answering a page that asks the board for nothing but who is there.
The goal is a p95 below 100 ms for queue and case pages. Usage: naru bench portal [--clients 20] [--seconds 20] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from typing import Any

import httpx
from sqlalchemy import event

PEOPLE = ("secretary_lee", "secretary_oh", "chair_jung", "member_01", "member_02")
# Somebody who clicks every second is in a hurry; they come one after the other, as people do.
THINK = 1.0


def main() -> None:
    """Seed, serve, click, tell."""
    parser = argparse.ArgumentParser(prog="naru bench portal", description=__doc__)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = {}
    for kind in ("sqlite", "postgresql") if given.database == "both" else (given.database,):
        with database(kind) as url:
            found[kind] = measure(url, given.clients, given.seconds)
    if given.json:
        print(json.dumps(found))
        return
    for kind, told in found.items():
        print(
            f"{kind}: {told['cases']:,} cases, {given.clients} clients, {told['clicks']:,} clicks, peak {told['peak_mb']} MB"
        )
        for page, figures in told["pages"].items():
            print(
                f"  {page:12} p50 {figures['p50_ms']:6.1f} ms  p95 {figures['p95_ms']:6.1f} ms  "
                f"{figures['queries']:3} queries  {figures['cpu_ms']:5.1f} ms CPU  {figures['times_floor']:4.1f} x the floor"
            )


@contextmanager
def database(kind: str) -> Iterator[str]:
    """An empty database of a kind, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="naru-bench-"))
    folder.chmod(0o755)
    try:
        if kind == "sqlite":
            yield f"sqlite:///{folder}/board.sqlite"
            return
        from cdm.server import start

        with start(folder) as server:
            server.create_database("board")
            yield server.url("board")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(url: str, clients: int, seconds: float) -> dict[str, Any]:
    """Seed a board, serve it in a process of its own, let the clients click."""
    from drb import open_board
    from drb.seed import seed
    from flows.demo.topics import TOPICS

    with open_board(url) as board:
        told = seed(board, TOPICS)
        cookies = [board.sessions.begin(PEOPLE[n % len(PEOPLE)], "bench", whole=True) for n in range(clients)]
        queries = counted(url, board.sessions.begin("secretary_lee", "bench", whole=True))
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks._portal_server", url, str(port)],
        stdout=subprocess.DEVNULL,
        env={**os.environ},
    )
    try:
        wait(port)
        times = clicked(port, cookies, seconds)
        peak = peak_mb(server.pid)
    finally:
        server.terminate()
        server.wait()
    floor = percentile(times["floor"], 50)
    pages = {
        page: {
            "p50_ms": round(1000 * percentile(taken, 50), 1),
            "p95_ms": round(1000 * percentile(taken, 95), 1),
            "queries": queries[page][0],
            "cpu_ms": queries[page][1],
            "times_floor": round(percentile(taken, 50) / floor, 1),
        }
        for page, taken in times.items()
    }
    clicks = sum(len(taken) for taken in times.values())
    return {"cases": told.cases, "events": told.events, "clicks": clicks, "peak_mb": peak, "pages": pages}


def paths(rng: random.Random) -> tuple[str, str]:
    """What is clicked: the queue half the time, else a case, a list or a release of it."""
    chance = rng.random()
    if chance < 0.4:
        return "queue", "/queue"
    if chance < 0.75:
        return "case", f"/cases/demo-2024-{rng.randint(1, 1400):04d}"
    if chance < 0.85:
        return "cases", f"/cases?page={rng.randint(1, 80)}"
    return "floor", "/keys"


def clicked(port: int, cookies: list[str], seconds: float) -> dict[str, list[float]]:
    """Let everybody click for a while; give the seconds that each kind of page took."""
    times: dict[str, list[float]] = {"queue": [], "case": [], "cases": [], "floor": []}
    lock = threading.Lock()
    end = time.monotonic() + seconds + 3

    def person(number: int) -> None:
        rng = random.Random(number)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", cookies={"naru_session": cookies[number]}) as client:
            client.get("/queue")  # the first page of the morning warms the server up and is not counted
            time.sleep(rng.random() * 2)
            while time.monotonic() < end:
                kind, path = paths(rng)
                begun = time.perf_counter()
                answer = client.get(path)
                taken = time.perf_counter() - begun
                if answer.status_code != 200:
                    raise RuntimeError(f"{path}: {answer.status_code}")
                with lock:
                    times[kind].append(taken)
                time.sleep(THINK * rng.uniform(0.5, 1.5))

    threads = [threading.Thread(target=person, args=(number,)) for number in range(len(cookies))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


def counted(url: str, cookie: str) -> dict[str, tuple[int, float]]:
    """How many queries each kind of page asks, and the least CPU that it took in ten, in ms."""
    from fastapi.testclient import TestClient

    from drb import open_board
    from portal.app import create_app
    from portal.settings import PortalSettings

    with open_board(url) as board:
        app = create_app(PortalSettings(url, b"k" * 32, limits=False), board)
        asked: list[str] = []
        event.listen(board.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
        found = {}
        with TestClient(app, cookies={"naru_session": cookie}) as client:
            for page, path in (
                ("queue", "/queue"),
                ("case", "/cases/demo-2024-0001"),
                ("cases", "/cases"),
                ("floor", "/keys"),
            ):
                spent = []
                for _ in range(10):
                    asked.clear()
                    begun = time.process_time()
                    client.get(path)
                    spent.append(1000 * (time.process_time() - begun))
                found[page] = (len(asked), round(min(spent), 1))
    return found


def percentile(times: list[float], share: int) -> float:
    """A percentile in seconds."""
    return quantiles(times, n=100)[share - 1]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait(port: int) -> None:
    """Wait until the server answers."""
    for _ in range(600):
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError("the server did not start")


def peak_mb(pid: int) -> int:
    """The server's peak memory."""
    status = Path(f"/proc/{pid}/status")
    if status.is_file():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) // 1024
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024


if __name__ == "__main__":
    main()
