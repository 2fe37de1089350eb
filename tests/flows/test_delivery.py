"""From a published release to the startup and back: sealed delivery, recall, destruction; every actor in a home of their own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from pathlib import Path

import pytest

from cdm.errors import BadInput, GateRefused
from drb import Board, open_board
from drb.destruction import certify
from drb.errors import BadInput as BoardBadInput
from drb.states import GrantState, ReleaseState
from extract import store
from extract.package import seal_approval
from flows import keys, pull
from flows.deliver import seal_and_send
from flows.destroy import destroy
from flows.home import Home
from flows.recall import enforce, stop
from tests.drb import cast
from tests.extract.release import built

NAME = cast.RELEASE


@dataclass(frozen=True)
class Scene:
    """The hospital's home with the board, and the startup's own machine."""

    hospital: Home
    startup: Home
    board: Board
    grant: str


@dataclass(frozen=True)
class Published:
    """A folder with both homes and the board as they stand once a release is published; to be copied."""

    folder: Path
    grant: str
    clock: cast.Clock


def no_other_home(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NARU_STORE", "NARU_KEYS", "NARU_BOARD_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Published:
    folder, made, clock = tmp_path_factory.mktemp("published"), tmp_path_factory.mktemp("made"), cast.Clock()
    hospital, _ = Home(folder / "hospital").make(), Home(folder / "startup").make()
    package, manifest = built(made)
    signed = made / "signed"
    with pytest.MonkeyPatch.context() as patch:
        no_other_home(patch)
        seal_approval(package, {"case": "1"}, keys.hospital_key(hospital, cast.SITE), keys.board_key(hospital), signed)
    store.publish(signed, hospital.store, NAME)
    with cast.board_with_people(folder / "board.sqlite", clock=clock) as board:
        cast.approved_case(board)
        cast.released(board, manifest.digest)
        return Published(folder, cast.granted(board), clock)


@pytest.fixture
def scene(published: Published, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    no_other_home(monkeypatch)
    shutil.copytree(published.folder, tmp_path, dirs_exist_ok=True)
    with open_board(f"sqlite:///{tmp_path}/board.sqlite", clock=copy(published.clock)) as board:
        yield Scene(Home(tmp_path / "hospital"), Home(tmp_path / "startup"), board, published.grant)


def registered(scene: Scene) -> None:
    mine = keys.new_recipient(scene.startup)
    scene.board.keys.register("applicant", mine.identity.public, mine.signing.public)
    for name in ("board", f"hospital-{cast.SITE}"):
        public = json.loads((scene.hospital.root / "trust" / f"{name}.json").read_bytes())["public"]
        assert keys.trust(scene.startup, name, public)


def test_what_a_hospital_seals_its_startup_opens_on_its_own_machine(scene: Scene) -> None:
    with pytest.raises(BadInput, match=r"none of its grantees \(applicant\) has registered a key"):
        seal_and_send(scene.hospital, scene.board, NAME)
    registered(scene)
    told = seal_and_send(scene.hospital, scene.board, NAME)
    assert (told["to"], told["without_key"]) == (["applicant"], [])
    result = pull.pull_from(scene.startup, NAME, told["address"], None)
    assert result["digest"] == scene.board.releases.get("system", NAME).manifest_digest
    assert Path(result["folder"]) == scene.startup.startup / NAME


def test_without_trusted_keys_nothing_is_pulled_from_elsewhere(scene: Scene) -> None:
    with pytest.raises(BadInput, match="no key of a hospital or board is trusted here"):
        pull.pull_from(scene.startup, NAME, scene.hospital.delivery, None)
    keys.trust(scene.startup, "board", "0" * 64)
    with pytest.raises(BadInput, match="another key is trusted already"):
        keys.trust(scene.startup, "board", "1" * 64)
    with pytest.raises(BadInput, match="board=KEY or hospital-SITE=KEY is expected"):
        keys.trust(scene.startup, "anybody", "1" * 64)


def test_a_recall_stops_downloads_at_once_and_tells_the_grantee(scene: Scene) -> None:
    registered(scene)
    address = seal_and_send(scene.hospital, scene.board, NAME)["address"]
    scene.board.outbox.sent([m.notice for post in scene.board.outbox.due(at_once=True) for m in post.messages])
    assert stop(scene.hospital, scene.board, "officer", NAME, "재식별 위험").state is ReleaseState.RECALLED
    with pytest.raises(GateRefused, match="was recalled on"):
        pull.pull_from(scene.startup, NAME, address, None)
    assert not scene.board.may_download("applicant", NAME)
    assert store.list_releases(scene.hospital.store) == ()
    assert not list(Path(address).rglob("*.age"))
    told = scene.board.events("auditor", f"release:{NAME}")[-1]
    assert told.action == "recall"
    with pytest.raises(GateRefused, match="only what is released is delivered"):
        seal_and_send(scene.hospital, scene.board, NAME)


def test_a_recall_on_the_portal_reaches_the_stores_by_the_timer(scene: Scene) -> None:
    registered(scene)
    address = seal_and_send(scene.hospital, scene.board, NAME)["address"]
    scene.board.releases.recall("chair", NAME, "오류")
    assert enforce(scene.hospital, scene.board) == [NAME]
    assert enforce(scene.hospital, scene.board) == []
    assert not list(Path(address).rglob("*.age"))


def test_a_signed_certificate_of_destruction_closes_a_recalled_grant(scene: Scene) -> None:
    registered(scene)
    folder = Path(
        pull.pull_from(scene.startup, NAME, seal_and_send(scene.hospital, scene.board, NAME)["address"], None)["folder"]
    )
    scene.board.grants.download("applicant", NAME)
    stop(scene.hospital, scene.board, "officer", NAME, "재식별 위험")
    certificate = destroy(scene.startup, folder, "applicant")
    assert not folder.exists()
    assert destroy(scene.startup, folder, "applicant") == certificate
    document = certificate.read_bytes()
    with pytest.raises(BoardBadInput, match="is not signed with the key"):
        certify(scene.board, "applicant", scene.grant, document.replace(b'"files": ', b'"files": 1'))
    certify(scene.board, "applicant", scene.grant, document)
    assert scene.board.grants.confirm_destroyed("secretary", scene.grant).state is GrantState.DESTROYED
    assert scene.board.releases.confirm_destroyed("secretary", NAME).state is ReleaseState.DESTROYED
    assert scene.board.verify().ok


def test_a_folder_that_is_no_release_is_not_destroyed(scene: Scene, tmp_path: Path) -> None:
    keys.new_recipient(scene.startup)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.png").write_bytes(b"x")
    with pytest.raises(BadInput, match=r"is .* a release\?"):
        destroy(scene.startup, tmp_path / "photos", "applicant")
    assert (tmp_path / "photos" / "cat.png").exists()
    with pytest.raises(BadInput, match="no such folder"):
        destroy(scene.startup, tmp_path / "none", "applicant")
