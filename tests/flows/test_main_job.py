"""A study goes the whole way: extraction, board, publication, a startup that loads it. And what nobody may do on the way."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from drb import open_board
from drb.ledger import Recorded
from tests.flows.story import FIRST, RELEASES, World

pytestmark = [pytest.mark.xdist_group("flows_world"), pytest.mark.timeout(600)]  # the first of them builds the world
GI = RELEASES["gi_bleed"]


def events(world: World, name: str) -> list[Recorded]:
    with open_board(world.home.board_url) as board:
        return list(board.events("system", name))


GOES_WELL = (
    "register", "extract", "vote for the old package", "new contact", "extract with a new contact", "extract again",
    "first vote", "second vote", "approve", "publish", "publish again", "pull", "pull again", "hanbit: publish",
    "hanbit: pull", "elsewhere gi_bleed", "elsewhere deterioration", "ledger",
)  # fmt: skip


@pytest.mark.parametrize("step", GOES_WELL)
def test_the_way_is_gone_without_a_word_on_standard_error(world: World, step: str) -> None:
    ended = world.told[step]
    assert (ended.code, ended.err) == (0, "")


def test_a_registered_hospital_is_changed_only_on_purpose(world: World) -> None:
    ended = world.told["new contact by mistake"]
    assert ended.code == 2
    assert "registered already, with other settings" in ended.err
    assert "--replace" in ended.err


def test_an_extraction_ends_with_a_submitted_release(world: World) -> None:
    built = world.built("extract")
    assert (built["release"], built["state"]) == (GI, "SUBMITTED")
    assert built["ran"] == ["cohort", "draw", "extract", "deidentify", "quality", "package"]


def test_a_second_extraction_does_nothing_and_says_the_same(world: World) -> None:
    first, again = world.built("extract with a new contact"), world.built("extract again")
    assert again["ran"] == []
    assert {**again, "ran": first["ran"]} == first


def test_only_what_a_change_touches_is_made_again_with_the_wiped_stages_that_it_reads(world: World) -> None:
    assert world.built("extract with a new contact")["ran"] == ["extract", "deidentify", "package"]


@pytest.mark.parametrize("study", ["gi_bleed", "deterioration"])
def test_two_homes_with_the_same_keys_make_the_same_package_on_one_thread_and_on_two(world: World, study: str) -> None:
    here = world.built("extract with a new contact" if study == "gi_bleed" else "extract hanbit")
    there = world.built(f"elsewhere {study}")
    assert here["manifest_digest"] == there["manifest_digest"]
    assert here["package"] != there["package"]


@pytest.mark.parametrize("home", ["home", "other"])
def test_source_rows_and_crosswalk_are_wiped_once_the_package_stands(world: World, home: str) -> None:
    runs = getattr(world, home).root / "runs"
    stages = {path.name.rpartition("-")[0] for path in runs.glob("*/*/*/*-*")}
    assert stages == {"cohort", "draw", "quality", "package"}
    assert not [p for p in runs.rglob("*") if p.name == "raw" or "crosswalk" in p.name or p.name.startswith(".partial")]
    assert not list((getattr(world, home).root / "spill").glob("*"))


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_love_plot_of_a_package_shows_what_its_balance_tells_and_no_more(world: World, lang: str) -> None:
    docs = Path(world.built("extract with a new contact")["package"]) / "docs"
    with (docs / "balance.csv").open(encoding="utf-8") as lines:
        cells = [row[name] for row in csv.DictReader(lines) for name in ("smd_before", "smd_after")]
    legend, told = 2, sum(cell not in ("", "*") for cell in cells)
    assert (docs / f"balance.{lang}.svg").read_text(encoding="utf-8").count("<circle") == legend + told


# step -> whoever tried, what the ledger says of it, its reason's code, a part of the sentence.
REFUSED = {
    "publish before approval": ("system", "begin_publish", "state", "under review|submitted|needs approved"),
    "publish after votes alone": ("system", "begin_publish", "state", "needs approved"),
    "vote by the author": ("gibleed_both", "vote", "not_author", "whoever (submitted|ran)"),
    "vote for an older digest": (FIRST, "vote", "digest_is_current", "not the digest of the current package"),
    "vote by the applicant": ("haneul_kim", "vote", "role", "needs the role"),
    "second vote of the same": (FIRST, "vote", "not_voted", "voted already"),
    "approve after one vote": ("secretary_lee", "approve", "state", "is not possible"),
    "approve an older digest": ("secretary_lee", "approve", "digest_is_current", "not the digest of the current"),
    "approve by a reviewer": (FIRST, "approve", "role", "needs the role"),
}


@pytest.mark.parametrize("step", REFUSED)
def test_what_the_rules_forbid_is_refused_in_one_sentence_and_recorded(world: World, step: str) -> None:
    actor, action, code, sentence = REFUSED[step]
    ended = world.told[step]
    assert (ended.code, ended.out) == (3, "")
    assert re.fullmatch(r"naru: [^\n]+\n", ended.err)
    assert re.search(sentence, ended.err, re.IGNORECASE), ended.err
    recorded = {(e.actor, e.action, e.payload.get("code")) for e in events(world, f"release:{GI}")}
    assert (actor, f"refused:{action}", code) in recorded


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        (
            "extract without a case",
            "no case that 'gibleed_both' may see is approved for study 'gi_bleed' at site 'gibleed'",
        ),
        ("pull before publication", "no grant"),
        ("pull without accepting the terms", "terms"),
        ("pull by a stranger", "no grant"),
    ],
)
def test_nothing_is_read_or_leaves_without_authority(world: World, step: str, sentence: str) -> None:
    ended = world.told[step]
    assert (ended.code, ended.err.count("\n")) == (3, 1)
    assert sentence in ended.err


def test_an_approval_of_another_package_is_void(world: World) -> None:
    """The first vote was for bytes that then changed; two new votes were needed."""
    actions = [e.action for e in events(world, f"release:{GI}") if not e.action.startswith("refused:")]
    assert actions.count("vote") == 3
    assert "rebuild" in actions
    assert actions.index("rebuild") > actions.index("vote")


def test_publishing_again_changes_nothing(world: World) -> None:
    assert world.told["publish"].json() == world.told["publish again"].json()
    assert world.told["publish"].json()["state"] == "RELEASED"


def test_what_was_pulled_verifies_and_is_what_was_approved(world: World) -> None:
    digest = world.built("extract with a new contact")["manifest_digest"]
    assert "every byte verified" in world.told["pull"].out
    assert world.told["pull again"].json()["digest"] == digest
    verified = world.run(world.home.root, "verify", world.pulled("gi_bleed"))
    assert (verified.code, digest in verified.out) == (0, True)
    listed = {r["release"]: r["digest"] for r in world.told["releases"].json()}
    assert listed[GI] == digest
    assert set(listed) == set(RELEASES.values())


@pytest.mark.parametrize("study", ["gi_bleed", "deterioration"])
def test_the_lines_of_the_packages_own_readme_load_it(world: World, study: str, tmp_path: Path) -> None:
    folder = world.pulled(study)
    blocks = [
        re.findall(r"```python\n(.*?)```", readme.read_text(encoding="utf-8"), re.DOTALL)[0]
        for readme in sorted(folder.glob("README*"))
    ]
    assert len(blocks) >= 1
    code = tmp_path / "load.py"
    code.write_text(blocks[0], encoding="utf-8")
    ran = subprocess.run([sys.executable, code], cwd=folder, capture_output=True, text=True, check=True)
    assert "case" in ran.stdout
    assert "control" in ran.stdout


def test_prefect_was_told_of_every_run_and_stage(world: World) -> None:
    """The flows ran against a real server of Prefect's."""
    names = [(r["name"], r["state_type"]) for r in world.server.ask("flow_runs")]
    assert ("extract gi_bleed at gibleed", "COMPLETED") in names
    assert (f"publish {GI}", "COMPLETED") in names
    assert (f"publish {GI}", "FAILED") in names  # what was refused
    tasks = {(r["name"], r["state_type"]) for r in world.server.ask("task_runs")}
    assert {(f"{stage} hanbit", "COMPLETED") for stage in ("cohort", "draw", "extract", "quality")} <= tasks
    keys = {a["key"] for a in world.server.ask("artifacts")} - {None}  # those of results have none
    assert keys == {f"naru-{s}" for s in ("cohort", "draw", "extract", "deidentify", "quality", "package")}


@pytest.mark.parametrize("study", RELEASES)
def test_who_was_in_a_release_stays_as_keyed_numbers_and_the_board_is_told_of_the_difference(
    world: World, study: str
) -> None:
    site = RELEASES[study].split("-")[1]
    kept = world.home.person_sets(site) / f"{RELEASES[study]}.parquet"
    assert kept.stat().st_mode & 0o077 == 0
    people = pl.read_parquet(kept)
    out = pl.read_parquet(world.pulled(study) / "tables" / "cohort.parquet")
    assert people.height == out.select("subject_id", "role").unique().height
    assert not set(people["member"]) & set(out["subject_id"])
    with open_board(world.home.board_url) as board:
        pack = board.evidence.read(FIRST, RELEASES[study])
    assert pack is not None
    assert (pack.parts["differencing"].light, pack.parts["differencing"].missing) == ("green", None)
