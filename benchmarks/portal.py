"""The portal's pages over five years of cases, 20 people clicking on loopback: p50 and p95, queries and CPU a page.

A person waits for the page and then looks at it for half a second to one and a half (--think 1); one click in a hundred
assigns a case, so that what is open changes under everybody's eyes. The second run (--think 0) is no people: 20 loops that
ask for the next page the moment the last one came, which shows what the server can do at most, and how long a page waits
in such a line. The clicking shares the machine with the server.
CPU is what one page costs the server by itself (the least of ten), whatever else the machine is doing. The floor measured
in the same run is the server answering a page that asks the board for nothing but who is there.
The goal is a p95 below 100 ms for queue and case pages of people. Usage: naru bench portal [--clients 20] [--seconds 20]
"""

from __future__ import annotations

import argparse
import http.client
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
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import event, select

from portal.security import csrf_token

PEOPLE = ("secretary_lee", "secretary_oh", "chair_jung", "member_01", "member_02")
# The first pages of the morning, by which a server warms up, are not counted.
MORNING = ("/queue", "/cases", "/cases/demo-2024-0001", "/releases", "/keys")
PAGES = ("queue", "case", "release", "cases", "assign", "floor")


def main() -> None:
    """Seed, serve, click, tell."""
    parser = argparse.ArgumentParser(prog="naru bench portal", description=__doc__)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--think", type=float, help="mean seconds of looking at a page; default: 1, then 0")
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = {}
    for kind in ("sqlite", "postgresql") if given.database == "both" else (given.database,):
        with database(kind) as url:
            thinks = (1.0, 0.0) if given.think is None else (given.think,)
            found[kind] = measure(url, given.clients, given.seconds, thinks)
    if given.json:
        print(json.dumps(found))
        return
    for kind, told in found.items():
        print(f"{kind}: {told['cases']:,} cases, {told['events']:,} events, peak {told['peak_mb']} MB")
        for run in told["runs"]:
            print(
                f" {given.clients} clients, {run['think_s']:g} s between a page and the next click: {run['clicks']:,} clicks, "
                f"{run['clicks_a_second']} a second, {run['server_cpu_ms']} ms CPU a click"
            )
            for page, figures in run["pages"].items():
                costs = told["alone"].get(page)
                alone = f"  {costs['queries']:3} queries  {costs['cpu_ms']:5.1f} ms CPU alone" if costs else ""
                print(f"  {page:8} p50 {figures['p50_ms']:6.1f} ms  p95 {figures['p95_ms']:6.1f} ms{alone}")


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


@dataclass(frozen=True)
class Ground:
    """What can be clicked on. cookies: one a person, with who it is."""

    cookies: tuple[tuple[str, str], ...]
    releases: tuple[str, ...]
    opened: tuple[str, ...]


def measure(url: str, clients: int, seconds: float, thinks: Sequence[float]) -> dict[str, Any]:
    """Seed a board, serve it in a process of its own, let the clients click."""
    from drb import open_board
    from drb.models import Case, Release
    from drb.seed import seed
    from drb.states import CaseState
    from flows.demo.topics import TOPICS

    with open_board(url) as board:
        told = seed(board, TOPICS)
        people = [PEOPLE[n % len(PEOPLE)] for n in range(clients)]
        cookies = tuple((one, board.sessions.begin(one, "bench", whole=True)) for one in people)
        with board.desk.read() as work:
            opened = select(Case.id).where(Case.state.in_((CaseState.SUBMITTED, CaseState.SCREENING)))
            ground = Ground(
                cookies,
                tuple(work.session.scalars(select(Release.name).order_by(Release.name))),
                tuple(work.session.scalars(opened.order_by(Case.id))),
            )
        alone = counted(url, board.sessions.begin("secretary_lee", "bench", whole=True), ground)
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks._portal_server", url, str(port)],
        stdout=subprocess.DEVNULL,
        env={**os.environ},
    )
    try:
        wait(port)
        runs = [clicking(port, server.pid, ground, seconds, think) for think in thinks]
        peak = peak_mb(server.pid)
    finally:
        server.terminate()
        server.wait()
    return {"cases": told.cases, "events": told.events, "peak_mb": peak, "alone": alone, "runs": runs}


