"""What is told of a failure, and which of it may be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from quality.baseline.history import Key

CELL = 10
"""Fewer people than this, or rows of a table about nobody, are no cell that may be shown."""
MOST = 8


@dataclass(frozen=True)
class Cell:
    """Violating rows of one concept (name: as the vocabulary has it) or one year, and how many people they are of."""

    id: int
    rows: int
    people: int | None
    name: str = ""


@dataclass(frozen=True)
class Spread:
    """How the values of one measurement are spread in one unit. bins: lower edge of a bin -> rows; least, greatest: limits."""

    unit: int
    name: str
    rows: int
    bins: Mapping[float, int]
    least: float | None = None
    greatest: float | None = None


@dataclass(frozen=True)
class Drill:
    """What is behind one failure. by: the field whose concepts the cells are; more: there are others, untold."""

    by: str = ""
    cells: tuple[Cell, ...] = ()
    more: bool = False
    years: tuple[Cell, ...] = ()
    spreads: tuple[Spread, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing that may be shown."""
        return not (self.cells or self.years or self.spreads)


@dataclass(frozen=True)
class Calendar:
    """How many people have rows in each month of a table; None: too few to tell. holes: the months that are empty."""

    table: str
    months: Mapping[str, int | None]
    holes: frozenset[str]


@dataclass(frozen=True)
class Evidence:
    """Everything that was looked up. drills: key of a failed check -> what is behind it."""

    drills: Mapping[Key, Drill] = field(default_factory=dict)
    calendars: tuple[Calendar, ...] = ()


def shown(cells: Iterable[Cell], every: int, most: int = MOST) -> tuple[tuple[Cell, ...], bool]:
    """Choose the largest cells, and tell whether others remain, out of `every` violating rows.

    What is left over is nothing or at least CELL rows: else the smallest cell is held back with it.
    """
    large = [one for one in cells if min(one.rows, one.rows if one.people is None else one.people) >= CELL]
    chosen = sorted(large, key=lambda one: (-one.rows, one.id))[:most]
    while chosen and 0 < every - sum(one.rows for one in chosen) < CELL:
        chosen.pop()
    return tuple(chosen), sum(one.rows for one in chosen) < every
