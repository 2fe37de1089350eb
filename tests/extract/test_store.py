"""A release in the store is whole or it is not there."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdm.errors import BadInput
from extract.store import fetch, list_releases, publish, withdraw
from extract.verify import verify
from tests.extract.release import built, published

NAME = "deterioration-seoul01-1.0.0"


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return published(tmp_path_factory.mktemp("release"))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def size(folder: Path) -> int:
    return sum(map(len, contents(folder).values()))


class Breaks(Exception):
    """The connection broke."""


def after(amount: int, error: BaseException, moved: list[int] | None = None) -> Callable[[int], None]:
    """A watch that fails when that many bytes went through; `moved` collects them."""
    through = [] if moved is None else moved
    before = sum(through)

    def watch(piece: int) -> None:
        through.append(piece)
        if sum(through) - before >= amount:
            raise error

    return watch


def test_what_is_published_can_be_listed_and_fetched_unchanged(release: Path, tmp_path: Path) -> None:
    stored = publish(release, tmp_path / "store", NAME)
    assert (stored.name, stored.version, stored.bytes) == (NAME, "1.0.0", size(release))
    assert list_releases(tmp_path / "store") == (stored,)
    assert fetch(tmp_path / "store", NAME, tmp_path / "startup" / NAME).digest == stored.digest
    assert contents(tmp_path / "startup" / NAME) == contents(release)
    assert verify(tmp_path / "startup" / NAME).ok


def test_publishing_and_fetching_again_change_nothing(release: Path, tmp_path: Path) -> None:
    for _ in range(2):
        publish(release, tmp_path / "store", NAME)
        fetch(tmp_path / "store", NAME, tmp_path / "mine")
    assert contents(tmp_path / "mine") == contents(release)
    assert len(list_releases(tmp_path / "store")) == 1


def test_another_content_under_the_same_name_is_refused(release: Path, tmp_path: Path) -> None:
    publish(release, tmp_path / "store", NAME)
    other, _ = built(tmp_path, docs={"table1.csv": b"another"})
    with pytest.raises(BadInput, match="published already with another content; a change is a new version"):
        publish(other, tmp_path / "store", NAME)
    with pytest.raises(BadInput, match="holds something else"):
        fetch(tmp_path / "store", NAME, other)
    assert contents(tmp_path / "store" / NAME) == contents(release)


@settings(max_examples=6, derandomize=True, deadline=None)
@given(breaks=st.lists(st.integers(1, 6000), min_size=1, max_size=10))
def test_an_upload_and_a_download_that_break_show_nothing_and_go_on_later(
    release: Path, tmp_path_factory: pytest.TempPathFactory, breaks: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("broken")
    store, mine = folder / "store", folder / "mine"
    goals = {
        store / NAME: lambda watch: publish(release, store, NAME, watch),
        mine: lambda w: fetch(store, NAME, mine, w),
    }
    for goal, move in goals.items():
        moved: list[int] = []
        for amount in breaks:
            try:
                move(after(amount, Breaks(), moved))
            except Breaks:
                assert not goal.exists()
        move(moved.append)
        assert sum(moved) == size(release) - len((release / "SHA256SUMS").read_bytes())  # no byte twice
        assert contents(goal) == contents(release)


KILLED = """
import os, signal, sys
from pathlib import Path
from extract import store
seen = 0
def die(piece):
    global seen
    seen += piece
    if seen > 6000:
        os.kill(os.getpid(), signal.SIGKILL)
where = [Path(a) for a in sys.argv[2:]]
if sys.argv[1] == "publish":
    store.publish(where[0], where[1], "deterioration-seoul01-1.0.0", die)
else:
    store.fetch(where[0], "deterioration-seoul01-1.0.0", where[1], die)
