"""Extractions without Prefect, each in a process of its own, to be killed: plan, stages, submission, as flows.extract has them.

The libraries load once, then every extraction is a fork. Reads JSON lines on standard input: {"start": {...}} is answered
with the process' id, {"poll": id} and {"wait": id} with its exit code as `subprocess` has it (null while it runs).
An extraction that is asked to kill itself `at` a step and its state does so with SIGKILL.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from drb import open_board
from flows import progress
from flows.cli import exits
from flows.faults import guarded
from flows.home import Home
from flows.lock import only_one
from flows.plan import plan
from flows.run import run_stage
from flows.stages import NAMES, WORK, package
from flows.stages.folder import sweep
from flows.submit import submit


def extract(home: str, study: str, site: str, actor: str, at: list[str]) -> str:
    """The stages that are pending, and the submission. Returns the manifest digest."""

    def hear(step: progress.Step) -> None:
        if [step.name, step.state] == at:
            os.kill(os.getpid(), signal.SIGKILL)

    place = Home(Path(home))
    with open_board(place.board_url) as board, progress.listening(hear):
        run = guarded("plan", place.root, lambda: plan(place, board, Path(study), site, None, actor))
        with only_one(run.folder, f"study '{run.study.id}' at site '{run.site.id}'"):
            sweep(run.folder)
            for name in run.pending():
                run_stage(run, name, WORK[name])
            progress.tell("submit", "begun")
            return submit(run, board, actor).manifest_digest


def start(asked: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        for number, path in ((0, os.devnull), (1, asked["out"]), (2, asked["err"])):
            os.dup2(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), number)
        if asked["limit"]:
            resource.setrlimit(resource.RLIMIT_FSIZE, (asked["limit"], asked["limit"]))
        if asked["delta_from"] is not None:
            package.DELTA_FROM = asked["delta_from"]
        try:
            sys.stdout.write(extract(*asked["extract"], asked["at"]) + "\n")
            code = 0
        except Exception as error:
            code = exits._told(error)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def main() -> None:
    gc.set_threshold(50_000, 20, 20)  # as tests/conftest.py has it
    for name in ("great_expectations", "quality.expectations", *(f"flows.stages.{stage}" for stage in NAMES)):
        import_module(name)
    gc.collect()
    gc.freeze()  # else the collector of every fork goes through all that was loaded, and so copies it
    for line in sys.stdin:
        ((verb, asked),) = json.loads(line).items()
        if verb == "start":
            answer: int | None = start(asked)
        else:
            pid, status = os.waitpid(asked, os.WNOHANG if verb == "poll" else 0)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
