"""A delivery is seen whole or not at all, on a folder and on a real S3 server that fails in the middle."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from cdm.errors import BadInput, GateRefused
from extract import seal
from extract.delivery.index import index_name, parse_index
from extract.delivery.objects import Broken, Objects, open_objects
from extract.delivery.recall import Notice, recall
from extract.delivery.receive import Receipt, receive
from extract.delivery.send import deliver
from extract.manifest import read_manifest
from tests.extract.delivery.conftest import Signed, signed
from tests.extract.delivery.servers import Line, environment

TODAY = date(2026, 11, 26)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def asked(release: Signed) -> Receipt:
    trusted = {"hospital": [release.hospital.public], "board": [release.board.public]}
    return Receipt(release.name, release.identity, TODAY, trusted, pause=0.001)


def index_of(objects: Objects, name: str) -> bytes:
    data = objects.get(index_name(name))
    assert data is not None
    return data


def test_a_folder_holds_sealed_objects_and_what_comes_back_is_what_was_sent(release: Signed, tmp_path: Path) -> None:
    objects = open_objects(str(tmp_path / "store"))
    index = deliver(release.folder, objects, [release.identity.public], tmp_path / "work")
    assert {file.path for file in index.files} == set(contents(release.folder))
    assert not (tmp_path / "work").exists()
    stored = contents(tmp_path / "store")
    assert all(b"Deterioration" not in data for name, data in stored.items() if name.startswith("objects/"))
    receive(objects, asked(release), tmp_path / "mine")
    assert contents(tmp_path / "mine") == contents(release.folder)
    before = contents(tmp_path / "store")
    deliver(release.folder, objects, [release.identity.public], tmp_path / "work")
    receive(objects, asked(release), tmp_path / "mine")
    assert contents(tmp_path / "store") == before


def test_further_recipients_are_sealed_to_and_others_are_told_to_register(release: Signed, tmp_path: Path) -> None:
    objects = open_objects(str(tmp_path / "store"))
    deliver(release.folder, objects, [release.identity.public], tmp_path / "work")
    other = seal.create(tmp_path / "other.key")
    theirs = Receipt(release.name, other, TODAY, None, 0.001)
    with pytest.raises(BadInput, match="is not sealed to your key age1"):
        receive(objects, theirs, tmp_path / "theirs")
    deliver(release.folder, objects, [other.public, release.identity.public], tmp_path / "work")
    for who, goal in ((theirs, "theirs"), (asked(release), "mine")):
        receive(objects, who, tmp_path / goal)
        assert contents(tmp_path / goal) == contents(release.folder)


def test_another_content_under_the_same_name_is_refused(release: Signed, tmp_path: Path) -> None:
    objects = open_objects(str(tmp_path / "store"))
    deliver(release.folder, objects, [release.identity.public], tmp_path / "work")
    other = signed(tmp_path, (release.hospital, release.board), docs={"table1.csv": b"another"})
    with pytest.raises(BadInput, match="delivered already with another content; a change is a new version"):
        deliver(other, objects, [release.identity.public], tmp_path / "work")


def test_a_new_version_sends_only_what_changed(release: Signed, tmp_path: Path) -> None:
    objects = open_objects(str(tmp_path / "store"))
    first = deliver(release.folder, objects, [release.identity.public], tmp_path / "work")
    name = "deterioration-seoul01-1.0.1"
    second = signed(tmp_path, (release.hospital, release.board), release=name, version="1.0.1")
    sent: list[int] = []
    index = deliver(second, objects, [release.identity.public], tmp_path / "work", release.folder, sent.append)
    assert sum(sent) < first.size / 5  # the large document is the earlier one's object
    receive(objects, Receipt(name, release.identity, TODAY, None, 0.001), tmp_path / "mine")
    assert contents(tmp_path / "mine") == contents(second)
    notice = Notice(release=release.name, manifest_sha256=first.manifest_sha256, recalled_on="2026-11-26")
    recall(objects, notice, release.board)
    receive(objects, Receipt(name, release.identity, TODAY, None, 0.001), tmp_path / "again")
    assert {f.object for f in index.files} == set(objects.names("objects/"))


def test_s3_holds_a_release_whole(release: Signed, s3_server: str, tmp_path: Path) -> None:
    with environment(AWS_ENDPOINT_URL=s3_server):
        objects = open_objects("s3://releases/whole")
        index = deliver(release.folder, objects, [release.identity.public], tmp_path / "work")
        assert objects.names("objects/") == tuple(sorted({file.object for file in index.files}))
        receive(objects, asked(release), tmp_path / "mine")
        assert contents(tmp_path / "mine") == contents(release.folder)
        assert receive(objects, asked(release), tmp_path / "mine").ok


def test_an_s3_store_that_fails_in_the_middle_shows_nothing_and_the_retry_goes_on(
    release: Signed, s3_server: str, tmp_path: Path
) -> None:
    line = Line(s3_server, after=150_000, cuts=100, upward=True)
    try:
        with environment(AWS_ENDPOINT_URL=line.address):
            objects = open_objects("s3://releases/broken")
            with pytest.raises(Broken, match="do it again, it goes on where it stopped"):
                deliver(release.folder, objects, [release.identity.public], tmp_path / "work")
            assert line.cut > 0
            assert objects.get(index_name(release.name)) is None
            with pytest.raises(BadInput, match="has no release"):
                receive(objects, asked(release), tmp_path / "mine")
            there = objects.names("objects/")
            assert there
            line.mend()
            sent: list[int] = []
            index = deliver(release.folder, objects, [release.identity.public], tmp_path / "work", watch=sent.append)
            assert len(sent) == len(index.files) - len(there)  # what was whole was not sent again
            receive(objects, asked(release), tmp_path / "mine")
            assert contents(tmp_path / "mine") == contents(release.folder)
    finally:
        line.close()


def test_a_recalled_release_is_gone_and_stays_gone(release: Signed, s3_server: str, tmp_path: Path) -> None:
    with environment(AWS_ENDPOINT_URL=s3_server):
        objects = open_objects("s3://releases/recalled")
        index = deliver(release.folder, objects, [release.identity.public], tmp_path / "work")
        notice = Notice(release=release.name, manifest_sha256=index.manifest_sha256, recalled_on="2026-11-26")
        for _ in range(2):
            recall(objects, notice, release.board)
            assert objects.names("") == (f"recalled/{release.name}.json",)
        with pytest.raises(GateRefused, match="was recalled on 2026-11-26"):
            receive(objects, asked(release), tmp_path / "mine")
        with pytest.raises(BadInput, match="is not delivered again"):
            deliver(release.folder, objects, [release.identity.public], tmp_path / "work")
        objects.put(f"recalled/{release.name}.json", b"{}")
        with pytest.raises(BadInput, match="notice of recall that was changed"):
            receive(objects, asked(release), tmp_path / "mine")


def test_an_index_of_another_release_or_version_is_refused(release: Signed, tmp_path: Path) -> None:
    objects = open_objects(str(tmp_path / "store"))
    index = deliver(release.folder, objects, [release.identity.public], tmp_path / "work")
    newer = "deterioration-seoul01-1.1.0"
    objects.put(index_name(newer), index.model_copy(update={"release": newer}).to_bytes())
    with pytest.raises(GateRefused, match="what lies under this name is deterioration-seoul01-1.0.0"):
        receive(objects, Receipt(newer, release.identity, TODAY, None, 0.001), tmp_path / "mine")
    assert not (tmp_path / "mine").exists()
    assert read_manifest(release.folder).digest == parse_index(index_of(objects, release.name), "").manifest_sha256


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("ftp://host/x", "a folder, s3://BUCKET/PREFIX or https://HOST/PATH is expected"),
        ("s3://name:secret@bucket/x", "credentials come from the environment"),
        ("http://elsewhere.example/x", "https:// is expected"),
        ("s3://bucket/x", "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be set"),
    ],
)
def test_an_address_that_cannot_be_says_why(address: str, sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "NARU_ALLOW_HTTP"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(BadInput, match=sentence) as caught:
        open_objects(address)
    assert "secret@" not in str(caught.value)


def test_a_store_that_refuses_or_does_not_answer_says_so(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with environment(AWS_ENDPOINT_URL=s3_server):
        assert open_objects("s3://no-such-bucket/x").get("releases/a.json") is None
        with pytest.raises(BadInput, match="writing a"):
            open_objects("s3://no-such-bucket/x").put("a", b"")
