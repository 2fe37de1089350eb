"""How many people and entries are left after each step of a definition."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Stratum:
    """People of one sex and ten-year age band at the first event that a step leaves them.

    gender_concept_id: 0 if unknown. age_from: the band's first year; None if the year of birth is unknown.
    """

    gender_concept_id: int
    age_from: int | None
    people: int

    def to_json(self) -> dict[str, object]:
        """{"gender_concept_id", "age": "60-69", "people"}."""
        age = None if self.age_from is None else f"{self.age_from}-{self.age_from + 9}"
        return {"gender_concept_id": self.gender_concept_id, "age": age, "people": self.people}


@dataclass(frozen=True)
class Step:
    """What is left after one step: people, and entries (events, or in the last step cohort rows).

    strata: the people by sex and age, where that was asked for.
    """

    rule: str
    people: int
    entries: int
    strata: tuple[Stratum, ...] = ()

    def to_json(self) -> dict[str, object]:
        """{"rule", "people", "entries"[, "strata"]}."""
        told: dict[str, object] = {"rule": self.rule, "people": self.people, "entries": self.entries}
        return told | ({"strata": [one.to_json() for one in self.strata]} if self.strata else {})


@dataclass(frozen=True)
class Combination:
    """Events that keep exactly these inclusion rules (numbered from 1), as ATLAS counts them.

    entries: all such events. people: those whose best event is one of them; each person has one best event: the most
    rules kept, then the lowest first rule, then the earliest.
    """

    rules: tuple[int, ...]
    people: int
    entries: int


@dataclass(frozen=True)
class Attrition:
    """The steps of one definition: primary events, additional criteria, each inclusion rule in turn, the cohort.

    Counts are exact; whoever shows them outside the hospital puts them through disclosure control first.
    """

    definition: str
    steps: tuple[Step, ...]
    combinations: tuple[Combination, ...] = ()

    def to_json(self) -> dict[str, object]:
        """Plain JSON: {"definition", "steps": [{"rule", "people", "entries"[, "strata"]}], "combinations": [{"rules", ...}]}."""
        return {
            "definition": self.definition,
            "steps": [step.to_json() for step in self.steps],
            "combinations": [
                {"rules": list(c.rules), "people": c.people, "entries": c.entries} for c in self.combinations
            ],
        }
