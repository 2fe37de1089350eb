"""The verbs of delivery as a person types them: help, one sentence for each mistake, JSON, exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flows.cli.exits import call
from tests.flows.test_delivery import NAME, Scene, published, registered, scene

__all__ = ["published", "scene"]


class Person:
    """Somebody at a home of their own."""

    def __init__(
        self, home: Path, board: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.home, self.board, self.monkeypatch, self.capsys = home, board, monkeypatch, capsys

    def __call__(self, *words: object) -> tuple[int, str, str]:
        self.monkeypatch.setenv("NARU_HOME", str(self.home))
        self.monkeypatch.setenv("NARU_BOARD_URL", f"sqlite:///{self.board}")
        code = call([str(word) for word in words])
        said = self.capsys.readouterr()
        return code, said.out, said.err

    def json(self, *words: object) -> Any:
        code, out, err = self(*words, "--json")
        assert code == 0, err
        return json.loads(out)


@pytest.fixture
def people(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[Person, Person]:
    board = tmp_path / "board.sqlite"
    return Person(scene.hospital.root, board, monkeypatch, capsys), Person(
        scene.startup.root, board, monkeypatch, capsys
    )


def test_from_keys_to_destruction_by_commands_alone(
    scene: Scene, people: tuple[Person, Person], tmp_path: Path
) -> None:
    hospital, startup = people
    made = startup.json("key", "new")
    assert startup.json("key", "show") == made
    assert startup("key", "new")[0] == 2
    assert startup.json("key", "register", "--as", "applicant")["age"] == made["age"]
    trusted = hospital.json("key", "signing")
    assert startup("key", "trust", *(f"{name}={key}" for name, key in trusted.items()))[0] == 0
    told = hospital.json("deliver", NAME)
    assert told["to"] == ["applicant"]
    folder = tmp_path / "data"
    pulled = startup.json("pull", NAME, "--from", told["address"], "--to", folder)
    assert pulled["files"] > 20
    assert startup("verify", folder)[0] == 0
    assert hospital("board", "release", "recall", NAME, "--reason", "재식별 위험", "--as", "officer")[0] == 0
    code, _, err = startup("pull", NAME, "--from", told["address"], "--to", tmp_path / "again")
    assert (code, "was recalled on" in err) == (3, True)
    assert startup("destroy", folder, "--as", "applicant")[0] == 2
    gone = startup.json("destroy", folder, "--yes", "--as", "applicant")
    assert not folder.exists()
    certify = ("board", "grant", "certify-destruction", scene.grant, "--as", "applicant")
    assert startup(*certify)[0] == 2
    code, out, _ = startup(*certify, "--signed", gone["certificate"])
    assert (code, "the signature holds" in out) == (0, True)
    assert hospital("recalls")[1].strip() == "nothing recalled is left in a store"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("key", "show"), "make the key with: naru key new"),
        (("key", "trust", "board=xx"), "64 hexadecimal digits"),
        (("key", "trust", "board"), "write KEY=TEXT"),
        (("pull", NAME, "--from", "ftp://x"), "no key of a hospital or board is trusted here"),
        (("destroy", "nowhere", "--yes"), "make the key with: naru key new"),
        (("twin", "nowhere", "--out", "x"), "is nowhere a release?"),
        (("diff", "nowhere", "elsewhere"), "is nowhere a release?"),
        (("deliver", "nothing"), "no release 'nothing'"),
    ],
)
def test_a_mistake_is_one_sentence(people: tuple[Person, Person], words: tuple[str, ...], sentence: str) -> None:
    code, out, err = people[1](*words)
    assert (code, out) == (2, "")
    assert sentence in err
    assert len(err.strip().splitlines()) == 1
    assert "Traceback" not in err


def test_a_missing_registration_is_said_to_the_hospital(scene: Scene, people: tuple[Person, Person]) -> None:
    code, _, err = people[0]("deliver", NAME)
    assert (code, "has registered a key" in err) == (2, True)
    registered(scene)
    assert people[0]("deliver", NAME)[0] == 0
