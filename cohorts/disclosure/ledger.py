"""The questions that a hospital has answered, so that two answers cannot be subtracted to tell a handful of people.

"How many have A?" and "how many have A and B?" differ by those who have A without B. Each new answer is therefore
protected together with every earlier number that lies near one of its own. Counts alone do not tell whether one group
lies inside the other; a sketch of each group (the smallest keyed hashes of its people) can prove that it does not.
Three answers are looked at, too (`three`). What is not caught: four or more overlapping groups that differ in large parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cohorts.disclosure.cells import Count, Tables
from cohorts.disclosure.three import groups_of, link_three
from cohorts.draw.candidates import Ints
from cohorts.draw.order import keyed_order

SKETCH = 1024
_PURPOSE = 9


@dataclass(frozen=True)
class Answered:
    """One answered question. It holds exact counts and never leaves the hospital.

    counts: cell -> people; told: the cells whose number was given away; sketches: cell -> its people's smallest
    keyed hashes, ascending, for the cells whose people are known; round_to: what the numbers were rounded to, if at all.
    """

    question: str
    counts: dict[str, int]
    told: tuple[str, ...]
    sketches: dict[str, tuple[int, ...]]
    round_to: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, for the hospital's own store."""
        return {
            "question": self.question,
            "counts": self.counts,
            "told": list(self.told),
            "sketches": {cell: list(hashes) for cell, hashes in self.sketches.items()},
            "round_to": self.round_to,
        }

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Answered:
        """Read what `to_json` wrote."""
        sketches = {cell: tuple(hashes) for cell, hashes in given["sketches"].items()}
        return cls(given["question"], dict(given["counts"]), tuple(given["told"]), sketches, given.get("round_to"))


def sketch(people: Ints, key: int = 0) -> tuple[int, ...]:
    """The `SKETCH` smallest keyed hashes of the different people, ascending. Every question uses the same key."""
    return tuple(int(h) for h in np.unique(keyed_order(np.unique(people), key, _PURPOSE))[:SKETCH])


def surely_not_inside(inner: tuple[int, ...] | None, outer: tuple[int, ...] | None) -> bool:
    """Whether the sketches prove that somebody of `inner` is not in `outer`; an unknown sketch proves nothing."""
    if inner is None or outer is None:
        return False
    known = outer[-1] if len(outer) == SKETCH else 2**64
    return not {h for h in inner if h <= known} <= set(outer)


def link(tables: Tables, new: Answered, earlier: Sequence[Answered], threshold: int) -> None:
    """Add to `tables` the numbers told earlier that lie within the threshold of the new question's cells.

    An equal number is taken for the same group; a near one for a group inside the other, and their difference for
    a count of people, unless the sketches prove otherwise. `suppress` then withholds new cells as needed.
    """
    for n, answer in enumerate(earlier):
        for told in answer.told:
            before = answer.counts[told]
            for cell, count in new.counts.items():
                if abs(count - before) < threshold and _related(new, cell, answer, told):
                    _tie(tables, cell, tables.known(f"answer {n} {told}", before, answer.round_to))


def link_all(tables: Tables, new: Answered, earlier: Sequence[Answered], threshold: int) -> None:
    """Do as `link` does, and the same with what three answers tell together (`three.link_three`)."""
    link(tables, new, earlier, threshold)
    groups = groups_of(new.counts, new.sketches, SKETCH, {cell: cell for cell in new.counts}, new=True)
    for n, answer in enumerate(earlier):
        names = {cell: f"answer {n} {cell}" for cell in answer.told}
        told = groups_of(answer.counts, answer.sketches, SKETCH, names, new=False)
        groups += [replace(g, round_to=answer.round_to) for g in told]
    if earlier:
        link_three(tables, groups, threshold)


def _related(new: Answered, cell: str, answer: Answered, told: str) -> bool:
    mine, theirs = new.sketches.get(cell), answer.sketches.get(told)
    if new.counts[cell] >= answer.counts[told]:
        mine, theirs = theirs, mine
    return not surely_not_inside(mine, theirs)


def _tie(tables: Tables, cell: str, known: str) -> None:
    before = tables.shown[known]
    if tables.shown[cell] == before:
        tables.relate({cell: 1, known: -1})
    elif tables.shown[cell] > before:
        tables.difference(cell, known)
    else:
        tables.difference(known, cell)


def told_cells(safe: Mapping[str, Count]) -> tuple[str, ...]:
    """Name the cells whose number is given away, in order."""
    return tuple(cell for cell, count in safe.items() if count.value is not None)
