"""`naru quality baseline`: what it writes, what it says, how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from drb import open_board
from drb.states import OrganisationKind, Role
from flows.cli.exits import call
from flows.home import Home
from flows.study import shipped
from tests.quality.baseline.databases import SOUND, database

WRONG = {"condition_occurrence": SOUND["condition_occurrence"].replace("4127886", "9999999")}


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NARU_HOME", str(tmp_path / "home"))


def test_a_failing_database_ends_with_1_and_leaves_three_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    command = [
        "quality",
        "baseline",
        "--source",
        database(tmp_path, **WRONG),
        "--out",
        str(out),
        "--date",
        "2024-06-01",
    ]
    assert call([*command, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert sorted(path.name for path in out.iterdir()) == ["baseline.html", "baseline.json", "results.json"]
    assert told["changes"] is None
    assert (told["failed"], told["today"]) == (told["open"], "2024-06-01")
    # The second run finds the first one's result in the folder.
    assert call(command) == 1
    assert f"against the last run: 0 new, {told['failed']} persisting, 0 resolved" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--out", "o"], "say which database: --source URL or --site ID, one of them"),
        (["--out", "o", "--site", "nowhere"], "no site 'nowhere' is registered here"),
        (["--out", "o", "--source", "duckdb:///nowhere.duckdb"], "there is no file /nowhere.duckdb"),
        (["--source", "sample://gibleed"], "Missing option '--out'"),
    ],
)
def test_bad_input_is_said_in_one_sentence(capsys: pytest.CaptureFixture[str], options: list[str], said: str) -> None:
    assert call(["quality", "baseline", *options]) == 2
    assert said in capsys.readouterr().err


def test_a_missing_file_of_thresholds_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--source", database(tmp_path), "--out", str(tmp_path), "--thresholds", str(tmp_path / "none.yaml")]
    assert call(["quality", "baseline", *options]) == 2
    assert "none.yaml cannot be read" in capsys.readouterr().err


def test_a_waiver_is_recorded_for_the_hospital_and_fails_again_once_it_has_expired(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = Home(tmp_path / "home")
    with open_board(home.make().board_url) as board:
        board.people.add_organisation("system", "hospital", OrganisationKind.HOSPITAL, "병원", "Hospital", site_id="h1")
        board.people.add_organisation("system", "programme", OrganisationKind.PROGRAMME, "사업단", "Programme")
        board.people.add_person("system", "관리", "programme", person_id="admin")
        board.people.add_person("admin", "관리", "programme", (Role.ADMIN,), person_id="admin2")
        board.people.add_person("admin", "기사", "hospital", (Role.DATA_ENGINEER,), person_id="engineer")
        board.people.confirm_roles("admin2", "engineer")
    add = ["site", "add", "h1", "--source", database(tmp_path, **WRONG), "--name-ko", "병원", "--name-en", "Hospital"]
    assert call(add) == 0
    capsys.readouterr()
    waivers = tmp_path / "waivers.yaml"
    command = ["quality", "baseline", "--site", "h1", "--out", str(tmp_path / "out"), "--as", "engineer", "--json"]
    assert call([*command, "--date", "2024-06-01"]) == 1
    told = json.loads(capsys.readouterr().out)
    waivers.write_text(_accepting(json.loads((tmp_path / "out" / "baseline.json").read_text())))
    assert told["open"] >= 1
    assert call([*command, "--waivers", str(waivers), "--date", "2024-06-30"]) == 0
    assert json.loads(capsys.readouterr().out)["waived"] == told["open"]
    assert call([*command, "--waivers", str(waivers), "--date", "2024-07-01"]) == 1
    assert json.loads(capsys.readouterr().out)["waived"] == 0
    with open_board(home.board_url) as board:
        events = board.events("system", "site:h1")
    assert {event.action for event in events} == {"waive_quality"}
    assert len(events) == told["open"]


def _accepting(found: dict[str, Any]) -> str:
    entries = [
        {"check": one["check"], "table": one["table"], "name": "n", "reason": "r", "expiry": "2024-06-30"}
        | ({"field": one["field"]} if one["field"] else {})
        | ({"concept": one["concept"]} if one["concept"] else {})
        for one in found["results"]
        if one["status"] == "failed"
    ]
    return json.dumps({"waivers": entries})


def test_waivers_of_an_unregistered_database_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--source", "sample://gibleed", "--out", str(tmp_path), "--waivers", str(tmp_path / "w.yaml")]
    assert call(["quality", "baseline", *options]) == 2
    assert "give --site ID instead of --source" in capsys.readouterr().err


def test_a_study_is_asked_after_at_the_same_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["quality", "baseline", "--source", database(tmp_path), "--out", str(tmp_path / "out"), "--study"]
    assert call([*command, str(shipped("deterioration")), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)["study"]
    assert (told["id"], told["ready"]) == ("deterioration", False)
    found = json.loads((tmp_path / "out" / "baseline.json").read_text())["readiness"]
    failed = {(one["check"], one["detail"] or one["table"]) for one in found if one["status"] == "failed"}
    assert ("readiness.concept_recorded", "heart rate") in failed
    assert ("readiness.hours_recorded", "measurement") in failed
    page = (tmp_path / "out" / "baseline.html").read_text()
    assert "입원환자 급성 악화 예측" in page
    assert call([*command, str(shipped("deterioration"))]) == 1
    assert "study deterioration: not ready" in capsys.readouterr().out
