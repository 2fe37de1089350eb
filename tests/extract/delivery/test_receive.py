"""A release comes through a line that breaks, and what may not be had is refused before the data come."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from cdm.errors import BadInput, GateRefused
from extract import seal
from extract.delivery.index import Index, SealedFile, index_name
from extract.delivery.objects import Broken, Objects, open_objects
from extract.delivery.receive import receive
from extract.delivery.send import deliver
from extract.manifest import APPROVAL, SIGNATURES
from extract.sign import create
from tests.extract.delivery.conftest import Signed, signed
from tests.extract.delivery.servers import Line, environment, web
from tests.extract.delivery.test_send import asked, contents
from tests.extract.release import TERMS


def put(folder: Path, objects: Objects, release: Signed, work: Path, drop: tuple[str, ...] = ()) -> Index:
    """Lay whatever stands in `folder` into the store as if it were the release, as an attacker of the store could."""
    files = []
    for path in sorted(contents(folder)):
        if path not in drop:
            made = seal.seal_file(folder / path, work, [release.identity.public])
            files.append(SealedFile(path=path, sha256=made.sha256, size=made.size))
            objects.put_file(files[-1].object, work)
    digest = hashlib.sha256((folder / "MANIFEST.json").read_bytes()).hexdigest()
    index = Index(
        release=release.name,
        version="1.0.0",
        manifest_sha256=digest,
        recipients=(release.identity.public,),
        files=tuple(files),
    )
    objects.put(index_name(release.name), index.to_bytes())
    return index


def test_ten_breaks_cost_ten_breaks_and_no_byte_twice(release: Signed, tmp_path: Path) -> None:
    index = deliver(release.folder, open_objects(str(tmp_path / "store")), [release.identity.public], tmp_path / "w")
    with web(tmp_path / "store") as address:
        line = Line(address, after=50_000, cuts=10)
        moved: list[int] = []
        receive(open_objects(line.address), asked(release), tmp_path / "mine", moved.append)
        line.close()
    assert line.cut == 10
    assert sum(moved) == index.size
    assert contents(tmp_path / "mine") == contents(release.folder)


def test_ten_breaks_of_s3_as_well(release: Signed, s3_server: str, tmp_path: Path) -> None:
    with environment(AWS_ENDPOINT_URL=s3_server):
        deliver(release.folder, open_objects("s3://releases/cut"), [release.identity.public], tmp_path / "w")
    line = Line(s3_server, after=50_000, cuts=10)
    with environment(AWS_ENDPOINT_URL=line.address):
        receive(open_objects("s3://releases/cut"), asked(release), tmp_path / "mine")
    line.close()
    assert line.cut == 10
    assert contents(tmp_path / "mine") == contents(release.folder)


def test_a_line_that_stays_dead_is_given_up_and_the_next_try_goes_on(release: Signed, tmp_path: Path) -> None:
    index = deliver(release.folder, open_objects(str(tmp_path / "store")), [release.identity.public], tmp_path / "w")
    moved: list[int] = []

    def dies(piece: int) -> None:
        moved.append(piece)
        if sum(moved) > 200_000:
            raise ConnectionResetError

    objects = open_objects(str(tmp_path / "store"))
    with pytest.raises(ConnectionResetError):
        receive(objects, asked(release), tmp_path / "mine", dies)
    assert not (tmp_path / "mine").exists()
    receive(objects, asked(release), tmp_path / "mine", moved.append)
    assert sum(moved) == index.size
    assert contents(tmp_path / "mine") == contents(release.folder)
    assert [path.name for path in tmp_path.glob(".mine*")] == [".mine.lock"]


def test_a_server_that_does_not_answer_is_said_and_leaves_nothing(release: Signed, tmp_path: Path) -> None:
    with web(tmp_path) as address:
        pass
    with pytest.raises(Broken, match="do it again"):
        receive(open_objects(address), asked(release), tmp_path / "mine")
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize("drop", [(SIGNATURES,), (APPROVAL,), (SIGNATURES, APPROVAL)])
def test_unsigned_and_unapproved_releases_are_refused(release: Signed, tmp_path: Path, drop: tuple[str, ...]) -> None:
    objects = open_objects(str(tmp_path / "store"))
    put(release.folder, objects, release, tmp_path / "w", drop)
    with pytest.raises(GateRefused, match="not signed and approved"):
        receive(objects, asked(release), tmp_path / "mine")


def test_what_strangers_signed_is_refused_before_the_data_come(release: Signed, tmp_path: Path) -> None:
    strangers = create(tmp_path / "a.key"), create(tmp_path / "b.key")
    objects = open_objects(str(tmp_path / "store"))
    index = put(signed(tmp_path, strangers), objects, release, tmp_path / "w")
    moved: list[int] = []
    with pytest.raises(GateRefused, match="with a key that is not trusted; nothing more was fetched"):
        receive(objects, asked(release), tmp_path / "mine", moved.append)
    assert sum(moved) < index.size / 10
    assert not (tmp_path / "mine").exists()


def test_what_has_expired_is_refused_from_the_day_after(release: Signed, tmp_path: Path) -> None:
    objects = open_objects(str(tmp_path / "store"))
    by = release.hospital, release.board
    ends = signed(tmp_path, by, terms=TERMS.model_copy(update={"expires_on": "2026-11-26"}))
    deliver(ends, objects, [release.identity.public], tmp_path / "w")
    with pytest.raises(GateRefused, match="its use ended on 2026-11-26"):
        receive(objects, replace(asked(release), today=date(2026, 11, 27)), tmp_path / "mine")
    assert not (tmp_path / "mine").exists()
    receive(objects, asked(release), tmp_path / "mine")
    with pytest.raises(GateRefused, match="its use ended"):
        receive(objects, replace(asked(release), today=date(2026, 11, 27)), tmp_path / "mine")


def test_an_object_that_was_changed_or_swapped_in_the_store_is_refused(release: Signed, tmp_path: Path) -> None:
    objects = open_objects(str(tmp_path / "store"))
    index = deliver(release.folder, objects, [release.identity.public], tmp_path / "w")
    by_path = {file.path: file for file in index.files}
    one, two = by_path["tables/person.parquet"], by_path["tables/visit_occurrence.parquet"]
    swapped = index.model_copy(
        update={
            "files": tuple(
                {one.path: two.model_copy(update={"path": one.path}), two.path: one.model_copy(update={"path": two.path})}
                .get(f.path, f) for f in index.files
            )
        }
    )  # fmt: skip
    objects.put(index_name(release.name), swapped.to_bytes())
    with pytest.raises(GateRefused, match=r"tables/(person|visit_occurrence)\.parquet was changed"):
        receive(objects, asked(release), tmp_path / "mine")
    objects.put(index_name(release.name), index.to_bytes())
    path = tmp_path / "store" / one.object
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(GateRefused, match="its sealed bytes are not those of the index"):
        receive(objects, asked(release), tmp_path / "mine")
    path.write_bytes(data)
    receive(objects, asked(release), tmp_path / "mine")
    assert contents(tmp_path / "mine") == contents(release.folder)


@pytest.mark.parametrize("path", ["../outside", "/etc/x", "a//b"])
def test_an_index_cannot_write_outside(release: Signed, tmp_path: Path, path: str) -> None:
    objects = open_objects(str(tmp_path / "store"))
    index = deliver(release.folder, objects, [release.identity.public], tmp_path / "w")
    told = json.loads(index.to_bytes())
    told["files"][0]["path"] = path
    objects.put(index_name(release.name), json.dumps(told).encode())
    with pytest.raises(BadInput, match="not an index"):
        receive(objects, asked(release), tmp_path / "mine")
