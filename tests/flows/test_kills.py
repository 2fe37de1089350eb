"""kill -9 at any moment: nothing half-written is taken for whole, and the same command ends with the same package."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from drb import open_board
from flows.home import Home
from flows.stages import NAMES
from tests.flows.commands import STARTS_NARU, Alone, Ended, Extraction, environment
from tests.flows.first_version import ACTOR, SITE, copied

pytestmark = [pytest.mark.xdist_group("flows_alone"), pytest.mark.timeout(600)]
Begin = Callable[..., Extraction]


@pytest.fixture(scope="module")
def begun(extraction: Alone, gi_bleed: Path) -> Begin:
    def begin(home: Home, *at: str) -> Extraction:
        return extraction(home.root, gi_bleed, SITE, ACTOR, at)

    return begin


def folder(home: Home, study: str = "gi_bleed") -> Path:
    return home.run(SITE, study, f"case-{study}-{SITE}".replace("_", "-"))


def stands(home: Home) -> set[str]:
    """The stages whose output is whole. Every folder without a partial's name must be."""
    found = {path.name.rpartition("-")[0]: path for path in folder(home).glob("*-*") if path.name[0] != "."}
    assert all((path / "stage.json").is_file() for path in found.values())
    return set(found)


def only_what_may_stay(home: Home) -> None:
    """After a whole run: no raw rows, no crosswalk, no partial folder."""
    assert stands(home) == {"cohort", "draw", "quality", "package"}
    assert not list(folder(home).glob(".partial-*"))
    assert not list(folder(home).rglob("raw"))
    assert not list(folder(home).rglob("crosswalk.parquet"))


def killed_within(home: Home, process: Extraction, stage: str) -> None:
    """Kill while the stage writes."""
    process.until(lambda: list(folder(home).glob(f".partial-{stage}-*/*")))
    process.kill()


def test_kill_9_in_the_middle_of_every_stage_and_at_every_boundary(
    ready_home: Home, begun: Begin, undisturbed: tuple[Home, str], tmp_path: Path
) -> None:
    """One run, killed twelve times: each time it goes on where it was, at the end its package is the same."""
    home = copied(ready_home, tmp_path / "home")
    for n, stage in enumerate(NAMES):
        killed_within(home, begun(home), stage)
        assert stands(home) == set(NAMES[:n])
        assert len(list(folder(home).glob(f".partial-{stage}-*"))) == 1
        assert begun(home, stage, "done").wait().code == -signal.SIGKILL
        assert stands(home) == set(NAMES[: n + 1])
    whole = begun(home).wait()
    assert (whole.code, whole.err) == (0, "")
    assert whole.out.strip() == undisturbed[1]
    only_what_may_stay(home)


@pytest.mark.parametrize("at", [("submit", "begun")])
def test_kill_9_before_the_board_is_told(
    ready_home: Home, begun: Begin, undisturbed: tuple[Home, str], at: tuple[str, str], tmp_path: Path
) -> None:
    home = copied(undisturbed[0], tmp_path / "home")
    (home.root / "board" / "board.sqlite").unlink()
    for rest in ("-wal", "-shm"):
        (home.root / "board" / f"board.sqlite{rest}").unlink(missing_ok=True)
    shutil.copy(ready_home.root / "board" / "board.sqlite", home.root / "board" / "board.sqlite")
    assert begun(home, *at).wait().code == -signal.SIGKILL
    assert begun(home).wait().out.strip() == undisturbed[1]
    with open_board(home.board_url) as board:
        assert [r.manifest_digest for r in board.releases.list("system")] == [undisturbed[1]]
        assert board.verify().ok


def test_a_second_run_at_the_same_time_is_told_so(
    ready_home: Home, begun: Begin, undisturbed: tuple[Home, str], tmp_path: Path
) -> None:
    home = copied(ready_home, tmp_path / "home")
    first = begun(home)
    first.until(lambda: list(folder(home).glob("*-*/stage.json")))
    second = begun(home).wait()
    assert second.code == 2
    assert second.err == (
        f"naru: study 'gi_bleed' at site 'gibleed' is being run already by another process (pid {first.pid}); "
        "wait until it ends, then run the same command again: what it finished is reused\n"
    )
    told = first.wait()
    assert (told.code, told.out.strip()) == (0, undisturbed[1])


def fields(pid: int) -> list[str]:
    """What /proc tells of a process after its name: state, parent ... Nothing once it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def children_of(pid: int) -> list[int]:
    everybody = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
    return [one for one in everybody if fields(one)[1:2] == [str(pid)]]


def gone(processes: list[int]) -> bool:
    """Whether they end within some seconds. Where nobody reaps them they stay as 'Z'."""
    ends = time.monotonic() + 10
    while time.monotonic() < ends:
        if all(fields(pid)[:1] in ([], ["Z"]) for pid in processes):
            return True
        time.sleep(0.05)
    return False


def test_kill_9_of_the_command_itself_with_prefect_around_it(
    ready_home: Home, gi_bleed: Path, undisturbed: tuple[Home, str], tmp_path: Path
) -> None:
    home = copied(ready_home, tmp_path / "home")
    command = [sys.executable, "-c", STARTS_NARU, "extract", str(gi_bleed), "--site", SITE, "--as", ACTOR, "--json"]
    with (tmp_path / "out").open("w") as out:
        process = subprocess.Popen(command, env=environment(home.root), stdout=out, stderr=out)
        while not list(folder(home).glob(".partial-deidentify-*/*")):
            assert process.poll() is None, (tmp_path / "out").read_text()
            time.sleep(0.002)
        server = children_of(process.pid)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert (tmp_path / "out").read_text() == ""
    assert gone(server)  # Prefect's own server goes with the command
    assert stands(home) == set(NAMES[:3])
    again = subprocess.run(
        command, env=environment(home.root), capture_output=True, text=True, timeout=200, check=False
    )
    whole = Ended(again.returncode, again.stdout, again.stderr)
    assert (whole.code, whole.err) == (0, "")
    assert whole.json()["manifest_digest"] == undisturbed[1]
    assert whole.json()["ran"] == list(NAMES[3:])
    only_what_may_stay(home)
