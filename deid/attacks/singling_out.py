"""Singling out: a description made from the release that fits exactly one person of the hospital."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deid.attacks.draws import Draws
from deid.attacks.seen import Floats, Seen
from deid.permutation import Int64

AT_ONCE = 1 << 16
"""Pairs of a description and a person at a time, for the processor's cache."""


@dataclass(frozen=True)
class Descriptions:
    """n descriptions of several parts each, all of which have to fit: a column's value lies from `low` to `high`.

    column, low, high: n x parts; no NaN.
    """

    column: Int64
    low: Floats
    high: Floats

    def __len__(self) -> int:
        return len(self.column)

    def rows(self, some: NDArray[np.integer] | NDArray[np.bool_]) -> Descriptions:
        """Some of them."""
        return Descriptions(self.column[some], self.low[some], self.high[some])

    def with_more(self, more: Descriptions) -> Descriptions:
        """These, and of more ones of as many parts those that are not among them; each once, in the order in which they came."""
        column, low, high = (
            np.concatenate([mine, others])
            for mine, others in ((self.column, more.column), (self.low, more.low), (self.high, more.high))
        )
        _, first = np.unique(np.hstack([column, low, high]), axis=0, return_index=True)
        return Descriptions(column.astype(np.int64), low, high).rows(np.sort(first))

    def fitting(self, people: Seen) -> Int64:
        """Count for each description the people it fits; what is not told of somebody fits nothing."""
        step = max(AT_ONCE // max(len(people.values), 1), 1)
        columns = np.ascontiguousarray(people.values.T)
        parts = [self.rows(np.arange(at, min(at + step, len(self)))) for at in range(0, len(self), step)]
        found = [part._fitting(columns) for part in parts]
        return np.concatenate(found) if found else np.empty(0, np.int64)

    def _fitting(self, columns: Floats) -> Int64:
        fits = np.ones((len(self), columns.shape[1]), np.bool_)
        for part in range(self.column.shape[1]):
            told = columns[self.column[:, part]]
            fits &= (told >= self.low[:, part, None]) & (told <= self.high[:, part, None])
        return np.asarray(fits.sum(axis=1), np.int64)


def of_one_column(released: Seen) -> Descriptions:
    """Values that one released person alone has, and of numbers the lowest and the highest: whoever lies there or beyond."""
    parts: list[tuple[int, Floats, Floats]] = []
    for n in range(len(released.names)):
        values, count = np.unique(_told(released.values[:, n]), return_counts=True)
        alone = values[count == 1]
        low, high = alone, alone
        if released.ordered[n] and len(values):
            low, high = np.append(alone, [-np.inf, values[-1]]), np.append(alone, [values[0], np.inf])
        parts.append((n, low, high))
    column = np.concatenate([np.full(len(low), n, np.int64) for n, low, _ in parts])
    low, high = (np.concatenate([part[side] for part in parts]) for side in (1, 2))
    return Descriptions(column[:, None], low[:, None], high[:, None])


def of_several_columns(released: Seen, parts: int, tries: int, draws: Draws, blind: bool = False) -> Descriptions:
    """Describe released people, drawn at random, by some of their columns each: a number as on its side of the median.

    Two descriptions may be the same.

    blind: every part is of another person, and of a number the side is drawn: a guess without the release's combinations.
    """
    columns, people = len(released.names), len(released.values)
    parts = min(parts, columns)
    column = np.sort(draws.some_of_each(tries, columns, parts), axis=1)
    who = draws.below(people, tries * parts if blind else tries).reshape(tries, -1)
    value = released.values[who, column]
    medians = np.array([np.median(told) if len(told) else 0.0 for told in map(_told, released.values.T)])
    above = draws.flags(value.size).reshape(value.shape) if blind else value > medians[column]
    ordered = released.ordered[column]
    made = Descriptions(column, np.where(ordered & ~above, -np.inf, value), np.where(ordered & above, np.inf, value))
    return made.rows(np.flatnonzero(~np.isnan(value).any(axis=1)))


def _told(values: Floats) -> Floats:
    return values[~np.isnan(values)]
