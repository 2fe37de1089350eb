"""The same hospital on every machine, made once and whole."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from cdm.errors import BadInput
from cdm.synthetic import GENERATOR, hospital, materialise


def digests(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())}


def test_the_bytes_do_not_depend_on_the_number_of_threads(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for threads in (1, 3):
        monkeypatch.setattr(hospital, "THREADS", threads)
        again = materialise("haneul", 3000, 7, tmp_path / str(threads))
        assert digests(again) == digests(folder)


def test_another_seed_or_name_gives_other_people(folder: Path, tmp_path: Path) -> None:
    for name, seed in (("haneul", 8), ("badak", 7)):
        assert digests(materialise(name, 300, seed, tmp_path))["person.parquet"] != digests(folder)["person.parquet"]


def test_it_is_made_once(tmp_path: Path) -> None:
    steps: list[str] = []
    first = materialise("once", 50, 1, tmp_path, progress=lambda what, done, total: steps.append(what))
    assert first == tmp_path / "synthetic" / f"once-50-1-v{GENERATOR}"
    assert steps[-1] == "done"
    before = {file: file.stat().st_mtime_ns for file in first.iterdir()}
    assert materialise("once", 50, 1, tmp_path, progress=lambda *_: pytest.fail("made twice")) == first
    assert {file: file.stat().st_mtime_ns for file in first.iterdir()} == before


def test_a_making_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def stop(what: str, done: int, total: int) -> None:
        if what == "measurement":
            raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space"):
        materialise("broken", 50, 1, tmp_path, progress=stop)
    assert list((tmp_path / "synthetic").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "persons", "seed"),
    [("", 10, 1), ("../up", 10, 1), ("a'b", 10, 1), ("ok", 0, 1), ("ok", 10**9, 1), ("ok", 10, -1)],
)
def test_bad_arguments_are_told(name: str, persons: int, seed: int, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="Synthetic hospital"):
        materialise(name, persons, seed, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_one_person_is_a_hospital_too(tmp_path: Path) -> None:
    assert (materialise("tiny", 1, 1, tmp_path, canaries=False) / "person.parquet").is_file()
