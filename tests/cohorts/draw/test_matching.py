"""The matching itself, against exact optima and brute force."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from cohorts.draw.candidates import Points, boxes
from cohorts.draw.matching import match
from cohorts.draw.order import keyed_order, splitmix64
from cohorts.draw.replacement import match_with_replacement
from cohorts.draw.sets import quota_order
from cohorts.draw.weights import at_risk

FEW = settings(max_examples=60, deadline=None, derandomize=True)


def problem(seed, cases, spells, strata, dims):
    """Random points and boxes, and the possible pairs as a matrix of cases x control persons."""
    rng = np.random.default_rng(seed)
    points = Points(rng.integers(0, strata, cases), rng.integers(0, 12, (cases, dims)))
    low = rng.integers(-2, 12, (spells, dims))
    person = rng.integers(0, spells, spells)
    some, _ = boxes(
        rng.integers(0, strata, spells)[person],
        low,
        low + rng.integers(0, 6, (spells, dims)),
        keyed_order(person, seed, 1),
    )
    can = np.zeros((cases, some.owners), bool)
    for box in range(spells):
        inside = (some.lo[box] <= points.at) & (points.at <= some.hi[box])
        can[:, some.owner[box]] |= (points.stratum == some.stratum[box]) & inside.all(axis=1)
    return points, some, can


problems = st.builds(
    problem,
    seed=st.integers(0, 10_000),
    cases=st.integers(1, 25),
    spells=st.integers(1, 60),
    strata=st.integers(1, 3),
    dims=st.integers(0, 3),
)


def flow(can, ratio):
    """The most pairs there can be: a maximum matching of `ratio` copies of every case."""
    return int((maximum_bipartite_matching(csr_array(np.repeat(can, ratio, axis=0)), perm_type="column") >= 0).sum())


@FEW
@given(problems, st.integers(1, 4))
def test_the_pairs_are_possible_and_a_control_serves_once(given_, ratio):
    points, some, can = given_
    got = match(points, some, len(points), ratio)
    assert can[got.case, got.owner].all()
    assert len(set(got.owner)) == len(got.owner)
    assert np.bincount(got.case, minlength=1).max() <= ratio


@FEW
@given(problems, st.integers(1, 4))
def test_they_reach_the_maximum_flow_and_the_most_cases_at_once(given_, ratio):
    points, some, can = given_
    got = match(points, some, len(points), ratio)
    assert len(got.case) == flow(can, ratio)
    assert len(np.unique(got.case)) == flow(can, 1)


@FEW
@given(problems, st.integers(1, 10))
def test_wanted_cases_are_found_whenever_they_exist(given_, wanted):
    points, some, can = given_
    got = match(points, some, wanted, 1)
    assert len(got.served) == min(wanted, flow(can, 1))


@FEW
@given(st.integers(0, 10_000), st.integers(1, 7), st.integers(1, 12), st.integers(2, 3))
def test_full_sets_come_close_to_the_most_there_can_be_and_never_trail_the_other_objective(seed, cases, spells, ratio):
    points, some, can = problem(seed, cases, spells, 1, 1)
    full = full_sets(match(points, some, cases, ratio, full_sets=True), cases, ratio)
    other = full_sets(match(points, some, cases, ratio), cases, ratio)
    most = max(
        size
        for size in range(cases + 1)
        for chosen in combinations(range(cases), size)
        if flow(can[list(chosen)], ratio) == size * ratio
    )
    assert other <= full <= most
    assert full >= most - 1


def full_sets(got, cases, ratio):
    return int((np.bincount(got.case, minlength=cases) == ratio).sum())


@FEW
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(1, 12)), min_size=1, max_size=4), st.integers(1, 4))
def test_in_equal_strata_full_sets_are_as_many_as_division_gives(strata, ratio):
    case = np.repeat(np.arange(len(strata)), [c for c, _ in strata])
    control = np.repeat(np.arange(len(strata)), [n for _, n in strata])
    none = np.empty((len(control), 0), np.int64)
    some, _ = boxes(control, none, none, keyed_order(np.arange(len(control)), 1, 1))
    points = Points(case, np.empty((len(case), 0), np.int64))
    got = match(points, some, max(len(case), 1), ratio, full_sets=True)
    assert full_sets(got, len(case), ratio) == sum(min(c, n // ratio) for c, n in strata)


@FEW
@given(problems, st.integers(1, 4))
def test_with_replacement_every_case_gets_all_it_can(given_, ratio):
    points, some, can = given_
    got = match_with_replacement(points, some, len(points), ratio)
    assert can[got.case, got.owner].all()
    assert len(set(zip(got.case, got.owner, strict=True))) == len(got.case)
    assert (np.bincount(got.case, minlength=len(points)) == np.minimum(can.sum(axis=1), ratio)).all()


@FEW
@given(st.integers(0, 10_000), st.integers(1, 30))
def test_people_at_risk_are_counted(seed, cases):
    points, some, _ = problem(seed, cases, 40, 2, 1)
    for case, count in enumerate(at_risk(points, some, np.arange(cases))):
        inside = (some.lo[:, 0] <= points.at[case, 0]) & (points.at[case, 0] <= some.hi[:, 0])
        assert count == (inside & (some.stratum == points.stratum[case])).sum()


def test_people_at_risk_within_a_caliper_are_estimated_from_a_sample():
    rng = np.random.default_rng(3)
    year, since = rng.integers(1930, 2000, 40_000), rng.integers(0, 1000, 40_000)
    low, high = np.stack([year - 2, since], 1), np.stack([year + 2, since + 500], 1)
    some, _ = boxes(np.zeros(40_000, np.int64), low, high, keyed_order(np.arange(40_000), 1, 2))
    points = Points(np.zeros(50, np.int64), np.stack([rng.integers(1935, 1995, 50), rng.integers(600, 900, 50)], 1))
    exact = [((some.lo <= at) & (at <= some.hi)).all(axis=1).sum() for at in points.at]
    assert np.abs(at_risk(points, some, np.arange(50)) / exact - 1).max() < 0.2


def test_every_first_part_of_the_quota_order_is_stratified():
    stratum = np.repeat([0, 1, 2], [600, 300, 100])
    by = quota_order(stratum, keyed_order(np.arange(1000), 7, 1))
    assert sorted(by) == list(range(1000))
    for first in (10, 100, 500):
        assert np.abs(np.bincount(stratum[by[:first]], minlength=3) - first * np.array([0.6, 0.3, 0.1])).max() <= 1


def test_each_control_of_a_stratum_is_as_likely_as_another():
    times = np.zeros(40)
    points = Points(np.zeros(10, np.int64), np.empty((10, 0), np.int64))
    none = np.empty((40, 0), np.int64)
    for seed in range(400):
        some, at = boxes(np.zeros(40, np.int64), none, none, keyed_order(np.arange(40), seed, 2))
        times[at[match(points, some, 10, 1).owner]] += 1
    assert abs(times - 100).max() < 45, "100 expected, standard deviation below 9"


def test_the_hash_is_splitmix64_as_published():
    """First outputs of the reference generator from the state 1234567 (state advances by the golden gamma)."""
    gamma = 0x9E3779B97F4A7C15
    states = np.array([(1234567 + n * gamma) % 2**64 for n in range(3)], np.uint64)
    assert splitmix64(states).tolist() == [6457827717110365317, 3203168211198807973, 9817491932198370423]
