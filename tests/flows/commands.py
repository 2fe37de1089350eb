"""`naru` as a person calls it: with an exit code, standard output, standard error."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
# What a person may have set must not decide how a test ends.
UNSET = (
    "NARU_USER",
    "NARU_LANG",
    "NARU_BOARD_URL",
    "NARU_SOURCE_PASSWORD",
    "PGPASSWORD",
    "PGPASSFILE",
    "PREFECT_API_URL",
    "NARU_WEBAPI_TOKEN",
)
STARTS_NARU = "from flows.cli import main; main()"


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        assert self.code in (0, 1), self
        return json.loads(self.out)


def environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of a command whose state lies in `home`."""
    kept = {name: value for name, value in os.environ.items() if name not in UNSET}
    return {**kept, "NARU_HOME": str(home), "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", **more}


def naru(home: Path, *arguments: object, **more: str) -> Ended:
    """Run the command in a process of its own."""
    process = started(home, *arguments, **more)
    out, err = process.communicate(timeout=200)
    return Ended(process.returncode, out, err)


def started(home: Path, *arguments: object, **more: str) -> subprocess.Popen[str]:
    """Start the command and go on."""
    command = [sys.executable, "-c", STARTS_NARU, *map(str, arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, env=environment(home, **more), stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True
    )


@dataclass(frozen=True)
class Ready:
    """A process that runs commands one after the other (tests/flows/ready.py), and what all of them said."""

    process: subprocess.Popen[str]
    folder: Path
    prefect: Path
    said: list[Ended] = field(default_factory=list)

    def __call__(self, home: Path, *arguments: object, **env: str) -> Ended:
        out, err = self.folder / "out", self.folder / "err"
        given: Mapping[str, object] = {
            "args": [str(a) for a in arguments],
            "env": {"NARU_HOME": str(home), **env},
            "out": str(out),
            "err": str(err),
        }
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(given) + "\n")
        self.process.stdin.flush()
        code = int(self.process.stdout.readline())
        self.said.append(Ended(code, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8")))
        return self.said[-1]

    def json(self, home: Path, *arguments: object) -> Any:
        """Run a command that must end well, and read its JSON."""
        ended = self(home, *arguments, "--json")
        assert ended.code == 0, (arguments, ended)
        return json.loads(ended.out)

    def ok(self, home: Path, *arguments: object, **env: str) -> Ended:
        """Run a command that must end well."""
        ended = self(home, *arguments, **env)
        assert ended.code == 0, (arguments, ended)
        return ended


@contextmanager
def ready(**more: str) -> Iterator[Ready]:
    """Start the process that runs commands, and end it."""
    with tempfile.TemporaryDirectory(prefix="naru-ready-") as name:
        folder, prefect = Path(name), Path(name) / "prefect"
        pipe = subprocess.PIPE
        with subprocess.Popen(
            [sys.executable, "-m", "tests.flows.ready"], cwd=ROOT, stdin=pipe, stdout=pipe, text=True,
            env=environment(folder / "none", PREFECT_HOME=str(prefect), **more),
        ) as process:  # fmt: skip
            try:
                yield Ready(process, folder, prefect)
            finally:
                assert process.stdin is not None
                process.stdin.close()
                process.wait(30)


@dataclass
class Extraction:
    """An extraction that was begun in a process of its own (tests/flows/alone.py)."""

    ask: Any
    pid: int
    out: Path
    err: Path
    code: int | None = None

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""
        if self.code is None:
            self.code = self.ask({"poll": self.pid})
        return self.code

    def wait(self) -> Ended:
        """How it ended; what it printed is the manifest digest."""
        if self.code is None:
            self.code = self.ask({"wait": self.pid})
        assert self.code is not None
        return Ended(self.code, self.out.read_text(encoding="utf-8"), self.err.read_text(encoding="utf-8"))

    def until(self, happened: Callable[[], object]) -> None:
        """Wait for something that must happen before it ends."""
        while not happened():
            assert self.poll() is None, self.wait()
            time.sleep(0.002)

    def kill(self) -> None:
        """kill -9."""
        os.kill(self.pid, signal.SIGKILL)
        assert self.wait().code == -signal.SIGKILL


@dataclass(frozen=True)
class Alone:
    """Begins extractions at a hospital, without Prefect."""

    process: subprocess.Popen[str]
    folder: Path
    numbers: Iterator[int] = field(default_factory=count)

    def __call__(
        self,
        home: Path,
        study: Path,
        site: str,
        actor: str,
        at: Sequence[str] = (),
        limit: int = 0,
        delta_from: int | None = None,
    ) -> Extraction:
        """at: kill yourself at this step and state. limit: the most bytes that a file of it may have.

        delta_from: from how many bytes of tables a version is told as base and delta; None: as for everybody.
        """
        out, err = (self.folder / f"{next(self.numbers)}" for _ in range(2))
        given = {
            "extract": [str(home), str(study), site, actor], "at": list(at), "limit": limit,
            "delta_from": delta_from, "out": str(out), "err": str(err)
        }  # fmt: skip
        return Extraction(self.ask, self.ask({"start": given}), out, err)

    def ask(self, asked: object) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


@contextmanager
def alone() -> Iterator[Alone]:
    """Start the process that begins extractions, and end it."""
    with tempfile.TemporaryDirectory(prefix="naru-alone-") as name:
        pipe = subprocess.PIPE
        with subprocess.Popen(
            [sys.executable, "-m", "tests.flows.alone"], cwd=ROOT, stdin=pipe, stdout=pipe, text=True,
            env=environment(Path(name), GX_ANALYTICS_ENABLED="false"),
        ) as process:  # fmt: skip
            yield Alone(process, Path(name))
            assert process.stdin is not None
            process.stdin.close()
            process.wait(30)
