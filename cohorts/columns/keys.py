"""Persons and days as one number, so that a sorted array answers questions about both.

A day is days since 1970-01-01 (int32); a key is a person's number and a day in one int64: key = person << 22 | day.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

Days = npt.NDArray[np.int32]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

BITS = 22
ZERO = 1_000_000  # makes a day of the years 1 to 9999 positive
FIRST_DAY, LAST_DAY = -ZERO, (1 << BITS) - 1 - ZERO
MISSING = np.int32(np.iinfo(np.int32).min)  # a day that is not known


def key(person: npt.NDArray[np.integer], day: npt.NDArray[np.integer]) -> Whole:
    """The key of each person and day of the calendar."""
    return base(person) + day


def base(person: npt.NDArray[np.integer]) -> Whole:
    """What gives a key when a day is added."""
    found = person.astype(np.int64)
    found <<= BITS
    found += ZERO
    return found


def inside(day: Whole) -> Whole:
    """Days beyond the calendar as its ends."""
    return np.clip(day, FIRST_DAY, LAST_DAY) if len(day) and (day.min() < FIRST_DAY or day.max() > LAST_DAY) else day


def person_of(keys: Whole) -> Whole:
    """The person in each key."""
    return keys >> BITS


def day_of(keys: Whole) -> Whole:
    """The day in each key."""
    return (keys & ((1 << BITS) - 1)) - ZERO


def broken(order: Whole, same: Flags, ties: Callable[[Whole], Sequence[npt.NDArray[np.generic]]]) -> Whole:
    """An order with its ties broken. same: whether each row in order ties with the next one.

    ties: the columns that decide among given rows, the one that decides first last (as np.lexsort takes them).
    """
    if not same.any():
        return order
    tied = np.flatnonzero(np.append(same, False) | np.insert(same, 0, False))
    run = np.cumsum(np.insert(~same, 0, True))[tied]
    rows = order[tied]
    order = order.copy()
    order[tied] = rows[np.lexsort([*ties(rows), run])]
    return order


def starts(sorted_values: npt.NDArray[np.generic]) -> npt.NDArray[np.intp]:
    """Where each run of equal values begins."""
    if not len(sorted_values):
        return np.empty(0, np.intp)
    return np.flatnonzero(np.concatenate(([True], sorted_values[1:] != sorted_values[:-1])))


def people(sorted_persons: npt.NDArray[np.integer]) -> int:
    """How many persons a sorted column holds."""
    if not len(sorted_persons):
        return 0
    return 1 + int(np.count_nonzero(sorted_persons[1:] != sorted_persons[:-1]))


def expand(first: npt.NDArray[np.integer], last: npt.NDArray[np.integer]) -> tuple[Whole, Whole]:
    """All (row, position) with first[row] <= position < last[row], in order of row, then position."""
    counts = np.maximum(last - first, 0)
    total = int(counts.sum())
    row = np.repeat(np.arange(len(counts)), counts)
    before = np.cumsum(counts) - counts
    return row, np.arange(total) + np.repeat(first - before, counts)
