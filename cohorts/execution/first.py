"""Primary events first: where few people have any, nobody else has to be looked at, not even when they were under observation."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from cohorts.columns.keys import Whole
from cohorts.execution.fetch import Fetched, Fetcher
from cohorts.needs import closure
from cohorts.plan.nodes import Eras, Keep, Plan, Scan

FEW = 0.1  # of everybody, rows of primary events up to which numbering their people alone costs less than numbering all


def fetch_first(fetcher: Fetcher, plan: Plan, everybody: int, few: float = FEW) -> tuple[list[Fetched], Whole | None]:
    """Ask for the streams of all primary events; also who has one (person_id, ascending), None where they are not few.

    A stream that keeps some events of another, or joins them into eras, tells of nobody whom the other does not tell of.
    """
    primary = [number for definition in plan.definitions for number in definition.primary]
    scans = [(n, given) for n in sorted(closure(plan, primary)) if isinstance(given := plan.streams[n], Scan)]
    fetched = fetcher.fetch(scans)
    wanted = _bases(plan, primary)
    persons = [one.persons(wanted) for one in fetched]
    if sum(map(len, persons)) > few * everybody:
        return fetched, None
    return fetched, np.unique(np.concatenate(persons)) if persons else np.empty(0, np.int64)


def _bases(plan: Plan, numbers: Iterable[int]) -> set[int]:
    """The scans of which the events of these streams are, or are made."""
    found: set[int] = set()
    for number in numbers:
        given = plan.streams[number]
        if isinstance(given, Keep):
            found |= _bases(plan, [given.stream])
        elif isinstance(given, Eras):
            found |= _bases(plan, given.streams)
        else:
            found.add(number)
    return found
