"""The page of circe's ways: every test that it names is there, every test of a difference is named, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "docs/explanation" / name for name in ("circe-differences.md", "circe-differences.ko.md")]
COHORTS = ROOT / "tests/cohorts"


def named(page: Path) -> list[str]:
    return re.findall(r"`(test_\w+)`", page.read_text(encoding="utf-8"))


def written(*files: Path) -> set[str]:
    return {
        name
        for file in files
        for name in re.findall(r"^def (test_\w+)\(", file.read_text(encoding="utf-8"), re.MULTILINE)
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_test_that_the_page_names_is_written(page: Path) -> None:
    assert sorted(set(named(page)) - written(*COHORTS.glob("test_*.py"))) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_test_of_a_difference_is_on_the_page(page: Path) -> None:
    assert sorted(written(COHORTS / "test_circe_differences.py") - set(named(page))) == []


def test_every_line_of_a_table_names_a_test() -> None:
    for page in PAGES:
        lines = [line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
        rows = [line for line in lines if not line.endswith(("| test |", "| 시험 |"))]
        assert [line for line in rows if not re.search(r"\| `test_\w+` \|$", line)] == []
        assert len(rows) == len(named(page))


def test_both_languages_tell_the_same_in_the_same_order() -> None:
    assert named(PAGES[0]) == named(PAGES[1])
