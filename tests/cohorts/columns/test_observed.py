"""Who is under observation on which day."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cohorts.columns.keys import key
from cohorts.columns.observed import observed

FEW = settings(max_examples=150, deadline=None, derandomize=True, database=None)
PERIOD = st.tuples(st.sampled_from([-5, 7, 8, 10**15]), st.integers(0, 20), st.integers(-2, 9))
EVENT = st.tuples(st.sampled_from([-5, 7, 8, 9, 10**15]), st.integers(-2, 32))


def periods_of(rows):
    return observed(
        np.array([p for p, _, _ in rows], np.int64),
        np.array([s for _, s, _ in rows], np.int32),
        np.array([s + n for _, s, n in rows], np.int32),
    )


@FEW
@given(st.lists(PERIOD, min_size=1, max_size=8), st.lists(EVENT, max_size=8))
def test_every_period_that_holds_the_day_is_found(periods, events):
    found = periods_of(periods)
    person = found.number(np.array([p for p, _ in events], np.int64))
    day = np.array([d for _, d in events], np.int32)
    known = person >= 0
    order = np.argsort(key(person[known], day[known]), kind="stable")
    person, day = person[known][order], day[known][order]
    row, period = found.periods_at(person, day)
    told = sorted(
        (int(found.ids[person[r]]), int(day[r]), int(found.start[p]), int(found.end[p]))
        for r, p in zip(row, period, strict=True)
    )
    assert told == sorted((p, d, s, s + n) for p, d in events for q, s, n in periods if p == q and s <= d <= s + n)


@FEW
@given(st.lists(PERIOD, min_size=1, max_size=8))
def test_people_are_numbered_in_order_of_their_id(periods):
    found = periods_of(periods)
    assert found.ids.tolist() == sorted({p for p, _, _ in periods})
    assert found.number(found.ids).tolist() == list(range(len(found.ids)))
    assert found.number(np.array([-6, 9, 10**15 + 1, -(2**62)], np.int64)).tolist() == [-1] * 4
