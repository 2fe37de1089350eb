"""What somebody changes afterwards is found: a byte of a release, an event of the ledger, a package before its publication."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections import defaultdict
from pathlib import Path

import pytest

from flows.home import Home
from tests.flows.story import RELEASES, World

pytestmark = [pytest.mark.xdist_group("flows_world"), pytest.mark.timeout(600)]  # the first of them builds the world


def flip(path: Path) -> None:
    """One bit of the byte in the middle."""
    path.chmod(0o600)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.fixture
def copy(world: World, tmp_path: Path) -> Path:
    return Path(shutil.copytree(world.pulled("gi_bleed"), tmp_path / "copy"))


def test_a_flipped_byte_of_any_file_is_found_and_the_file_named(world: World, copy: Path) -> None:
    kinds: dict[str, list[str]] = defaultdict(list)
    for path in sorted(p for p in copy.rglob("*") if p.is_file() and p.stat().st_size):
        name = path.relative_to(copy).as_posix()
        before = path.read_bytes()
        flip(path)
        verified = world.run(world.home.root, "verify", copy)
        assert (verified.code, verified.err) == (1, ""), name
        assert re.search(rf"^{re.escape(name)}: ", verified.out, re.MULTILINE), (name, verified.out)
        path.write_bytes(before)
        kinds[path.suffix or path.name].append(name)
    assert world.run(world.home.root, "verify", copy).code == 0
    assert {".parquet", ".json", ".csv", ".html", ".svg", ".md", "SHA256SUMS"} <= set(kinds)


def test_a_missing_and_an_added_file_are_named(world: World, copy: Path) -> None:
    (copy / "tables" / "person.parquet").rename(copy / "tables" / "people.parquet")
    verified = world.run(world.home.root, "verify", copy)
    assert verified.code == 1
    assert "tables/person.parquet: " in verified.out
    assert "tables/people.parquet: " in verified.out


def test_verifying_needs_neither_network_nor_board_nor_home(world: World, copy: Path, tmp_path: Path) -> None:
    assert world.run(tmp_path / "nowhere", "verify", copy).code == 0
    assert not (tmp_path / "nowhere").exists()


def edited_board(world: World, home: Home, *statements: str) -> Home:
    """A copy of the board's database, edited by somebody who can: the triggers that forbid it are gone first."""
    (home.make().root / "board").mkdir()
    target = home.root / "board" / "board.sqlite"
    with sqlite3.connect(world.home.root / "board" / "board.sqlite") as source, sqlite3.connect(target) as con:
        source.backup(con)
        for (name,) in con.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            con.execute(f'DROP TRIGGER "{name}"')
        for statement in statements:
            assert con.execute(statement).rowcount > 0
    con.close()
    source.close()
    return home


GI = f"release:{RELEASES['gi_bleed']}"


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE event SET actor = 'member_lim' WHERE number = {number}",
        "UPDATE event SET payload = replace(payload, 'APPROVE', 'REJECT') WHERE number = {number}",
        "UPDATE event SET at = '2020-01-01T00:00:00.000000Z' WHERE number = {number}",
    ],
)
def test_an_edited_event_is_named(world: World, tmp_path: Path, edit: str) -> None:
    con = sqlite3.connect(world.home.root / "board" / "board.sqlite")
    number, seq = con.execute(
        "SELECT number, seq FROM event WHERE object = ? AND action = 'vote' ORDER BY number DESC LIMIT 1", [GI]
    ).fetchone()
    con.close()
    home = edited_board(world, Home(tmp_path / "home"), edit.format(number=number))
    told = world.run(home.root, "ledger", "verify")
    assert (told.code, told.err) == (1, "")
    assert f"first bad event: seq {seq} of {GI}: " in told.out


def test_a_removed_event_is_named(world: World, tmp_path: Path) -> None:
    home = edited_board(world, Home(tmp_path / "home"), f"DELETE FROM event WHERE object = '{GI}' AND seq = 2")
    told = world.run(home.root, "ledger", "verify")
    assert (told.code, told.err) == (1, "")
    assert re.search(rf"first bad event: seq [23] of {GI}: ", told.out)


def test_a_state_that_no_event_accounts_for_is_named(world: World, tmp_path: Path) -> None:
    home = edited_board(
        world,
        Home(tmp_path / "home"),
        f"UPDATE release SET state = 'APPROVED' WHERE name = '{RELEASES['gi_bleed']}'",
    )
    told = world.run(home.root, "ledger", "verify")
    assert told.code == 1
    assert GI in told.out


def test_a_package_that_changed_after_its_approval_is_not_published(world: World, tmp_path: Path) -> None:
    """The digest is computed from the files as they lie."""
    built = Path(world.built("extract with a new contact")["package"])
    victim = next(iter(sorted((built / "tables").glob("person.parquet"))))
    kept = victim.read_bytes(), victim.stat().st_mode
    flip(victim)
    try:
        told = world.run(world.home.root, "publish", RELEASES["gi_bleed"])
    finally:
        victim.write_bytes(kept[0])
        victim.chmod(kept[1])
    assert (told.code, told.out) == (3, "")
    assert re.fullmatch(r"naru: release .*: tables/person.parquet [^\n]*not what was built[^\n]*\n", told.err)
