"""A stage's output is whole or absent, whatever happens while it is made."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from cdm.errors import BadInput
from flows.faults import DiskFull, StageFailed
from flows.lock import only_one
from flows.stages.folder import Stage, sweep

CANARY = "ZQX-900101-1234567"


def stage(run: Path, **inputs: object) -> Stage:
    run.mkdir(exist_ok=True)
    return Stage.of(run, "cohort", inputs or {"definition": "a"})


def write(name: str, text: str = "rows"):
    def work(folder: Path) -> dict[str, object]:
        (folder / name).write_text(text)
        return {"files": 1}

    return work


def test_what_was_made_once_is_kept_and_its_facts_are_told_again(tmp_path: Path) -> None:
    first = stage(tmp_path).run(write("a"))
    again = stage(tmp_path).run(lambda folder: pytest.fail("the work was done twice"))
    assert first == again == {"files": 1}


def test_a_changed_input_is_another_folder(tmp_path: Path) -> None:
    assert stage(tmp_path, definition="a").folder != stage(tmp_path, definition="b").folder


def test_a_failing_work_leaves_nothing_that_looks_whole(tmp_path: Path) -> None:
    def work(folder: Path) -> dict[str, object]:
        (folder / "half").write_text("half")
        raise BadInput("one sentence")

    with pytest.raises(BadInput, match="one sentence"):
        stage(tmp_path).run(work)
    assert list(tmp_path.iterdir()) == []


def test_a_wiped_stage_is_made_again(tmp_path: Path) -> None:
    made = stage(tmp_path)
    made.run(write("a"))
    made.wipe()
    assert not made.whole
    assert made.run(write("a")) == {"files": 1}


def test_an_engines_fault_comes_out_without_the_value_it_quotes(tmp_path: Path) -> None:
    def work(folder: Path) -> dict[str, object]:
        duckdb.sql("SELECT CAST($value AS INTEGER)", params={"value": CANARY}).fetchall()
        return {}

    with pytest.raises(StageFailed) as caught:
        stage(tmp_path).run(work)
    told, chain = caught.value, []
    while told is not None:
        chain.append(told)
        told = told.__cause__ or told.__context__  # type: ignore[assignment]
    assert not any(CANARY in str(error) or CANARY in repr(error) for error in chain)
    assert "duckdb" in str(caught.value)
    assert "test_stage_folder" in str(caught.value)  # where it happened


def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    def work(folder: Path) -> dict[str, object]:
        raise OSError(28, "No space left on device")

    with pytest.raises(DiskFull, match="is full; free some space and run the same command again"):
        stage(tmp_path).run(work)


def test_a_really_full_device_is_one_sentence(tmp_path: Path) -> None:
    def work(folder: Path) -> dict[str, object]:
        with Path("/dev/full").open("w") as file:
            file.write("row")
        return {}

    with pytest.raises(DiskFull):
        stage(tmp_path).run(work)


KILLED = """
import sys, time
from pathlib import Path
from flows.stages.folder import Stage
run = Path(sys.argv[1])
def work(folder):
    (folder / "half").write_text("half")
    print("begun", flush=True)
    time.sleep(60)
Stage.of(run, "cohort", {"definition": "a"}).run(work)
"""


def test_kill_9_in_the_middle_leaves_nothing_whole_and_the_next_run_sweeps_it(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert [path.name.startswith(".partial-") for path in tmp_path.iterdir()] == [True]
    sweep(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert stage(tmp_path).run(write("a")) == {"files": 1}


HOLDER = """
import sys, time
from pathlib import Path
from flows.lock import only_one
with only_one(Path(sys.argv[1]), "study x at site y"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_run_at_the_same_time_is_told_who_runs(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    with (
        pytest.raises(BadInput, match=f"study x at site y is being run already by another process .pid {process.pid}"),
        only_one(tmp_path, "study x at site y"),
    ):
        pytest.fail("two at once")
    process.kill()
    process.wait()
    process.stdout.close()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:  # the kernel frees the lock with the process
        try:
            with only_one(tmp_path, "study x at site y"):
                return
        except BadInput:
            continue
    pytest.fail("the lock outlived its holder")
