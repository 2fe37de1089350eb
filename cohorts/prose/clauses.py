"""A text as data: sections of sentences and numbered clauses; as Markdown or plain JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Clause:
    """A sentence, and the clauses below it."""

    text: str
    parts: tuple[Clause, ...] = ()

    def to_json(self) -> dict[str, object]:
        """{"text", "parts"}."""
        return {"text": self.text, "parts": [one.to_json() for one in self.parts]}


@dataclass(frozen=True)
class Section:
    """A heading, then sentences and clauses in order. numbered: clauses are counted, else they are points.

    quoted: words of the definition's author. level: 1 for a section, 2 for one inside it.
    """

    heading: str
    quoted: str | None = None
    before: tuple[str, ...] = ()
    clauses: tuple[Clause, ...] = ()
    after: tuple[str, ...] = ()
    numbered: bool = True
    level: int = 1

    def to_json(self) -> dict[str, object]:
        """Plain JSON."""
        return {
            "heading": self.heading, "level": self.level, "quoted": self.quoted, "before": list(self.before),
            "numbered": self.numbered, "clauses": [one.to_json() for one in self.clauses], "after": list(self.after),
        }  # fmt: skip


@dataclass(frozen=True)
class Document:
    """A definition in words."""

    title: str
    sections: tuple[Section, ...]

    def to_json(self) -> dict[str, object]:
        """Plain JSON."""
        return {"title": self.title, "sections": [one.to_json() for one in self.sections]}

    def markdown(self, level: int = 1) -> str:
        """Markdown; level: how deep its title stands in the text around it."""
        parts = [f"{'#' * level} {self.title}"]
        for section in self.sections:
            parts += _section(section, level)
        return "\n\n".join(parts) + "\n"


def _section(given: Section, level: int) -> Iterator[str]:
    yield f"{'#' * (level + given.level)} {given.heading}"
    if given.quoted:
        yield "\n".join(f"> {line}".rstrip() for line in given.quoted.splitlines())
    yield from given.before
    if given.clauses:
        yield "\n".join(_lines(given.clauses, "", given.numbered))
    yield from given.after


def _lines(clauses: tuple[Clause, ...], indent: str, numbered: bool) -> Iterator[str]:
    for number, one in enumerate(clauses, 1):
        mark = f"{number}. " if numbered else "- "
        yield f"{indent}{mark}{one.text}"
        yield from _lines(one.parts, indent + " " * len(mark), numbered)
