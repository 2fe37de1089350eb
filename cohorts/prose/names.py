"""How the concept sets and concepts of one definition are called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import BaseModel

from cohorts.expression import Expression
from cohorts.expression.base import Concept
from cohorts.expression.concept_sets import ConceptSet


@dataclass(frozen=True)
class Names:
    """sets: concept set number -> its name, told apart where two have one. shared: names of more than one concept."""

    sets: Mapping[int, str]
    shared: frozenset[str] = frozenset()


def one_line(name: str | None) -> str:
    """A name on one line: authors leave line breaks in them, which would end a heading or a list."""
    return " ".join((name or "").split())


def names_of(given: Expression) -> Names:
    """The names of a definition."""
    sets = given.concept_sets or ()
    called = [one_line(one.name) for one in sets]
    numbered = {
        one.id: name if name and called.count(name) == 1 else f"{name} #{one.id}".strip()
        for one, name in zip(sets, called, strict=True)
    }
    numbers: dict[str, set[int]] = {}
    for concept in single_concepts(given):
        numbers.setdefault(concept.concept_name or "", set()).add(concept.concept_id)
    return Names(numbered, frozenset(name for name, several in numbers.items() if len(several) > 1))


def single_concepts(model: BaseModel) -> Iterator[Concept]:
    """The concepts that stand outside of concept sets."""
    for name in type(model).model_fields:
        value = getattr(model, name)
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, Concept):
                yield one
            elif isinstance(one, BaseModel) and not isinstance(one, ConceptSet):
                yield from single_concepts(one)
