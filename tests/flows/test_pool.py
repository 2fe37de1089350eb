"""naru pool, as somebody types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flows.cli.exits import call
from tests.extract.release import built
from tests.extract.test_pooled import busan


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two built packages of one study; nothing is published."""
    monkeypatch.setenv("NARU_HOME", str(tmp_path / "home"))
    return [str(built(tmp_path)[0]), str(busan(tmp_path))]


def test_releases_become_one_dataset(folders: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "meds")
    assert call(["pool", *folders, "--out", out, "--hold-out", "busan02", "--unsigned", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["sites"], told["people"]["held_out"], sum(told["people"].values())) == (["busan02", "seoul01"], 2, 5)


def test_one_flipped_byte_or_a_missing_signature_and_nothing_is_made(
    folders: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "meds"
    assert call(["pool", *folders, "--out", str(out)]) == 1
    assert "is not signed and approved" in capsys.readouterr().out
    for name in ("measurement", "cohort"):  # the cohort is what pooling itself reads first
        table = Path(folders[1]) / "tables" / f"{name}.parquet"
        table.write_bytes(table.read_bytes()[:-1] + b"?")
        assert call(["pool", *folders, "--out", str(out), "--unsigned"]) == 1
        assert f"{folders[1]}: tables/{name}.parquet: " in capsys.readouterr().out
    assert not out.exists()


def test_a_mistake_is_one_sentence(folders: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "meds")
    assert call(["pool", *folders, "--out", out, "--hold-out", "daegu03", "--unsigned"]) == 2
    assert "daegu03 is none of these hospitals: busan02, seoul01" in capsys.readouterr().err
    assert call(["pool", str(tmp_path / "nothing"), "--out", out, "--unsigned"]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
