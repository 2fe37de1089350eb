"""Each person's dates move by one number of days, never by none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdm.errors import BadInput
from deid.dates import SEASON, YEAR, choices, offsets, shifted

KEY = bytes(range(32))
IDS = np.arange(1, 40_001, dtype=np.int64)
ANY = choices(365)


@given(st.integers(7, 3650), st.booleans(), st.binary(min_size=32, max_size=32))
@settings(max_examples=50, derandomize=True, deadline=None)
def test_offsets_are_never_zero_and_never_beyond_the_limit(days: int, weekday: bool, key: bytes) -> None:
    found = offsets(key, IDS[:500], choices(days, keep_weekday=weekday))
    assert (found != 0).all()
    assert (np.abs(found) <= days).all()
    assert not weekday or (found % 7 == 0).all()


def test_every_offset_occurs_and_none_more_than_chance() -> None:
    found, count = np.unique(offsets(KEY, IDS, ANY), return_counts=True)
    assert found.tolist() == [*range(-365, 0), *range(1, 366)]
    expected = IDS.size / 730
    # Chi-squared with 729 degrees of freedom: mean 729, standard deviation 38.
    assert abs(((count - expected) ** 2 / expected).sum() - 729) < 4 * 38


def test_the_offset_follows_from_the_person_and_the_grant_alone() -> None:
    found = offsets(KEY, IDS, ANY)
    assert (offsets(KEY, IDS[::-1].copy(), ANY)[::-1] == found).all()
    other = offsets(KEY[::-1], IDS, ANY)
    assert abs((other == found).mean() - 1 / 730) < 0.001
    assert abs(np.corrcoef(found, IDS)[0, 1]) < 0.02


def test_a_limit_below_one_step_is_refused() -> None:
    with pytest.raises(BadInput, match="shift_days"):
        choices(6, keep_weekday=True)


@pytest.mark.parametrize("weekday", [False, True])
def test_a_shift_that_keeps_the_season_lands_near_the_same_day_of_another_year(weekday: bool) -> None:
    found = choices(1_500, keep_season=True, keep_weekday=weekday)
    years = np.rint(found / YEAR)
    assert set(years) == {-4, -3, -2, -1, 1, 2, 3, 4}
    assert (np.abs(found - years * YEAR) <= SEASON).all()
    assert not weekday or (found % 7 == 0).all()


def test_a_shift_that_keeps_the_season_needs_more_than_a_handful_of_offsets() -> None:
    with pytest.raises(BadInput, match="16 offsets of whole weeks of the same season; at least 30 are needed"):
        choices(900, keep_season=True, keep_weekday=True)


def test_only_a_precision_below_seconds_cuts_a_datetime() -> None:
    assert "date_trunc" not in shifted("c", "TIMESTAMP", "second", "p.d")
    assert "date_trunc('day'" in shifted("c", "TIMESTAMP", "day", "p.d")
    assert shifted("c", "DATE", "day", "p.d") == "c + p.d"