def clicking(port: int, pid: int, ground: Ground, seconds: float, think: float) -> dict[str, Any]:
    """One run of clicking, in figures."""
    before = cpu_seconds(pid)
    times = clicked(port, ground, seconds, think)
    clicks = sum(len(taken) for taken in times.values())
    pages = {
        page: {
            "clicks": len(taken),
            "p50_ms": round(1000 * percentile(taken, 50), 1),
            "p95_ms": round(1000 * percentile(taken, 95), 1),
        }
        for page, taken in times.items()
        if len(taken) > 1
    }
    return {
        "think_s": think,
        "clicks": clicks,
        "clicks_a_second": round(clicks / seconds),
        "server_cpu_ms": round(1000 * (cpu_seconds(pid) - before) / clicks, 1),
        "pages": pages,
    }


def click(rng: random.Random, who: str, ground: Ground) -> tuple[str, str, dict[str, str]]:
    """What is clicked, and the form that is sent: the queue most often, else a case, a release, a list, or work."""
    chance = rng.random()
    if chance < 0.01 and who.startswith("secretary"):
        return "assign", "/queue/assign", {"object": f"case:{rng.choice(ground.opened)}", "assignee": who}
    if chance < 0.4:
        return "queue", "/queue", {}
    if chance < 0.75:
        return "case", f"/cases/demo-2024-{rng.randint(1, 1400):04d}", {}
    if chance < 0.85:
        return "release", f"/releases/{rng.choice(ground.releases)}", {}
    if chance < 0.95:
        return "cases", f"/cases?page={rng.randint(1, 80)}", {}
    return "floor", "/keys", {}


def clicked(port: int, ground: Ground, seconds: float, think: float) -> dict[str, list[float]]:
    """Let everybody click for a while; give the seconds that each kind of page took. Raises what went wrong for anybody."""
    times: dict[str, list[float]] = {page: [] for page in PAGES}
    lock = threading.Lock()
    begun = time.monotonic() + 6

    def person(number: int) -> None:
        who, cookie = ground.cookies[number]
        rng = random.Random(number)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        time.sleep(rng.random() * 2)
        for path in MORNING:
            ask(connection, path, cookie, {})
        time.sleep(max(0.0, begun - time.monotonic()) + rng.random() * think)
        while time.monotonic() < begun + seconds:
            kind, path, form = click(rng, who, ground)
            taken = ask(connection, path, cookie, form)
            with lock:
                times[kind].append(taken)
            time.sleep(think * rng.uniform(0.5, 1.5))

    with ThreadPoolExecutor(len(ground.cookies)) as pool:
        for done in [pool.submit(person, number) for number in range(len(ground.cookies))]:
            done.result()
    return times


def ask(connection: http.client.HTTPConnection, path: str, cookie: str, form: dict[str, str]) -> float:
    """Ask for a page, or send a form; give the seconds until all of the page was there."""
    headers = {"Cookie": f"naru_session={cookie}"}
    body = urlencode({"_csrf": csrf_token(cookie), **form}) if form else None
    if body:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    begun = time.perf_counter()
    connection.request("POST" if form else "GET", path, body, headers)
    answer = connection.getresponse()
    answer.read()
    taken = time.perf_counter() - begun
    if answer.status != 200:
        raise RuntimeError(f"{path}: {answer.status}")
    return taken


def counted(url: str, cookie: str, ground: Ground) -> dict[str, dict[str, float]]:
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
        paths = {
            "queue": "/queue",
            "case": "/cases/demo-2024-0001",
            "release": f"/releases/{ground.releases[0]}",
            "cases": "/cases",
            "floor": "/keys",
        }
        with TestClient(app, cookies={"naru_session": cookie}) as client:
            for page, path in paths.items():
                spent = []
                for _ in range(10):
                    asked.clear()
                    begun = time.process_time()
                    client.get(path)
                    spent.append(1000 * (time.process_time() - begun))
                found[page] = {"queries": len(asked), "cpu_ms": round(min(spent), 1)}
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


def cpu_seconds(pid: int) -> float:
    """The CPU that the server spent so far; NaN where the system does not tell."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.is_file():
        return float("nan")
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mb(pid: int) -> int:
    """The server's peak memory."""
    status = Path(f"/proc/{pid}/status")
    if status.is_file():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) // 1024
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024


if __name__ == "__main__":
    main()
