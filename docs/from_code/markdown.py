"""Markdown tables and the mark that a page is generated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

MADE = "<!-- Made by `make docs` from the code; do not edit. -->"


def cell(text: object) -> str:
    """One table cell: no line breaks, no column marks."""
    return " ".join(str(text).split()).replace("|", "\\|")


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table with a head."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell(c) for c in line) + " |" for line in lines)


def page(*parts: str) -> str:
    """A page of parts with an empty line between them."""
    return "\n\n".join((MADE, *(part.strip("\n") for part in parts))) + "\n"
