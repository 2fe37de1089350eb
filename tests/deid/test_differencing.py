"""Subtracting one release from another must leave nobody alone; the board learns the verdict, not the few."""

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deid.differencing import Difference, differences, person_set, told

KEY = b"k" * 32
ROLES = st.sampled_from(["case", "control"])
SETS = st.sets(st.tuples(st.integers(1, 40), ROLES), min_size=1)


def people(pairs: object) -> pl.DataFrame:
    rows = sorted(pairs)  # type: ignore[call-overload]
    return pl.DataFrame(rows, schema={"member": pl.Int64, "role": pl.String}, orient="row")


def cases(*members: int) -> pl.DataFrame:
    return people((member, "case") for member in members)


def of(found: tuple[Difference, ...], against: str, role: str = "all") -> Difference:
    return next(one for one in found if (one.against, one.role) == (against, role))


def test_three_new_people_on_top_of_an_earlier_release_are_singled_out() -> None:
    found = of(differences(cases(*range(103)), {"r-1": cases(*range(100))}, 5), "r-1")
    assert found == Difference("r-1", "all", 100, 3, 0, ("added",))


def test_three_who_left_are_singled_out_as_well() -> None:
    found = of(differences(cases(*range(97)), {"r-1": cases(*range(100))}, 5), "r-1")
    assert found.small == ("left",)


@pytest.mark.parametrize("added", [0, 5, 60])
def test_nobody_new_or_a_group_of_k_is_not_small(added: int) -> None:
    assert of(differences(cases(*range(100 + added)), {"r-1": cases(*range(100))}, 5), "r-1").small == ()


def test_releases_that_share_nobody_cannot_be_subtracted() -> None:
    assert of(differences(cases(1, 2, 3), {"r-1": cases(*range(10, 100))}, 5), "r-1").small == ()


def test_a_small_group_within_one_role_is_found_where_the_whole_shows_none() -> None:
    old = people([*((n, "case") for n in range(50)), *((n, "control") for n in range(100, 150))])
    new = people([*((n, "case") for n in range(2, 50)), *((n, "control") for n in (*range(100, 150), 0, 1))])
    found = differences(new, {"r-1": old}, 5)
    assert of(found, "r-1").small == ()
    assert of(found, "r-1", "case").small == ("left",)
    assert of(found, "r-1", "control").small == ("added",)


def test_two_earlier_releases_together_leave_three_alone_where_each_alone_leaves_many() -> None:
    earlier = {"r-1": cases(*range(50)), "r-2": cases(*range(50, 100))}
    found = differences(cases(*range(103)), earlier, 5)
    assert (of(found, "r-1").small, of(found, "r-2").small) == ((), ())
    assert of(found, "*") == Difference("*", "all", 100, 3, 0, ("added",))


@settings(deadline=None)
@given(new=SETS, old=SETS)
def test_counts_are_those_of_plain_sets(new: set[tuple[int, str]], old: set[tuple[int, str]]) -> None:
    for found in differences(people(new), {"r-1": people(old)}, 5):
        mine, theirs = ({m for m, role in one if found.role in {"all", role}} for one in (new, old))
        assert (found.shared, found.added, found.left) == (
            len(mine & theirs),
            len(mine - theirs),
            len(theirs - mine),
        )


@given(shared=st.integers(0, 30), added=st.integers(0, 30), left=st.integers(0, 30), threshold=st.integers(2, 20))
def test_what_is_told_holds_no_number_below_the_threshold(shared: int, added: int, left: int, threshold: int) -> None:
    shown = told(Difference("r-1", "all", shared, added, left, ()), threshold)
    counts = {shown.shared, shown.added, shown.left}
    assert counts == {None} or all(n == 0 or (n or 0) >= threshold for n in counts)
    assert (counts == {None}) is any(0 < n < threshold for n in (shared, added, left))


def test_a_person_set_names_nobody_and_is_the_same_under_the_same_key(tmp_path: Path) -> None:
    walk = pl.DataFrame({"person_id": [3, 1, 2], "subject_id": [30, 10, 20], "kept": [True, True, False]})
    walk.write_parquet(tmp_path / "crosswalk.parquet")
    rows = pl.DataFrame({"subject_id": [10, 10, 30], "role": ["control", "control", "case"]})
    rows.write_parquet(tmp_path / "cohort.parquet")
    made = [
        person_set(tmp_path / "crosswalk.parquet", tmp_path / "cohort.parquet", key) for key in (KEY, KEY, b"x" * 32)
    ]
    assert made[0].equals(made[1])
    assert sorted(made[0]["role"]) == ["case", "control"]
    assert not set(made[0]["member"]) & {1, 2, 3, 10, 20, 30}
    assert not set(made[0]["member"]) & set(made[2]["member"])
