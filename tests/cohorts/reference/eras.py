"""Intervals that touch become one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

Interval = tuple[date, date | None]


def in_order(day: date | None) -> tuple[bool, date | None]:
    """A sort key: an unknown day comes last."""
    return (day is None, day)


def days(number: int) -> timedelta:
    return timedelta(days=number)


def joined(intervals: Iterable[Interval]) -> list[Interval]:
    """In order of start, then end: an interval opens an era if it starts after every end so far.

    An interval may end before it starts. Then the order of equal starts matters, which circe-be leaves to the database.
    """
    eras: list[Interval] = []
    latest: date | None = None
    for start, end in sorted(intervals, key=lambda one: (one[0], in_order(one[1]))):
        if latest is not None and latest >= start:
            eras[-1] = eras[-1][0], _later(eras[-1][1], end)
        else:
            eras.append((start, end))
        latest = _later(latest, end)
    return eras


def joined_over_gaps(intervals: Iterable[Interval], gap: int) -> list[Interval]:
    """Every end is moved by the gap, then moved back: so gaps of up to `gap` days are bridged."""
    moved = [(start, None if end is None else end + days(gap)) for start, end in intervals]
    return [(start, None if end is None else end - days(gap)) for start, end in joined(moved)]


def _later(one: date | None, other: date | None) -> date | None:
    if one is None or other is None:
        return other if one is None else one
    return max(one, other)
