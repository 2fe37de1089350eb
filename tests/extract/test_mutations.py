"""Random mutations of a release, one or several, by a clumsy hand or by one who writes SHA256SUMS anew: all are noticed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extract.package import seal_approval
from extract.sign import load
from extract.verify import verify
from tests.extract.release import built, published
from tests.extract.test_verify import accused, hash_anew, paths, trusted

# `make test` tries a few; NARU_MUTATIONS=2000 tries more.
EXAMPLES = int(os.environ.get("NARU_MUTATIONS", "30"))
NAME = st.from_regex(r"[a-z][a-z0-9_]{0,8}\.(parquet|json|csv)", fullmatch=True)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return published(tmp_path_factory.mktemp("mutations"))


@pytest.fixture(scope="module")
def older(whole: Path) -> Path:
    """An older version, rightly signed by the same hospital and board: what an attacker can replay."""
    folder, _ = built(whole.parent, "older-built", version="0.9.0", docs={"table1.csv": b"older"})
    by = load(whole.parent / "hospital.key"), load(whole.parent / "board.key")
    seal_approval(folder, {"case": "2026-0001", "decided_on": "2026-01-01"}, *by, whole.parent / "older")
    return whole.parent / "older"


def flip(folder: Path, older: Path, data: st.DataObject) -> set[str]:
    path = data.draw(st.sampled_from(paths(folder)))
    content = bytearray((folder / path).read_bytes())
    place = data.draw(st.integers(0, max(0, len(content) - 1)))
    if not content:
        return set()
    content[place] ^= data.draw(st.integers(1, 255))
    (folder / path).write_bytes(content)
    return {path}


def cut(folder: Path, older: Path, data: st.DataObject) -> set[str]:
    path = data.draw(st.sampled_from(paths(folder)))
    content = (folder / path).read_bytes()
    if not content:
        return set()
    (folder / path).write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    return {path}


def drop(folder: Path, older: Path, data: st.DataObject) -> set[str]:
    path = data.draw(st.sampled_from(paths(folder)))
    (folder / path).unlink()
    return {path}


def swap(folder: Path, older: Path, data: st.DataObject) -> set[str]:
    one, two = data.draw(st.lists(st.sampled_from(paths(folder)), min_size=2, max_size=2, unique=True))
    first, second = (folder / one).read_bytes(), (folder / two).read_bytes()
    (folder / one).write_bytes(second)
    (folder / two).write_bytes(first)
    return {one, two} if first != second else set()


def add(folder: Path, older: Path, data: st.DataObject) -> set[str]:
    place = data.draw(st.sampled_from(["", "tables/", "docs/", "meds/data/train/", "new/"]))
    path = place + data.draw(NAME)
    if (folder / path).exists():
        return set()
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(data.draw(st.binary(max_size=20)))
    return {path}


def replay(folder: Path, older: Path, data: st.DataObject) -> set[str]:
    """Some of the heads of the older version in the place of these."""
    heads = ["MANIFEST.json", "MANIFEST.sig", "provenance/approval.json", "SHA256SUMS"]
    chosen = data.draw(st.lists(st.sampled_from(heads), min_size=1, unique=True))
    for path in chosen:
        shutil.copyfile(older / path, folder / path)
    return set(chosen)


def strip(folder: Path, older: Path, data: st.DataObject) -> set[str]:
    chosen = data.draw(st.lists(st.sampled_from(["MANIFEST.sig", "provenance/approval.json"]), min_size=1, unique=True))
    for path in chosen:
        (folder / path).unlink(missing_ok=True)
    return set(chosen)


Mutation = Callable[[Path, Path, st.DataObject], set[str]]
ALL: tuple[Mutation, ...] = (flip, cut, drop, swap, add, replay, strip)


@settings(max_examples=EXAMPLES, derandomize=True, deadline=None)
@given(data=st.data())
def test_any_one_mutation_names_what_was_changed(
    whole: Path, older: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = Path(shutil.copytree(whole, tmp_path_factory.mktemp("one") / "release"))
    changed = data.draw(st.sampled_from(ALL))(folder, older, data)
    named = set(accused(verify(folder, trusted(whole))))
    if changed and "SHA256SUMS" not in changed and "MANIFEST.json" not in changed:
        assert changed <= named
    assert bool(named) is bool(changed)
    shutil.rmtree(folder)


@settings(max_examples=EXAMPLES, derandomize=True, deadline=None)
@given(data=st.data(), sly=st.booleans())
def test_any_mixture_of_mutations_is_noticed_even_with_the_list_written_anew(
    whole: Path, older: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, sly: bool
) -> None:
    folder = Path(shutil.copytree(whole, tmp_path_factory.mktemp("many") / "release"))
    before = {path: (folder / path).read_bytes() for path in paths(folder)}
    for mutation in data.draw(st.lists(st.sampled_from(ALL), min_size=1, max_size=4)):
        if len(paths(folder)) > 1:
            mutation(folder, older, data)
    if sly:
        hash_anew(folder)
    after = {path: (folder / path).read_bytes() for path in paths(folder)}
    assert verify(folder, trusted(whole)).ok is (before == after)
    shutil.rmtree(folder)
