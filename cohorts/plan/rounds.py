"""Groups of criteria flattened into rows, so that any number of them is evaluated by the same few statements.

An owner (a definition, or a stream of kept events) has roots: its inclusion rules, or its one group. Only deviations are
computed: a check or group has an outcome for index events that match nothing (`initial`), and a row is made only for
an index event where it turns out otherwise. A deviation changes its parent's count of holding children by +1 or -1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from cohorts.plan.filters import Filter
from cohorts.plan.nodes import Check, Group

UNLIMITED = 2**31 - 1


@dataclass(frozen=True)
class CheckRow:
    """A check: deviates where the number of matches lies in low..high (sign 1), or outside (sign -1).

    parent: the group that it belongs to; 0 for a root by itself.
    """

    number: int
    owner: int
    root: int
    parent: int
    sign: int
    low: int
    high: int
    check: Check


@dataclass(frozen=True)
class PersonRow:
    """A demographic criterion; deviates where it holds."""

    number: int
    owner: int
    root: int
    parent: int
    filters: tuple[Filter, ...]


@dataclass(frozen=True)
class GroupRow:
    """A group holds where the number of holding children lies in low..high.

    base: children that hold without any match, not counting empty groups. empties: children without children.
    """

    number: int
    owner: int
    root: int
    parent: int
    height: int
    low: int
    high: int
    base: int
    empties: int
    initial: bool


@dataclass(frozen=True)
class RootRow:
    """A root and its outcome for index events that match nothing."""

    owner: int
    root: int
    initial: bool


@dataclass
class Round:
    """Everything that is evaluated together. `direct`: a group of one check may be that check itself."""

    direct: bool
    checks: list[CheckRow] = field(default_factory=list)
    people: list[PersonRow] = field(default_factory=list)
    groups: list[GroupRow] = field(default_factory=list)
    roots: list[RootRow] = field(default_factory=list)

    def add(self, owner: int, groups: Iterable[Group]) -> None:
        """Add an owner with its roots."""
        for root, group in enumerate(groups):
            self.roots.append(RootRow(owner, root, self._root(owner, root, group)))

    @property
    def heights(self) -> list[int]:
        """The heights of groups, lowest first."""
        return sorted({group.height for group in self.groups})

    def _root(self, owner: int, root: int, group: Group) -> bool:
        if self.direct and group.size == 1 and _is_its_child(group):
            if group.groups:
                return self._root(owner, root, group.groups[0])
            return self._leaves(group, owner, root, parent=0) > 0
        if group.size == 0:
            return True
        return self._group(group, owner, root, parent=0)[0]

    def _group(self, group: Group, owner: int, root: int, parent: int) -> tuple[bool, int]:
        """Add a group that has children; its outcome without matches, and its height."""
        number = len(self.groups) + 1
        self.groups.append(GroupRow(number, owner, root, parent, 0, 0, 0, 0, 0, initial=False))
        base = self._leaves(group, owner, root, number)
        empties, height = 0, 0
        for child in group.groups:
            if child.size == 0:
                empties += 1
                continue
            holds, below = self._group(child, owner, root, number)
            base += holds
            height = max(height, below + 1)
        low, high = _range(group)
        initial = low <= base + empties <= high
        self.groups[number - 1] = GroupRow(number, owner, root, parent, height, low, high, base, empties, initial)
        return initial, height

    def _leaves(self, group: Group, owner: int, root: int, parent: int) -> int:
        """Add the checks and demographics of a group; how many hold without a match."""
        for check in group.checks:
            sign = -1 if check.absent_passes else 1
            low, high = _counts(check)
            self.checks.append(CheckRow(self._next(), owner, root, parent, sign, low, high, check))
        for person in group.people:
            self.people.append(PersonRow(self._next(), owner, root, parent, person.filters))
        return sum(check.absent_passes for check in group.checks)

    def _next(self) -> int:
        return len(self.checks) + len(self.people) + 1


def _is_its_child(group: Group) -> bool:
    return group.kind in {"ALL", "ANY"} or (group.kind == "AT_LEAST" and group.count in {1, -1})


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
