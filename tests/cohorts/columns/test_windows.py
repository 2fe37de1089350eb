"""Events in windows, found by binary search, against a look at every pair."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohorts.columns import windows
from cohorts.columns.events import NO_ID, Counted, Events
from cohorts.columns.keys import MISSING, key
from cohorts.columns.windows import IndexEvents, matches
from cohorts.plan.nodes import Check, Side, Window

FEW = settings(max_examples=150, deadline=None, derandomize=True, database=None)
DAYS = st.one_of(st.none(), st.integers(-6, 6))
SIDE = st.builds(Side, DAYS, DAYS, st.booleans(), st.booleans())
OPEN = Side()


def index_events(seed, rows=6):
    rng = np.random.default_rng(seed)
    person = np.sort(rng.integers(0, 3, rows)).astype(np.int32)
    start = rng.integers(0, 20, rows).astype(np.int32)
    end = np.where(rng.random(rows) < 0.2, MISSING, start + rng.integers(0, 5, rows)).astype(np.int32)
    visit = np.where(rng.random(rows) < 0.2, NO_ID, rng.integers(0, 3, rows))
    op_start, op_end = (
        (start - rng.integers(0, 9, rows)).astype(np.int32),
        (start + rng.integers(0, 9, rows)).astype(np.int32),
    )
    return IndexEvents(person, start, end, visit, op_start, op_end)


def stream(seed, rows=14):
    rng = np.random.default_rng(seed)
    person, start = rng.integers(0, 4, rows).astype(np.int32), rng.integers(-3, 24, rows).astype(np.int32)
    order = np.argsort(key(person, start), kind="stable")
    person, start = person[order], start[order]
    end = np.where(rng.random(rows) < 0.2, MISSING, start + rng.integers(-1, 5, rows)).astype(np.int32)
    visit = np.where(rng.random(rows) < 0.2, NO_ID, rng.integers(0, 3, rows))
    counted = Counted(rng.integers(0, 3, rows), rng.random(rows) < 0.8)
    return Events(key(person, start), person, start, end, np.arange(rows), visit, None, counted)


def within(day, low, high, index, at):
    """Whether a day lies between two sides, for one index event; an unknown day never does where a side is closed."""

    def parts(side, never):
        end = index.end[at]
        return [
            *([] if side.from_start is None else [int(index.start[at]) + side.from_start]),
            *([] if side.from_end is None else [never if end == MISSING else int(end) + side.from_end]),
            *([int(index.op_start[at])] if side.period_start else []),
            *([int(index.op_end[at])] if side.period_end else []),
        ]

    after, before = parts(low, 10**9), parts(high, -(10**9))
    if (after or before) and day == MISSING:
        return False
    return all(day >= one for one in after) and all(day <= one for one in before)


def looked_at(check, index, events):
    found = []
    for at in range(len(index)):
        inside = [
            one
            for one in range(len(events))
            if events.person[one] == index.person[at]
            and within(events.start[one], check.window.start_from, check.window.start_to, index, at)
            and within(events.end[one], check.window.end_from, check.window.end_to, index, at)
            and (not check.same_visit or events.visit[one] == index.visit[at] != NO_ID)
        ]
        values = {
            None: inside,
            "start": {int(events.start[one]) for one in inside},
            "end": {int(events.end[one]) for one in inside if events.end[one] != MISSING},
            "visit": {int(events.visit[one]) for one in inside if events.visit[one] != NO_ID},
            "counted": {int(events.counted.value[one]) for one in inside if events.counted.known[one]},
        }
        found.append(len(values[check.distinct]))
    return found


@pytest.mark.parametrize(("distinct", "same_visit"), product([None, "start", "end", "visit", "counted"], [False, True]))
@FEW
@given(seed=st.integers(0, 10_000), start_from=SIDE, start_to=SIDE, end_from=SIDE, end_to=SIDE, by_end=st.booleans())
def test_as_many_match_as_a_look_at_every_pair_finds(
    distinct, same_visit, seed, start_from, start_to, end_from, end_to, by_end
):
    window = Window(start_from, start_to, end_from if by_end else OPEN, end_to if by_end else OPEN)
    check = Check(0, window, same_visit, 2, 3, distinct)
    index, events = index_events(seed), stream(seed + 1)
    assert matches(check, index, events).tolist() == looked_at(check, index, events)


@FEW
@given(seed=st.integers(0, 10_000), start_from=SIDE, start_to=SIDE, op_count=st.sampled_from([(2, 1), (0, 0), (1, 0)]))
def test_one_search_tells_whether_there_is_any(seed, start_from, start_to, op_count):
    check = Check(0, Window(start_from, start_to, OPEN, OPEN), False, *op_count)
    index, events = index_events(seed), stream(seed + 1)
    found = [min(count, 1) for count in looked_at(check, index, events)]
    assert matches(check, index, events).tolist() == found


def test_pairs_are_looked_at_a_bounded_number_at_a_time(monkeypatch):
    check = Check(0, Window(OPEN, OPEN, Side(from_start=-3), OPEN), False, 2, 3)
    index, events = index_events(5, rows=40), stream(6, rows=60)
    whole = matches(check, index, events).tolist()
    monkeypatch.setattr(windows, "_PAIRS", 7)
    assert matches(check, index, events).tolist() == whole == looked_at(check, index, events)


def test_a_window_beyond_the_calendar_holds_nothing():
    index, events = index_events(1), stream(2)
    far = Window(Side(from_start=2**31 - 1), OPEN, OPEN, OPEN)
    long_ago = Window(OPEN, Side(from_start=-(2**31) + 1), OPEN, OPEN)
    for window, count in product((far, long_ago), (1, 2)):
        assert not matches(Check(0, window, False, 2, count), index, events).any()
