"""Whether groups of criteria hold for index events.

Several index rows may share a key (`of`), by which circe-be knows an event: overlapping observation periods, several
death records. It then counts each child of a group once per row, and an empty child once per pair of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cohorts.columns.events import Events
from cohorts.columns.filters import People, Subjects, holds
from cohorts.columns.keys import Flags, Whole
from cohorts.columns.windows import IndexEvents, Shared, matches
from cohorts.plan.nodes import Check, Group, Person

UNLIMITED = 2**31 - 1


@dataclass(frozen=True)
class Surroundings:
    """What groups look at beside the index events: streams by number, persons, concept sets."""

    stream: Callable[[int], Events]
    people: People | None
    sets: Sequence[Whole]


def group_holds(group: Group, index: IndexEvents, around: Surroundings, shared: Shared | None = None) -> Flags:
    """Where the group holds: for each index row, or for each key."""
    rows = len(index) if shared is None else len(shared.copies)
    if group.size == 0:
        return np.ones(rows, bool)
    children = [_check(check, index, around, shared) for check in group.checks]
    children += [_person(person, index, around, shared) for person in group.people]
    children += [group_holds(child, index, around, shared) for child in group.groups if child.size]
    empties = sum(1 for child in group.groups if child.size == 0)
    low, high = _range(group)
    if shared is None:
        return _among(children, empties, low, high, rows)
    count = np.zeros(rows, np.int64)
    for child in children:
        count += child
    count = count * shared.copies + empties * shared.copies**2
    return (low <= count) & (count <= high)


def _among(children: list[Flags], empties: int, low: int, high: int, rows: int) -> Flags:
    if low == len(children) + empties and high >= low:
        return np.logical_and.reduce(children) if children else np.ones(rows, bool)
    if low - empties == 1 and high == UNLIMITED:
        return np.logical_or.reduce(children) if children else np.zeros(rows, bool)
    count = np.full(rows, empties, np.int32)
    for child in children:
        count += child
    return (low <= count) & (count <= high)


def _check(check: Check, index: IndexEvents, around: Surroundings, shared: Shared | None) -> Flags:
    found = matches(check, index, around.stream(check.stream), shared)
    if shared is not None and check.absent_passes and check.distinct is None:
        found = found * shared.copies
    low, high = _counts(check)
    passes = (low <= found) & (found <= high)
    return passes if check.absent_passes else passes & (found > 0)


def _person(person: Person, index: IndexEvents, around: Surroundings, shared: Shared | None) -> Flags:
    given = Subjects(index.person, index.start, index.end)
    assert around.people is not None
    found = around.people.present[index.person] & holds(person.filters, given, around.people, around.sets)
    if shared is None:
        return found
    return np.bincount(shared.of, found, minlength=len(shared.copies)) > 0


def _range(group: Group) -> tuple[int, int]:
    """How many children have to hold; circe-be's 'at least 0' holds always, a negative one if any child does."""
    if group.kind == "ALL":
        return group.size, group.size
    if group.kind == "ANY":
        return 1, UNLIMITED
    if group.kind == "AT_LEAST":
        return (0 if group.count == 0 else max(group.count, 1)), UNLIMITED
    return 0, group.count


def _counts(check: Check) -> tuple[int, int]:
    if check.op == 0:
        return check.count, check.count
    return (0, check.count) if check.op == 1 else (check.count, UNLIMITED)
