"""A patient who withdrew: known inside the hospital by a keyed set, left out of the next version, whose base is written anew."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cdm.errors import BadInput
from deid.keys import KeyStore
from deid.pseudonyms import pseudonyms
from drb import open_board
from extract.manifest import read_manifest
from flows import registry, withdrawals
from flows.cli.exits import call
from flows.home import Home
from flows.run import grant_id
from flows.site import read as read_site
from flows.stages import package
from flows.subtract import Subtracted, subtract
from tests.flows.commands import Alone
from tests.flows.first_version import FIRST, SECOND, SITE, FirstVersion, extract

pytestmark = [pytest.mark.xdist_group("flows_alone"), pytest.mark.timeout(600)]


def raw_id(home: Home, release: str) -> int:
    """The person_id of somebody in a release, as the hospital finds it: by trying its people under the grant's keys."""
    subject = pl.read_parquet(home.store / release / "tables/person.parquet")["person_id"][0]
    everybody = np.arange(1, 20_000, dtype=np.int64)
    grant = KeyStore(home.site_keys(SITE)).grant(grant_id("case-gi-bleed-gibleed", SITE, "gi_bleed"))
    return int(everybody[pseudonyms(grant, "person", everybody) == subject][0])


@pytest.fixture
def home(first_version: FirstVersion) -> Home:
    return first_version.home


@pytest.fixture
def study(first_version: FirstVersion) -> Path:
    return first_version.study


def test_the_hospital_alone_tells_which_releases_hold_a_person(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NARU_HOME", str(home.root))
    person = raw_id(home, FIRST)
    (tmp_path / "asked.txt").write_text(f"{person}\n999999999\n")
    assert call(["site", "holds", SITE, "--people", str(tmp_path / "asked.txt"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {"line": 1, "releases": [FIRST]},
        {"line": 2, "releases": []},
    ]
    stored = pq.read_table(home.root / "people" / SITE / f"{FIRST}.parquet")
    assert person not in stored["member"].to_pylist() + stored["subject_id"].to_pylist()
    (tmp_path / "asked.txt").write_text("12\n홍길동\n")
    assert call(["site", "holds", SITE, "--people", str(tmp_path / "asked.txt")]) == 2
    said = capsys.readouterr().err
    assert "line 2: a person_id is expected" in said
    assert "홍길동" not in said


def test_the_next_version_is_without_them_and_says_so(
    home: Home, study: Path, extraction: Alone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = Home(Path(shutil.copytree(home.root, tmp_path / "home")))
    monkeypatch.setenv("NARU_HOME", str(mine.root))
    person = raw_id(mine, FIRST)
    (tmp_path / "withdrew.txt").write_text(f"{person}\n")
    command = ["site", "withdraw", SITE, "--people", str(tmp_path / "withdrew.txt")]
    assert call(command) == 2
    assert call([*command, "--yes"]) == 0
    extract(mine, study, extraction)
    folder = Path(registry.read(mine, SECOND).package)
    manifest = read_manifest(folder)
    assert manifest.version == "1.1.0"
    assert manifest.base is None
    assert withdrawals.holding(mine, SITE, [person]) == [[FIRST]]
    changes = (folder / "docs/CHANGES.md").read_text(encoding="utf-8")
    assert "## 1.0.0 → 1.1.0" in changes
    assert "withdrawal (동의 철회)" in changes
    told = json.loads((folder / "docs/changes.json").read_bytes())
    assert told["causes"] == ["withdrawal"]
    assert {cause for cause, _ in told["by_cause"]} == {"withdrawal", "redrawn"}  # and who is drawn in their place
    assert not [line for line in told["rows_by_cause"] if line[1] != "stayed"]  # of one person, and of few
    assert "첫 버전" in (mine.store / FIRST / "docs/CHANGES.md").read_text(encoding="utf-8")


def test_few_people_apart_from_an_earlier_release_block_the_next_unless_they_withdrew(
    home: Home, study: Path, extraction: Alone, tmp_path: Path
) -> None:
    mine = Home(Path(shutil.copytree(home.root, tmp_path / "home")))
    kept = mine.person_sets(SITE) / f"{FIRST}.parquet"
    everybody = pq.read_table(kept)
    pq.write_table(everybody.slice(2), kept)  # as if the first version had been without two of them

    def submitted(conditions: dict[str, Any], withdrew: int = 0) -> Subtracted:
        if withdrew:
            gone = everybody["member"].to_numpy()[2 : 2 + withdrew]
            withdrawals._write(pa.table({"member": pa.array(np.sort(gone))}), withdrawals._list(mine, SITE))
        run = make_run(mine, study, conditions)
        with open_board(mine.board_url) as board:
            return subtract(run, board)

    told = submitted({})
    assert (told.blocked_by, told.part.light) == ((FIRST,), "red")
    assert submitted({"small_differences": True}).blocked_by == ()
    told = submitted({}, withdrew=1)
    assert (told.blocked_by, told.part.light) == ((), "red")


def make_run(home: Home, study: Path, conditions: dict[str, Any]) -> Any:
    """What `subtract` asks of a run: the second version, of the very people of the first."""
    package = Path(registry.read(home, FIRST).package)
    built = SimpleNamespace(output=lambda _: package.parent)
    return SimpleNamespace(
        home=home, site=read_site(home, SITE), release=SECOND, conditions=conditions, output=built.output,
        policy=SimpleNamespace(settings=SimpleNamespace(k=5)),
    )  # fmt: skip


def test_a_version_is_told_against_the_one_before_unless_small_or_across_a_withdrawal(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def base(earlier: Path | None, withdrawn: str) -> Path | None:
        run: Any = SimpleNamespace(earlier=earlier, withdrawn=withdrawn)
        return package._base(run)

    before = home.store / FIRST
    assert base(before, "") is None  # small
    monkeypatch.setattr(package, "DELTA_FROM", 0)
    assert base(before, "") == before
    assert base(before, "a" * 64) is None
    assert base(None, "") is None


def test_nobody_is_drawn_who_withdrew(home: Home, tmp_path: Path) -> None:
    cohort = tmp_path / "cohort.parquet"
    pq.write_table(
        pa.table({"role": ["case", "case", "control"], "subject_id": pa.array([5, 6, 5], pa.int64())}), cohort
    )
    mine = Home(Path(shutil.copytree(home.root, tmp_path / "home")))
    withdrawals.without_withdrawn(mine, SITE, cohort)
    assert pq.read_table(cohort).num_rows == 3
    assert withdrawals.withdraw(mine, SITE, [5, 5, 7]) == 2
    assert withdrawals.withdraw(mine, SITE, [7]) == 0
    withdrawals.without_withdrawn(mine, SITE, cohort)
    assert pq.read_table(cohort)["subject_id"].to_pylist() == [6]
    with pytest.raises(BadInput, match="no site 'nowhere'"):
        withdrawals.withdraw(mine, "nowhere", [5])
