"""Index rows: who is eligible, and from when to when somebody may serve."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohorts.draw.eligible import index_rows
from cohorts.draw.order import sorted_by
from cohorts.draw.periods import Periods
from cohorts.draw.spec import DrawSpec

NOBODY = Periods(np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.int32))


def days(date: str) -> int:
    """Days since 1970."""
    return int(np.datetime64(date, "D").astype(np.int64))


def periods(text: str) -> Periods:
    """Write periods as lines of person, first day, last day."""
    rows = sorted(line.split() for line in text.strip().splitlines())
    return Periods(
        np.array([int(p) for p, _, _ in rows], np.int64),
        np.array([days(d) for _, d, _ in rows], np.int32),
        np.array([days(d) for _, _, d in rows], np.int32),
    )


def found(design: str, entries: str, observed: str, events: Periods = NOBODY, of_cases: bool = False, **asked):
    """List person, index date and the days of service of every index row."""
    spec = DrawSpec(cases=1, controls=1, design=design, **asked)
    rows = index_rows(spec, of_cases, periods(entries), periods(observed), events)
    dates = [np.asarray(d, "datetime64[D]").astype(str).tolist() for d in (rows.day, rows.lo, rows.hi)]
    return list(zip(rows.person.tolist(), *dates, strict=True))


OBSERVED = """
1 2010-01-01 2015-12-31
2 2014-06-01 2016-12-31
2 2010-01-01 2012-12-31
"""


def test_the_first_entry_with_enough_observation_before_it_counts():
    entries = "1 2010-05-01 2020-01-01\n1 2013-05-01 2020-01-01\n1 2014-05-01 2020-01-01\n2 2014-07-01 2020-01-01"
    got = found("exact", entries, OBSERVED, prior_observation_days=365, index_date="own")
    assert got == [(1, "2013-05-01", "2013-05-01", "2013-05-01")], "the second person was observed for a month"


def test_of_two_periods_that_hold_the_day_the_earlier_tells_since_when():
    spec = DrawSpec(cases=1, controls=1)
    observed = periods("1 2012-01-01 2015-12-31\n1 2010-01-01 2014-12-31")
    rows = index_rows(spec, True, periods("1 2013-01-01 2013-01-01"), observed, NOBODY)
    assert (rows.person.tolist(), rows.since.tolist()) == ([1], [days("2010-01-01")])


def test_nobody_of_the_case_cohort_is_a_control_unless_before_the_own_event():
    case = periods("1 2014-01-01 2014-01-01")
    entries, times = "1 2011-01-01 2020-01-01\n2 2011-01-01 2020-01-01", "2011-01-01 2011-01-01"
    assert [p for p, *_ in found("exact", entries, OBSERVED, case, index_date="own")] == [2]
    got = found("risk_set", entries, OBSERVED, case)
    assert got[0] == (1, *times.split(), "2013-12-31"), "the day before the event"
    assert [p for p, *_ in found("risk_set", entries, OBSERVED, case, future_cases=False)] == [2, 2]


def test_a_control_serves_while_it_is_in_the_pool_and_under_observation():
    got = found("risk_set", "2 2011-01-01 2015-03-01", OBSERVED, prior_observation_days=30)
    spells = [("2011-01-01", "2012-12-31"), ("2014-07-01", "2015-03-01")]
    assert got == [(2, first, first, last) for first, last in spells]


@pytest.mark.parametrize("person", [3, -1, 10**12])
def test_somebody_who_was_never_observed_is_not_eligible(person):
    assert not found("risk_set", f"{person} 2011-01-01 2015-03-01", OBSERVED)


@given(st.lists(st.one_of(st.integers(0, 2**64 - 1), st.integers(0, 3), st.integers(0, 3).map(lambda n: n << 60))))
def test_places_by_value_are_those_of_a_stable_sort(values):
    given_ = np.array(values, np.uint64)
    assert sorted_by(given_).tolist() == np.argsort(given_, kind="stable").tolist()
