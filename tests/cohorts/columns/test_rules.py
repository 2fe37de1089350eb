"""Attrition's counts against a look at every event."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cohorts.columns.rules import Judged, combinations, in_turn

FEW = settings(max_examples=150, deadline=None, derandomize=True, database=None)


@st.composite
def judged(draw):
    """(person, rules kept) of some events, in order of person and date."""
    rules = draw(st.sampled_from([1, 2, 3, 18, 61, 130]))
    rows = draw(st.lists(st.tuples(st.integers(0, 3), st.sets(st.integers(1, rules))), max_size=12))
    return rules, sorted(rows, key=lambda row: row[0])


def columns(rules, rows):
    held = [np.array([rule in kept for _, kept in rows], bool) for rule in range(1, rules + 1)]
    return Judged(np.array([person for person, _ in rows], np.int32), held)


def best(events):
    """The most rules, the lowest first rule, the earliest."""
    return min(range(len(events)), key=lambda at: (-len(events[at]), min(events[at], default=0), at))


@FEW
@given(judged())
def test_each_person_counts_once_under_the_rules_of_the_best_event(given_):
    rules, rows = given_
    wanted = {}
    for _, kept in rows:
        people, events = wanted.get(tuple(sorted(kept)), (0, 0))
        wanted[tuple(sorted(kept))] = (people, events + 1)
    for person in {person for person, _ in rows}:
        mine = [kept for one, kept in rows if one == person]
        chosen = tuple(sorted(mine[best(mine)]))
        people, events = wanted[chosen]
        wanted[chosen] = (people + 1, events)
    found = {kept: (people, events) for kept, people, events in combinations(columns(rules, rows))}
    assert found == wanted


@FEW
@given(judged())
def test_rules_in_turn_leave_fewer_and_fewer(given_):
    rules, rows = given_
    wanted = []
    for upto in range(1, rules + 1):
        left = [person for person, kept in rows if set(range(1, upto + 1)) <= kept]
        wanted.append((len(set(left)), len(left)))
    assert in_turn(columns(rules, rows)) == wanted
