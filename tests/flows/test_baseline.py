"""`naru quality baseline`: what it writes, what it says, how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flows.cli.exits import call
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
