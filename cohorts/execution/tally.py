"""Attrition, added up over parts of the people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cohorts.attrition import Attrition, Combination, Step
from cohorts.columns import rules
from cohorts.columns.keys import people
from cohorts.execution.definition import Found
from cohorts.plan.nodes import Definition

Counts = tuple[int, int]  # people, events


@dataclass
class Tally:
    """The steps and combinations of one definition so far."""

    definition: Definition
    _steps: dict[str | int, Counts] = field(default_factory=dict)
    _combinations: dict[tuple[int, ...], Counts] = field(default_factory=dict)

    def add(self, found: Found) -> None:
        """Add what was found among further people."""
        self._add("primary", (people(found.primary.person), len(found.primary)))
        self._add("asked", (people(found.qualified.person), len(found.qualified)))
        if found.judged is not None:
            for number, counts in enumerate(rules.in_turn(found.judged)):
                self._add(number, counts)
            for kept, persons, events in rules.combinations(found.judged):
                before = self._combinations.get(kept, (0, 0))
                self._combinations[kept] = (before[0] + persons, before[1] + events)
        self._add("cohort", (people(found.cohort.person), len(found.cohort)))

    def _add(self, step: str | int, counts: Counts) -> None:
        before = self._steps.get(step, (0, 0))
        self._steps[step] = (before[0] + counts[0], before[1] + counts[1])

    def attrition(self) -> Attrition:
        """The steps of the definition, as far as people were added."""
        given = self.definition
        steps = [self._step("primary events", "primary")]
        if given.additional is not None or given.qualified_limit != "all":
            steps.append(self._step("additional criteria", "asked"))
        steps += [self._step(rule.name, number) for number, rule in enumerate(given.rules)]
        steps.append(self._step("cohort", "cohort"))
        return Attrition(given.name, tuple(steps), tuple(self._combined()))

    def _step(self, name: str, step: str | int) -> Step:
        return Step(name, *self._steps.get(step, (0, 0)))

    def _combined(self) -> Sequence[Combination]:
        order = sorted(self._combinations, key=lambda kept: (-len(kept), sum(1 << rule for rule in kept)))
        return [Combination(kept, *self._combinations[kept]) for kept in order]
