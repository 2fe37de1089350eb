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
class Attrition:
    """The steps of one definition: primary events, additional criteria, each inclusion rule in turn, the cohort.

    Counts are exact; whoever shows them outside the hospital puts them through disclosure control first.
    """

    definition: str
    steps: tuple[Step, ...]

    def to_json(self) -> dict[str, object]:
        """Plain JSON: {"definition": ..., "steps": [{"rule": ..., "people": ..., "entries": ...}]}."""
        return {
            "definition": self.definition,
            "steps": [{"rule": s.rule, "people": s.people, "entries": s.entries} for s in self.steps],
        }
