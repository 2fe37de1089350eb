"""The vocabulary of a made-up hospital: the concepts that a definition and its people name, and no other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel

from cohorts.expectations.model import People
from cohorts.expectations.wrong import Misfit, Where
from cohorts.expression import Expression
from cohorts.expression.base import Concept
from cohorts.expression.concept_sets import ConceptSet

SEXES = {"female": 8532, "male": 8507, "unknown": 0}
Link = tuple[int, int]


@dataclass(frozen=True)
class Vocabulary:
    """names: of concepts, by number. ancestors: (ancestor, descendant). maps: (source, standard). invalid: numbers."""

    names: Mapping[int, str] = field(default_factory=dict)
    ancestors: frozenset[Link] = frozenset()
    maps: frozenset[Link] = frozenset()
    invalid: frozenset[int] = frozenset()

    def agrees(self, other: Vocabulary) -> bool:
        """Whether both say the same of every concept that both have."""
        ours, theirs = self._facts(), other._facts()
        return all(ours[number] == theirs[number] for number in set(self.names) & set(other.names))

    def joined(self, other: Vocabulary) -> Vocabulary:
        """What both say."""
        return Vocabulary(
            {**other.names, **self.names},
            self.ancestors | other.ancestors,
            self.maps | other.maps,
            self.invalid | other.invalid,
        )

    def _facts(self) -> dict[int, set[tuple[str, int]]]:
        """What is said of each concept."""
        said: dict[int, set[tuple[str, int]]] = {number: set() for number in self.names}
        for above, below in self.ancestors:
            said[below].add(("under", above))
        for source, standard in self.maps:
            said[source].add(("maps to", standard))
        for number in self.invalid:
            said[number].add(("invalid", 1))
        return said


@dataclass
class Names:
    """The names that one file may use, and the mistakes found while it used them."""

    definition: Expression
    people: People
    wrong: list[Misfit] = field(default_factory=list)
    used: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Gather what the file declares, then sets, then single concepts of the definition; the first wins."""
        self._declared = {name.lower(): (name, one) for name, one in self.people.concepts.items()}
        self._named = {(c.concept_name or "").lower(): c for c in _concepts(self.definition)}
        self.used = {c.concept_id: c.concept_name or str(c.concept_id) for c in _concepts(self.definition)}
        self.used |= {one.id: name for name, one in self.people.concepts.items()}
        self._sets = {(one.name or "").lower(): one for one in self.definition.concept_sets or ()}
        self._links: frozenset[Link] = frozenset()
        self._links = self._declared_links("under")

    def concept(self, given: object, where: Where) -> int:
        """The number of a concept; 0, and a note of the mistake, where there is none of this name."""
        if isinstance(given, int):
            self.used.setdefault(given, str(given))
            return given
        name = str(given).strip().lower()
        if name in self._declared:
            return self._declared[name][1].id
        if name in self._sets:
            return self._first_of(self._sets[name], where)
        if name in self._named:
            return self._named[name].concept_id
        known = [*self.people.concepts, *(one.name or "" for one in self.definition.concept_sets or ())]
        self.wrong.append(
            Misfit(
                where,
                f"no concept or concept set is called '{given}'; write its number, declare it under concepts, or use one "
                f"of {_some(known)}",
            )
        )
        return 0

    def sex(self, given: object, where: Where) -> int:
        """The number of a person's sex."""
        return SEXES[given] if isinstance(given, str) and given in SEXES else self.concept(given, where)

    def vocabulary(self) -> Vocabulary:
        """What was used and declared; descendants of descendants are descendants."""
        invalid = frozenset(one.id for one in self.people.concepts.values() if one.invalid)
        itself = frozenset((number, number) for number in self.used)
        return Vocabulary(self.used, itself | _closure(self._links), self._declared_links("maps_to"), invalid)

    def _declared_links(self, attribute: str) -> frozenset[Link]:
        links = set()
        for name, one in self.people.concepts.items():
            for position, other in enumerate(getattr(one, attribute)):
                number = self.concept(other, ("concepts", name, attribute, position))
                links.add((number, one.id) if attribute == "under" else (one.id, number))
        return frozenset(links)

    def _first_of(self, given: ConceptSet, where: Where) -> int:
        """The set's first concept that the set does not take out again."""
        items = given.expression.items
        out = {item.concept.concept_id for item in items if item.is_excluded}
        below = {d for a, d in _closure(self._links) if a in out}
        for item in items:
            if not item.is_excluded and item.concept.concept_id not in out | below:
                return item.concept.concept_id
        self.wrong.append(Misfit(where, f"concept set '{given.name}' includes no concept; name a concept instead"))
        return 0


def _concepts(model: BaseModel) -> Iterator[Concept]:
    """Every concept that a model names."""
    if isinstance(model, Concept):
        yield model
    for name in type(model).model_fields:
        value = getattr(model, name)
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, BaseModel):
                yield from _concepts(one)


def _closure(links: Iterable[Link]) -> frozenset[Link]:
    found = set(links)
    while more := {(a, d) for a, b in found for c, d in found if b == c} - found:
        found |= more
    return frozenset(found)


def _some(names: Iterable[str]) -> str:
    given = [f"'{name}'" for name in names if name]
    return ", ".join(given[:12]) + (" ..." if len(given) > 12 else "") if given else "the definition's (it has none)"
