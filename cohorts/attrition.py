"""How many people and entries are left after each step of a definition."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """What is left after one step: people, and entries (events, or in the last step cohort rows)."""

    rule: str
    people: int
    entries: int


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
        """Plain JSON: {"definition", "steps": [{"rule", "people", "entries"}], "combinations": [{"rules", ...}]}."""
        return {
            "definition": self.definition,
            "steps": [{"rule": s.rule, "people": s.people, "entries": s.entries} for s in self.steps],
            "combinations": [
                {"rules": list(c.rules), "people": c.people, "entries": c.entries} for c in self.combinations
            ],
        }
