"""Attrition, added up over parts of the people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cohorts.attrition import Attrition, Combination, Step, Stratum
from cohorts.columns import demographics, rules
from cohorts.columns.entries import by_start
from cohorts.columns.filters import People
from cohorts.columns.keys import Days, people
from cohorts.execution.definition import Found
from cohorts.plan.nodes import Definition

Counts = tuple[int, int]  # people, events


@dataclass
class Tally:
    """The steps and combinations of one definition so far."""

    definition: Definition
    demographics: bool = False
    _steps: dict[str | int, Counts] = field(default_factory=dict)
    _strata: dict[str | int, Counter[tuple[int, int]]] = field(default_factory=dict)
    _combinations: dict[tuple[int, ...], Counts] = field(default_factory=dict)

    def add(self, found: Found, persons: People | None) -> None:
        """Add what was found among further people; persons: their sex and year of birth, where these are asked for."""
        if self.demographics:
            assert persons is not None
            self._describe(found, persons)
        self._add("primary", (people(found.primary.person), len(found.primary)))
        self._add("asked", (people(found.qualified.person), len(found.qualified)))
        if found.judged is not None:
            for number, counts in enumerate(rules.in_turn(found.judged)):
                self._add(number, counts)
            for kept, best, events in rules.combinations(found.judged):
                before = self._combinations.get(kept, (0, 0))
                self._combinations[kept] = (before[0] + best, before[1] + events)
        self._add("cohort", (people(found.cohort.person), len(found.cohort)))

    def _describe(self, found: Found, persons: People) -> None:
        """Add the people of each step by sex and age."""

        def describe(step: str | int, person: Days, start: npt.NDArray[np.integer]) -> None:
            told = demographics.strata(person, start.astype(np.int32), persons)
            self._strata.setdefault(step, Counter()).update(told)

        primary = found.primary if found.primary.sort is found.primary.start else by_start(found.primary, ties=False)
        describe("primary", primary.person, primary.start)
        describe("asked", found.qualified.person, found.qualified.start)
        left = np.ones(len(found.qualified), bool)
        for number, held in enumerate(found.judged.held if found.judged else ()):
            left = left & held
            describe(number, found.qualified.person[left], found.qualified.start[left])
        describe("cohort", found.cohort.person, found.cohort.start)

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
        strata = sorted(self._strata.get(step, Counter()).items())
        told = tuple(Stratum(sex, None if age < 0 else age, people) for (sex, age), people in strata)
        return Step(name, *self._steps.get(step, (0, 0)), told)

    def _combined(self) -> Sequence[Combination]:
        order = sorted(self._combinations, key=lambda kept: (-len(kept), sum(1 << rule for rule in kept)))
        return [Combination(kept, *self._combinations[kept]) for kept in order]
