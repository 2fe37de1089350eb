"""The events of all streams of a plan, filled in the order in which they rest on each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cohorts.columns.events import Events
from cohorts.columns.filters import People
from cohorts.columns.groups import Surroundings
from cohorts.columns.kept import eras, keep
from cohorts.columns.keys import Flags, Whole
from cohorts.columns.observed import Observed
from cohorts.execution.read import Reader
from cohorts.needs import closure, made_of
from cohorts.plan.nodes import Eras, Keep, Plan, Scan


@dataclass
class Streams:
    """Streams by number, as far as they were filled, of the people of `span`; and what else groups look at."""

    plan: Plan
    reader: Reader
    observed: Observed
    people: People | None
    sets: Sequence[Whole]
    span: tuple[int, int] | None
    _events: dict[int, Events] = field(default_factory=dict)

    def __getitem__(self, number: int) -> Events:
        return self._events[number]

    @property
    def surroundings(self) -> Surroundings:
        """What groups look at."""
        return Surroundings(self.__getitem__, self.people, self.sets)

    def fill(self, wanted: Iterable[int], people: Flags | None = None) -> None:
        """Fill these streams and those they are made of; `people`: by number, whom alone the new ones matter for."""
        missing = sorted(closure(self.plan, wanted) - self._events.keys())
        scans = [(number, given) for number in missing if isinstance(given := self.plan.streams[number], Scan)]
        self._events.update(self.reader.read(scans, people, self.span))
        for number in missing:  # a stream rests only on smaller numbers
            given = self.plan.streams[number]
            if isinstance(given, Keep):
                self._events[number] = keep(self[given.stream], given.group, self.observed, self.surroundings)
            elif isinstance(given, Eras):
                self._events[number] = eras(given, [self[one] for one in made_of(self.plan, number)], self.surroundings)
