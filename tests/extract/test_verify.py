"""Whatever is done to a release is noticed, and the file is named."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdm.errors import BadInput
from extract.files import checksum_lines, sha256_file
from extract.package import seal_approval
from extract.sign import create, load
from extract.verify import TrustedKeys, VerifyReport, verify
from tests.extract.release import built, published


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published release and, beside it, the built one and the keys."""
    return published(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def release(whole: Path, tmp_path: Path) -> Path:
    """A copy to do harm to."""
    return Path(shutil.copytree(whole, tmp_path / "release"))


def trusted(whole: Path) -> TrustedKeys:
    return {
        "hospital": {load(whole.parent / "hospital.key").public},
        "board": {load(whole.parent / "board.key").public},
    }


def accused(report: VerifyReport) -> list[str]:
    return [finding.file for finding in report.findings]


def paths(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def hash_anew(folder: Path) -> None:
    """What somebody who changes a file would do next: write SHA256SUMS anew."""
    (folder / "SHA256SUMS").unlink(missing_ok=True)
    (folder / "SHA256SUMS").write_bytes(checksum_lines({path: sha256_file(folder / path) for path in paths(folder)}))


def test_an_untouched_release_is_whole(whole: Path) -> None:
    report = verify(whole, trusted(whole))
    assert report.ok
    assert report.release == "deterioration-seoul01-1.0.0"
    assert set(report.signed_by) == {"hospital", "board"}
    assert (report.files, report.bytes) == (
        len(paths(whole)),
        sum((whole / path).stat().st_size for path in paths(whole)),
    )
    json.dumps(report.to_json())


def test_a_built_release_is_whole_only_where_no_signature_is_asked(whole: Path) -> None:
    folder = whole.parent / "built"
    assert verify(folder, require_signature=False).ok
    assert accused(verify(folder)) == ["MANIFEST.sig", "provenance/approval.json"]


@pytest.mark.parametrize("form", ["published", "built"])
@settings(max_examples=150, derandomize=True, deadline=None)
@given(data=st.data())
def test_any_flipped_bit_of_any_file_is_found_and_only_that_file_is_named(
    whole: Path, form: str, data: st.DataObject
) -> None:
    folder = whole.parent / form
    name = data.draw(st.sampled_from(paths(folder)))
    path = folder / name
    before = path.read_bytes()
    place = data.draw(st.integers(0, len(before) - 1))
    after = bytearray(before)
    after[place] ^= 1 << data.draw(st.integers(0, 7))
    try:
        path.write_bytes(bytes(after))
        assert accused(verify(folder, require_signature=form == "published", threads=1)) == [name]
    finally:
        path.write_bytes(before)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(data=st.data())
def test_dropped_truncated_lengthened_renamed_and_swapped_files_are_found_and_named(
    whole: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = Path(shutil.copytree(whole, tmp_path_factory.mktemp("harm") / "release"))
    name, other = data.draw(st.lists(st.sampled_from(paths(folder)), min_size=2, max_size=2, unique=True))
    path, second = folder / name, folder / other
    harm = data.draw(st.sampled_from(["drop", "cut", "add", "rename", "swap", "empty"]))
    named = [name]
    if harm == "drop":
        path.unlink()
    elif harm == "cut":
        path.write_bytes(path.read_bytes()[:-1])
    elif harm == "add":
        path.write_bytes(path.read_bytes() + b"\n")
    elif harm == "empty":
        path.write_bytes(b"")
    elif harm == "rename":
        path.rename(path.with_name(path.name + ".bak"))
        named = [name, name + ".bak"]
    else:
        first, then = path.read_bytes(), second.read_bytes()
        path.write_bytes(then)
        second.write_bytes(first)
        named = [name, other] if first != then else []
    assert accused(verify(folder, threads=1)) == sorted(named), harm


@pytest.mark.parametrize("name", ["extra.txt", "tables/extra.parquet", "docs/.hidden", "한글.txt"])
def test_an_added_file_is_found(release: Path, name: str) -> None:
    (release / name).write_bytes(b"surprise")
    assert accused(verify(release)) == [name]


def test_an_added_file_is_found_also_when_the_list_is_written_anew(release: Path) -> None:
    (release / "tables" / "extra.parquet").write_bytes(b"surprise")
    hash_anew(release)
    assert accused(verify(release)) == ["tables/extra.parquet"]


def test_a_link_is_found_also_when_it_leads_to_the_right_bytes(release: Path) -> None:
    path = release / "tables" / "person.parquet"
    shutil.move(path, release.parent / "person.parquet")
    path.symlink_to(release.parent / "person.parquet")
    assert accused(verify(release)) == ["tables/person.parquet"]


def test_a_folder_that_is_a_link_is_found(release: Path) -> None:
    shutil.move(release / "docs", release.parent / "docs")
    (release / "docs").symlink_to(release.parent / "docs")
    assert "docs" in accused(verify(release))


def test_an_empty_folder_and_a_pipe_are_found(release: Path) -> None:
    (release / "empty").mkdir()
    os.mkfifo(release / "tables" / "pipe")
    assert accused(verify(release)) == ["empty", "tables/pipe"]


@pytest.mark.parametrize("name", ["tables/person.parquet", "README.en.md", "docs/risk.json"])
def test_a_changed_file_is_found_also_when_the_list_is_written_anew(release: Path, name: str) -> None:
    (release / name).write_bytes(b"other")
    hash_anew(release)
    assert accused(verify(release)) == [name]


def test_a_manifest_written_anew_over_changed_files_is_not_the_one_that_was_signed(
    whole: Path, release: Path, tmp_path: Path
) -> None:
    other, _ = built(tmp_path, "other", docs={"table1.csv": b"made up"})
    shutil.rmtree(release / "docs")
    shutil.copytree(other / "docs", release / "docs")
    shutil.copy(other / "MANIFEST.json", release / "MANIFEST.json")
    hash_anew(release)
    assert "MANIFEST.json" in accused(verify(release))


def test_an_older_manifest_replayed_is_named(whole: Path, release: Path, tmp_path: Path) -> None:
    older, _ = built(tmp_path, "older", version="0.9.0")
    shutil.copy(older / "MANIFEST.json", release / "MANIFEST.json")
    assert accused(verify(release)) == ["MANIFEST.json"]
    hash_anew(release)
    assert "MANIFEST.json" in accused(verify(release))


def test_a_whole_older_release_in_the_place_of_the_expected_one_is_named(whole: Path) -> None:
    assert verify(whole, expected_digest=sha256_file(whole / "MANIFEST.json")).ok
    assert accused(verify(whole, expected_digest="0" * 64)) == ["MANIFEST.json"]


@pytest.mark.parametrize("name", ["MANIFEST.sig", "provenance/approval.json"])
def test_a_stripped_signature_or_approval_is_found_also_when_the_list_is_written_anew(release: Path, name: str) -> None:
    (release / name).unlink()
    assert accused(verify(release)) == [name]
    hash_anew(release)
    assert name in accused(verify(release))


def test_both_stripped_leave_an_unsigned_release_and_no_published_one(release: Path) -> None:
    (release / "MANIFEST.sig").unlink()
    (release / "provenance" / "approval.json").unlink()
    hash_anew(release)
    assert accused(verify(release)) == ["MANIFEST.sig", "provenance/approval.json"]
    assert verify(release, require_signature=False).ok


def test_a_changed_approval_is_not_the_one_that_the_board_signed(release: Path) -> None:
    path = release / "provenance" / "approval.json"
    approval = json.loads(path.read_bytes())
    path.write_text(json.dumps({**approval, "case": "2026-9999"}))
    hash_anew(release)
    assert accused(verify(release)) == ["provenance/approval.json"]


def changed_signature(role: str, part: str, value: object) -> Callable[[dict[str, dict[str, object]]], None]:
    def change(signatures: dict[str, dict[str, object]]) -> None:
        signatures[role][part] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        changed_signature("board", "signature", "00" * 64),
        changed_signature("hospital", "public_key", "11" * 32),
        changed_signature("hospital", "public_key", "not hexadecimal"),
        lambda signatures: signatures.update(board=signatures["hospital"]),
        lambda signatures: signatures.pop("board"),
    ],
)
def test_a_signature_that_does_not_hold_is_found_also_when_the_list_is_written_anew(
    release: Path, change: Callable[[dict[str, dict[str, object]]], None]
) -> None:
    path = release / "MANIFEST.sig"
    signatures = json.loads(path.read_bytes())
    change(signatures)
    path.write_text(json.dumps(signatures, sort_keys=True, separators=(",", ":")))
    hash_anew(release)
    assert accused(verify(release)) == ["MANIFEST.sig"]


def test_a_forged_release_under_other_keys_is_found_by_who_knows_the_right_ones(whole: Path, tmp_path: Path) -> None:
    forger = create(tmp_path / "forger.key")
    seal_approval(whole.parent / "built", {}, forger, forger, tmp_path / "forged")
    assert verify(tmp_path / "forged").ok  # undamaged, but by whom?
    assert accused(verify(tmp_path / "forged", trusted(whole))) == ["MANIFEST.sig"]


def test_the_keys_of_hospital_and_board_cannot_change_places(whole: Path) -> None:
    keys = trusted(whole)
    assert accused(verify(whole, {"hospital": keys["board"], "board": keys["hospital"]})) == ["MANIFEST.sig"]


def test_a_manifest_that_points_outside_the_release_is_refused(whole: Path, release: Path) -> None:
    manifest = json.loads((release / "MANIFEST.json").read_bytes())
    manifest["files"][0]["path"] = "../outside"
    (release / "MANIFEST.json").write_text(json.dumps(manifest, sort_keys=True, separators=(",", ":")))
    hash_anew(release)
    assert accused(verify(release)) == ["MANIFEST.json"]


def test_a_folder_that_is_not_there_or_empty_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such folder"):
        verify(tmp_path / "nowhere")
    assert accused(verify(tmp_path)) == [
        "MANIFEST.json",
        "MANIFEST.sig",
        "SHA256SUMS",
        "provenance/approval.json",
    ]
