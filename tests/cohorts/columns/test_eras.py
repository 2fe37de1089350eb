"""Eras against the definition of one: rows in order, joined while they touch."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cohorts.columns.eras import joined, ordered
from cohorts.columns.keys import MISSING

FEW = settings(max_examples=200, deadline=None, derandomize=True, database=None)
ROW = st.tuples(st.integers(0, 2), st.integers(0, 30), st.one_of(st.none(), st.integers(-3, 9)))


def eras(rows):
    """(person, start, end) of eras from (person, start, length); a length of None has no end."""
    person = np.array([p for p, _, _ in rows], np.int32)
    start = np.array([s for _, s, _ in rows], np.int64)
    end = np.array([MISSING if n is None else s + n for _, s, n in rows], np.int64)
    found = joined(ordered(person, start, end))
    ends = [None if end == MISSING else int(end) for end in found.end]
    return list(zip(found.person.tolist(), found.start.tolist(), ends, strict=True))


def by_the_book(rows):
    """A row opens an era if it starts after every end before it, in order of start, then end (unknown ones first)."""
    found = []
    for person in sorted({p for p, _, _ in rows}):
        mine = sorted((s, -(10**9) if n is None else s + n) for p, s, n in rows if p == person)
        latest, era = -(10**9), None
        for start, end in mine:
            if era is None or latest < start:
                era = [person, start, end]
                found.append(era)
            latest, era[2] = max(latest, end), max(era[2], end)
    return [(p, s, None if e == -(10**9) else e) for p, s, e in found]


def test_intervals_that_touch_are_one_and_a_gap_of_a_day_parts_them():
    assert eras([(0, 1, 3), (0, 4, 2), (0, 8, 1)]) == [(0, 1, 6), (0, 8, 9)]


def test_an_era_ends_with_its_latest_end_and_not_with_its_last_row():
    assert eras([(0, 1, 20), (0, 5, 2), (1, 5, 2)]) == [(0, 1, 21), (1, 5, 7)]


def test_a_row_without_an_end_joins_an_era_and_alone_has_none():
    assert eras([(0, 1, 5), (0, 3, None), (1, 3, None)]) == [(0, 1, 6), (1, 3, None)]


@FEW
@given(st.lists(ROW, max_size=12))
def test_eras_are_those_of_the_book(rows):
    assert eras(rows) == by_the_book(rows)
