"""In which groups rows and codes of two versions are counted, and what keeps a small group from being worked out.

A group is (who, cause): of those who came or left the cause that moved them, of those who stayed the causes that can have
changed their rows. Whoever holds both packages counts for herself who came, left and stayed. What she cannot see is which cause
moved whom, so the causes of one side are protected as if the side's total were known (`apart`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from cdm.errors import GateRefused
from cohorts.disclosure import Tables, suppress
from flows.attribution import together

Group = tuple[str, str]
Line = tuple[str, ...]
CAME, LEFT, STAYED = "came", "left", "stayed"
Part = TypeVar("Part")


@dataclass(frozen=True)
class Groups:
    """counts: (who, cause) -> people, of those who came or left. stayed: people in both versions.

    merged: those of `counts` that are told as one, of either side.
    """

    counts: Mapping[Group, int]
    merged: frozenset[Group]
    stayed: int

    def told(self, who: str, cause: str) -> Group:
        """Give the group in which people are told."""
        if (who, cause) not in self.merged:
            return who, cause
        return who, together(other for side, other in self.merged if side == who)

    def size(self, group: Group) -> int:
        """How many people a group has in all."""
        if group[0] == STAYED:
            return self.stayed
        return sum(count for key, count in self.counts.items() if self.told(*key) == group)

    def as_one(self, who: str) -> Groups:
        """Tell all who came, or all who left, as one."""
        return replace(self, merged=self.merged | {key for key in self.counts if key[0] == who})


@dataclass(frozen=True)
class Split(Generic[Part]):
    """What is told by group. cells: group -> name and people of each of its counts. shown: names of those that may be told."""

    parts: Mapping[Group, Part]
    cells: Mapping[Group, Mapping[str, int]]
    shown: frozenset[str]

    def text(self, group: Group, name: str, number: int, mark: str) -> str:
        """Write a number about the people of a count; zero is none of theirs."""
        return f"{number:,}" if name not in self.cells[group] or name in self.shown else mark

    def whole(self, who: str) -> bool:
        """Whether nothing is withheld of those who came, or left."""
        return all(self.cells[key].keys() <= self.shown for key in self.parts if key[0] == who)

    def people(self, who: str) -> int:
        """How many of those who came, or left, are told of."""
        cells = (one for key, one in self.cells.items() if key[0] == who)
        return sum(count for one in cells for name, count in one.items() if name in self.shown)

    def told(self) -> list[tuple[Group, Part]]:
        """The parts of which something may be told, in order; that there is a withheld one would tell something, too."""
        return [(key, part) for key, part in sorted(self.parts.items()) if self.cells[key].keys() & self.shown]


def safely(groups: Groups, split: Callable[[Groups], Split[Part]]) -> Split[Part]:
    """Split by group; where a count of one is withheld, who came, or who left, are told as one if that tells of more people."""
    found = split(groups)
    for who in (CAME, LEFT):
        if not found.whole(who):
            as_one = split(groups.as_one(who))
            if as_one.people(who) > found.people(who):
                groups, found = groups.as_one(who), as_one
    return found


def cell(side: str, group: Group) -> str:
    """Name the people of a group who have something on one side."""
    return f"{side} {group[0]} {group[1]}"


def showable(
    tables: Tables, groups: Groups, cells: Mapping[Group, Mapping[str, int]], threshold: int
) -> frozenset[str]:
    """Name the counts of `tables` that may be told, to a reader of these and to one who holds both packages.

    No count of a group is above the group's, whose number is told or follows from what is. Nothing may be told where no choice of
    withheld counts protects the small ones.
    """
    for key, named in cells.items():
        if groups.size(key) >= threshold:
            whole = tables.known(f"all {key}", groups.size(key), None)
            for name in named:
                tables.difference(whole, name, people=False)
    try:
        safe = suppress(tables, threshold)
    except GateRefused:
        return frozenset()
    hidden = {name for name, count in safe.items() if count.value is None}
    for who in (CAME, LEFT):
        side: dict[str, int] = {}
        for key, named in cells.items():
            side |= named if key[0] == who else {}
        hidden |= apart(side, threshold)
    return frozenset(safe) - hidden


def apart(parts: Mapping[str, int], threshold: int) -> frozenset[str]:
    """Name the parts of a known total to withhold, so that no small one can be worked out; all of them where none can be told."""
    if len(parts) < 2 or min(parts.values()) >= threshold:
        return frozenset()
    tables = Tables()
    total = tables.known("total", sum(parts.values()), None)
    tables.total(total, [tables.cell(f"part {name}", count) for name, count in sorted(parts.items())])
    try:
        safe = suppress(tables, threshold)
    except GateRefused:
        return frozenset(parts)
    return frozenset(name for name in parts if safe[f"part {name}"].value is None)
