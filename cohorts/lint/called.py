"""How concepts and concept sets are called in findings."""

from __future__ import annotations

from collections.abc import Sequence

from cohorts.expression.concept_sets import ConceptSet

SHOWN = 5


def named(name: str | None) -> str:
    """A name in brackets, where there is one."""
    return f" ({name})" if name else ""


def english(given: ConceptSet) -> str:
    """'concept set 3 (Stroke)'."""
    return f"concept set {given.id}{named(given.name)}"


def korean(given: ConceptSet) -> str:
    """'개념 집합 3 (뇌졸중)'."""
    return f"개념 집합 {given.id}{named(given.name)}"


def some(ids: Sequence[int]) -> str:
    """The first few numbers."""
    return ", ".join(map(str, ids[:SHOWN])) + (" ..." if len(ids) > SHOWN else "")
