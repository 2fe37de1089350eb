"""Weights: for how many people a row stands, told so coarsely that no few left over come out."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cohorts.draw.pool import Pool, Side
from cohorts.draw.sets import make_sets
from cohorts.draw.spec import DrawSpec
from cohorts.draw.weights import classes, coarse, told

FEW = settings(max_examples=80, deadline=None, derandomize=True)
groups = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 60)), min_size=1, max_size=12)


def side(strata, first):
    n, none = len(strata), np.empty((len(strata), 0), np.int32)
    return Side(np.arange(first, first + n), np.asarray(strata, np.int32), np.zeros(n, np.int32), none, none)


def test_a_weight_is_the_inverse_of_a_sampling_fraction():
    """Of 30 cases 10 are drawn, of 60 controls 10: each stands for 3, and for 6."""
    pool = Pool(side([0] * 30, 0), side([0] * 60, 1000), ({"sex": "8507"},))
    sets = make_sets(pool, DrawSpec(cases=10, controls=10, match=("sex",)), unit=1)
    assert set(sets.weight[~sets.is_control]) == {3.0}
    assert set(sets.weight[sets.is_control]) == {6.0}
    assert sets.weight[sets.is_control].sum() == 60


def test_the_stricter_of_two_hospitals_tells_less():
    pool = Pool(side([0] * 1007, 0), side([0] * 5003, 10_000), ({"sex": "8507"},))
    spec = DrawSpec(cases=100, controls=100, match=("sex",))
    people = [round(make_sets(pool, spec, unit=unit).weight[0] * 100) for unit in (10, 50)]
    assert [n % unit for n, unit in zip(people, (10, 50), strict=True)] == [0, 0]


@FEW
@given(groups, st.integers(2, 40))
def test_nobody_can_tell_that_a_few_were_left_over(given_, unit):
    drawn = np.array([d for _, d in given_])
    available = drawn + np.array([more for more, _ in given_])
    number = told(available, drawn, unit)
    left = number - drawn
    assert ((number == available) | (number % unit == 0)).all()
    assert ((left == 0) == (available == drawn)).all()
    assert (left[left > 0] >= unit).all()


@FEW
@given(st.lists(st.integers(0, 120), min_size=1, max_size=15), st.integers(1, 60))
def test_small_groups_share_a_weight_until_they_are_enough(size, least):
    size = np.array(size)
    group = classes(size, least)
    totals = np.bincount(group, size)
    assert sorted(set(group)) == list(range(len(totals)))
    assert (totals >= least).all() or len(totals) == 1, "unless all people together are too few"


@FEW
@given(groups)
def test_without_coarsening_weights_add_up_to_the_people(given_):
    drawn = np.array([d + 1 for _, d in given_])
    available = drawn + np.array([more for more, _ in given_])
    assert np.isclose((coarse(available, drawn, 1) * drawn).sum(), available.sum())
