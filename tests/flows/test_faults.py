"""A database that dies, a disk that is full: one sentence, nothing half-written, and afterwards the same package."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from cdm.load import load_into_postgres
from cdm.server import Server, start
from flows.home import Home
from tests.flows.commands import Alone, Ended, Extraction
from tests.flows.first_version import ACTOR, SITE, copied
from tests.flows.hospital import home_with_case

pytestmark = [pytest.mark.xdist_group("flows_alone"), pytest.mark.timeout(600)]
Begin = Callable[..., Extraction]


@pytest.fixture(scope="module")
def begun(extraction: Alone, gi_bleed: Path) -> Begin:
    def begin(home: Home, limit: int = 0) -> Extraction:
        return extraction(home.root, gi_bleed, SITE, ACTOR, limit=limit)

    return begin


def run_folder(home: Home) -> Path:
    return home.run(SITE, "gi_bleed", "case-gi-bleed-gibleed")


def nothing_half_written(home: Home) -> None:
    found = [path for path in run_folder(home).glob("*") if path.is_dir()]
    assert all((path / "stage.json").is_file() for path in found), found
    assert not list(home.spill.glob("*"))
    assert not list((home.root / "built").glob(".*"))


# --- PostgreSQL


@pytest.fixture(scope="module")
def mortal(gibleed: Path) -> Iterator[Server]:
    """A server of our own, to be killed."""
    folder = Path(tempfile.mkdtemp(prefix="naru-test-"))
    folder.chmod(0o755)
    try:
        with start(folder) as server:
            server.create_database("hospital")
            load_into_postgres(gibleed, server.url("hospital"), "cdm")
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def waiting_for_a_lock(con: psycopg.Connection) -> bool:
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = 'hospital'"
    found = con.execute(query).fetchone()
    assert found is not None
    return bool(found[0])


def kill(server: Server) -> None:
    """As pg_ctl stop -m immediate does: every session ends at once, mid-sentence."""
    pid = int((server.data / "postmaster.pid").read_text().splitlines()[0])
    os.kill(pid, signal.SIGQUIT)
    ends = time.monotonic() + 30
    while (server.data / "postmaster.pid").exists() and time.monotonic() < ends:
        time.sleep(0.05)
    (server.data / "postmaster.pid").unlink(missing_ok=True)


def test_a_database_that_dies_while_it_is_read_and_comes_back(
    begun: Begin, mortal: Server, gi_bleed: Path, tmp_path: Path
) -> None:
    """The hospital locks a table, so the run waits for its rows in the middle of a stage; then the server dies."""
    home = home_with_case(tmp_path / "home", gi_bleed, SITE, mortal.url("hospital", "cdm"))
    undisturbed = begun(copied(home, tmp_path / "other")).wait()
    assert (undisturbed.code, undisturbed.err) == (0, "")
    address = mortal.url("hospital").split("?host=")[1]
    process = begun(home)
    process.until(lambda: list(run_folder(home).glob(".partial-cohort-*")))
    hospital, watch = (psycopg.connect(host=address, user="postgres", dbname="hospital", autocommit=True) for _ in "12")
    hospital.execute("BEGIN")
    hospital.execute("LOCK TABLE cdm.measurement IN ACCESS EXCLUSIVE MODE")
    process.until(lambda: waiting_for_a_lock(watch))
    kill(mortal)
    for con in (hospital, watch):
        con.close()
    died = process.wait()
    assert (died.code, died.out) == (2, "")
    assert died.err.count("\n") == 1
    assert died.err.startswith("naru: ")
    assert "the connection was lost in the middle, nothing of it was kept; run again" in died.err
    nothing_half_written(home)

    away = begun(home).wait()
    assert (away.code, away.err.count("\n")) == (2, 1)
    assert "no server listens there" in away.err

    start(mortal.data.parent)
    again = begun(home).wait()
    assert (again.code, again.err) == (0, "")
    assert again.out == undisturbed.out


# --- disks


def told_full(failed: Ended) -> None:
    assert (failed.code, failed.out) == (2, ""), failed
    assert failed.err.count("\n") == 1
    assert failed.err.startswith("naru: ")
    assert "full" in failed.err, failed.err
    assert "free some space" in failed.err


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes, where this machine lets us mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "naru-test", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not permitted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("lefts", [(40_000, 400_000), pytest.param((150_000, 900_000), marks=pytest.mark.slow)])
def test_a_disk_that_is_full_twice_and_then_is_not(
    ready_home: Home, undisturbed: tuple[Home, str], begun: Begin, small_disk: Path, lefts: tuple[int, int]
) -> None:
    """`lefts`: how many bytes are free when the run begins; the second time it ends in another stage."""
    home = copied(ready_home, small_disk / "home")
    done = []
    for left in lefts:
        ballast = small_disk / "ballast"
        free = os.statvfs(small_disk)
        ballast.write_bytes(b"0" * (free.f_bavail * free.f_frsize - left))
        failed = begun(home).wait()
        told_full(failed)
        nothing_half_written(home)
        done.append(len(list(run_folder(home).glob("*-*/stage.json"))))
        ballast.unlink()
    assert done[0] < done[1]
    subprocess.run(["mount", "-o", "remount,size=200m", str(small_disk)], check=True)
    again = begun(home).wait()
    assert (again.code, again.err) == (0, "")
    assert again.out.strip() == undisturbed[1]


@pytest.mark.skipif(sys.platform != "linux", reason="limits of a process on the size of its files, as Linux has them")
def test_a_file_that_may_not_grow_further(
    ready_home: Home, undisturbed: tuple[Home, str], begun: Begin, tmp_path: Path
) -> None:
    """Where no disk can be mounted, the system's limit on a file's size stands in for one: writing ends with EFBIG."""
    home = copied(ready_home, tmp_path / "home")
    failed = begun(home, limit=250_000).wait()
    assert (failed.code, failed.err.count("\n")) == (2, 1), failed
    assert "full" in failed.err, failed.err
    nothing_half_written(home)
    again = begun(home).wait()
    assert (again.code, again.out.strip()) == (0, undisturbed[1])
