"""Every link in the documentation leads somewhere: to a file of the repository, and to a heading in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("studies/**/*.md")])
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!\\)\[[^\]]*\]\(([^)\s]+)\)")


def prose(page: Path) -> str:
    """A page without its code blocks and code spans."""
    return re.sub(r"`[^`\n]*`", "", FENCE.sub("", page.read_text(encoding="utf-8")))


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives a page's headings."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        goal = (page.parent / path).resolve() if path else page
        assert goal.exists(), f"{page.name}: {link}"
        assert goal.is_relative_to(ROOT), f"{page.name}: {link} leaves the repository"
        if anchor:
            assert anchor in anchors(goal), f"{page.name}: {link}"


@pytest.mark.parametrize("page", sorted(ROOT.glob("docs/**/*.ko.md")), ids=lambda page: page.name)
def test_a_korean_page_has_its_english_one(page: Path) -> None:
    english = [page.with_name(page.name.replace(".ko.md", ending)) for ending in (".md", ".en.md")]
    assert any(path.exists() for path in english)


def test_every_page_of_the_docs_is_reached_from_the_index() -> None:
    for index in ("index.md", "index.ko.md"):
        reached, waiting = set[Path](), [ROOT / "docs" / index]
        while waiting:
            page = waiting.pop()
            if page in reached or page.suffix != ".md":
                continue
            reached.add(page)
            waiting += [(page.parent / link.partition("#")[0]).resolve() for link in LINK.findall(prose(page))
                        if not re.match(r"[a-z]+:|#", link)]  # fmt: skip
        indexes = {ROOT / "docs" / "index.md", ROOT / "docs" / "index.ko.md"}
        assert set(ROOT.glob("docs/**/*.md")) <= reached | indexes
