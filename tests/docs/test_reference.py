"""The reference pages are what the code says."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

import pytest

from docs.from_code.package import FILES
from docs.generate import PAGES, REFERENCE, generate


@pytest.mark.parametrize("name", PAGES)
def test_the_committed_page_is_what_the_code_makes(name: str) -> None:
    assert (REFERENCE / name).read_text(encoding="utf-8") == PAGES[name](), "run: make docs"


def test_the_same_code_makes_the_same_bytes(tmp_path: Path) -> None:
    first = [path.read_bytes() for path in generate(tmp_path / "one")]
    assert first == [path.read_bytes() for path in generate(tmp_path / "two")]


def test_no_page_in_the_reference_folder_is_written_by_hand() -> None:
    assert {path.name for path in REFERENCE.iterdir()} == set(PAGES)


def described(path: str) -> bool:
    """Whether docs/reference/package.md tells what this file of a release is."""
    return any(fnmatch(path, pattern) for pattern in FILES)