"""


def test_a_process_killed_in_the_middle_leaves_nothing_to_be_seen_and_the_next_one_goes_on(
    release: Path, tmp_path: Path
) -> None:
    def killed(*what: object) -> int:
        return subprocess.run([sys.executable, "-c", KILLED, *map(str, what)], cwd=Path.cwd(), check=False).returncode

    assert killed("publish", release, tmp_path / "store") == -signal.SIGKILL
    assert list_releases(tmp_path / "store") == ()
    publish(release, tmp_path / "store", NAME)
    assert killed("fetch", tmp_path / "store", tmp_path / "mine") == -signal.SIGKILL
    assert not (tmp_path / "mine").exists()
    fetch(tmp_path / "store", NAME, tmp_path / "mine")
    assert contents(tmp_path / "mine") == contents(release)
    assert sorted(p.name for p in tmp_path.iterdir() if not p.name.endswith(".lock")) == ["mine", "store"]


def test_what_an_earlier_try_left_damaged_is_not_taken_for_whole(release: Path, tmp_path: Path) -> None:
    publish(release, tmp_path / "store", NAME)
    with pytest.raises(Breaks):
        fetch(tmp_path / "store", NAME, tmp_path / "mine", after(8000, Breaks()))
    for left in (tmp_path / ".mine.partial").rglob("*"):
        if left.is_file() and left.name != "SHA256SUMS":
            left.write_bytes(b"?" + left.read_bytes()[1:])
    (tmp_path / ".mine.partial" / "stranger").write_bytes(b"")
    fetch(tmp_path / "store", NAME, tmp_path / "mine")
    assert contents(tmp_path / "mine") == contents(release)


def test_what_is_left_of_another_release_is_thrown_away(release: Path, tmp_path: Path) -> None:
    other, _ = built(tmp_path, docs={"table1.csv": b"another"})
    with pytest.raises(Breaks):
        publish(other, tmp_path / "store", NAME, after(5000, Breaks()))
    publish(release, tmp_path / "store", NAME)
    assert contents(tmp_path / "store" / NAME) == contents(release)


@pytest.mark.parametrize("name", ["tables/person.parquet", "MANIFEST.json", "SHA256SUMS"])
def test_a_damaged_release_is_neither_published_nor_fetched(release: Path, tmp_path: Path, name: str) -> None:
    harmed = Path(shutil.copytree(release, tmp_path / "harmed"))
    publish(release, tmp_path / "store", NAME)
    for folder in (harmed, tmp_path / "store" / NAME):
        path = folder / name
        path.write_bytes(b"x" + path.read_bytes()[1:])
    with pytest.raises(BadInput, match=name.rsplit("/", maxsplit=1)[-1]):
        publish(harmed, tmp_path / "other_store", NAME)
    assert list_releases(tmp_path / "other_store") == ()
    with pytest.raises(BadInput, match=name.rsplit("/", maxsplit=1)[-1]):
        fetch(tmp_path / "store", NAME, tmp_path / "mine")
    assert not (tmp_path / "mine").exists()


def test_a_full_disk_says_so_and_shows_nothing(release: Path, tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with pytest.raises(BadInput, match=r"the disk of .*store is full; make room and do it again"):
        publish(release, tmp_path / "store", NAME, after(3000, full))
    assert list_releases(tmp_path / "store") == ()


def test_a_store_that_is_no_folder_says_so(release: Path, tmp_path: Path) -> None:
    (tmp_path / "store").write_bytes(b"")
    with pytest.raises(BadInput, match="Not a directory"):
        publish(release, tmp_path / "store", NAME)


def test_what_is_not_in_the_store_or_no_release_says_so(tmp_path: Path) -> None:
    assert list_releases(tmp_path / "store") == ()
    with pytest.raises(BadInput, match="never published, or is recalled"):
        fetch(tmp_path / "store", NAME, tmp_path / "mine")
    with pytest.raises(BadInput, match=r"is .* a release\?"):
        publish(tmp_path, tmp_path / "store", NAME)


@pytest.mark.parametrize("name", ["../outside", "a/b", ".hidden", "", "UPPER"])
def test_a_name_stays_in_the_store(release: Path, tmp_path: Path, name: str) -> None:
    for act in (lambda: publish(release, tmp_path / "s", name), lambda: fetch(tmp_path / "s", name, tmp_path / "m")):
        with pytest.raises(BadInput, match="lower-case letters"):
            act()


def test_two_uploads_of_one_release_do_not_mix(release: Path, tmp_path: Path) -> None:
    (tmp_path / "store" / ".incoming").mkdir(parents=True)
    with (tmp_path / "store" / ".incoming" / f"{NAME}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(BadInput, match="under way in another process"):
            publish(release, tmp_path / "store", NAME)


def test_a_withdrawn_release_is_gone_at_once(release: Path, tmp_path: Path) -> None:
    publish(release, tmp_path / "store", NAME)
    for _ in range(2):
        withdraw(tmp_path / "store", NAME)
        assert list_releases(tmp_path / "store") == ()
    assert not list((tmp_path / "store").rglob("*.parquet"))
