"""Which cause moved whom, and which can have changed rows of people in both versions."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from flows.attribution import Inside, Kinds, Steps, attribute, shaping, staying, together


def ids(*people: int) -> NDArray[np.int64]:
    return np.array(people, np.int64)


def test_of_causes_that_changed_together_each_person_goes_under_the_first_that_explains_them() -> None:
    steps = Steps(refreshed=frozenset({1, 2, 3, 11}), drawn=frozenset({1, 2, 12}))
    moved = attribute(
        {"case": ids(11, 12)}, {"case": ids(2, 3), "control": ids(4, 5)}, ("definition", "cdm"), Inside(frozenset({5}), steps=steps)
    )  # fmt: skip
    assert moved.counts(moved.came) == {"cdm": 1, "definition": 1}
    assert moved.counts(moved.left) == {"cdm": 1, "definition": 1, "deidentification": 1, "withdrawal": 1}
    moved = attribute({"case": ids(11)}, {"case": ids(2)}, ("cdm", "policy"), Inside(steps=steps))
    assert (moved.counts(moved.came), moved.counts(moved.left)) == ({"cdm + policy": 1}, {"policy": 1})


def test_without_the_steps_all_causes_are_told_together_but_who_withdrew() -> None:
    moved = attribute({"case": ids(11)}, {"case": ids(2, 3)}, ("definition", "cdm"), Inside(frozenset({3})))
    assert moved.counts(moved.came) == {"definition + cdm": 1}
    assert moved.counts(moved.left) == {"definition + cdm": 1, "withdrawal": 1}
    nothing = attribute({}, {}, (), Inside())
    assert nothing.counts(nothing.came) == nothing.counts(nothing.left) == {}


def test_who_is_drawn_in_the_place_of_those_who_withdrew_is_told_so() -> None:
    gone = Inside(frozenset({3}), withdrew=True)
    moved = attribute({"case": ids(11)}, {"case": ids(2, 3)}, ("cdm",), gone)
    assert moved.counts(moved.came) == {"cdm + redrawn": 1}
    assert moved.counts(moved.left) == {"cdm + redrawn": 1, "withdrawal": 1}
    moved = attribute({"case": ids(11)}, {"case": ids(2, 3)}, (), gone)
    assert (moved.counts(moved.came), moved.counts(moved.left)) == ({"redrawn": 1}, {"redrawn": 1, "withdrawal": 1})
    steps = Steps(refreshed=frozenset({11, 4}), drawn=frozenset({11}))
    inside = Inside(frozenset({3}), withdrew=True, steps=steps)
    moved = attribute({"case": ids(11, 12)}, {"case": ids(2, 3, 4)}, ("definition", "cdm"), inside)
    assert moved.counts(moved.came) == {"cdm + redrawn": 1, "definition": 1}
    assert moved.counts(moved.left) == {"cdm + redrawn": 1, "definition": 1, "withdrawal": 1}


def test_outside_the_hospital_anybody_who_left_may_have_withdrawn() -> None:
    moved = attribute({"case": ids(11)}, {"case": ids(2, 3)}, ("cdm",), Inside(withdrew=True))
    assert (moved.counts(moved.came), moved.counts(moved.left)) == ({"cdm + redrawn": 1}, {"cdm + withdrawal": 2})


@pytest.mark.parametrize(
    ("causes", "rest", "touched"),
    [
        (("cdm",), "cdm", "cdm"),
        (("definition", "cdm"), "cdm", "definition + cdm"),
        (("definition", "cdm", "policy", "withdrawal"), "cdm + policy", "definition + cdm + policy + redrawn"),
        (("definition",), "deidentification", "definition"),
        (("withdrawal",), "deidentification", "redrawn"),
        ((), "nothing else changed", "nothing else changed"),
    ],
)
def test_a_definition_touches_only_whose_place_in_the_cohort_moved(
    causes: tuple[str, ...], rest: str, touched: str
) -> None:
    found = staying(causes, same_settings=True)
    assert (found.rest.rows, found.touched.rows) == (rest, touched)


def test_codes_count_under_the_vocabulary_and_what_is_said_of_a_person_may_be_generalised_anew() -> None:
    refreshed = staying(("vocabulary", "cdm"), same_settings=True).rest
    assert (refreshed.rows, refreshed.codes) == ("vocabulary + cdm", "vocabulary")
    assert refreshed.person == "vocabulary + cdm + deidentification"
    unchanged = staying(("cdm",), same_settings=True).rest
    assert (unchanged.codes, unchanged.person) == ("cdm + deidentification", "cdm + deidentification")


def test_columns_that_the_policy_treats_in_another_way_count_under_it() -> None:
    found = staying(("definition", "vocabulary", "cdm", "policy"), same_settings=True)
    assert found.rest == Kinds(
        "vocabulary + cdm + policy", "vocabulary + policy", "vocabulary + cdm + policy", "policy"
    )
    assert found.touched.restated == "policy"
    assert staying(("cdm",), same_settings=True).rest.restated == "cdm"  # the code did that


def test_study_settings_that_may_have_changed_with_a_definition_are_named() -> None:
    assert staying(("definition", "cdm"), same_settings=None).rest.rows == "cdm + study"
    assert staying(("definition", "cdm", "study"), same_settings=False).rest.rows == "cdm + study"
    assert staying(("cdm", "study"), same_settings=True).rest.rows == "cdm"  # another title
    assert staying(("cdm", "study"), same_settings=None).rest.rows == "cdm + study"


def test_neither_a_definition_nor_a_withdrawal_nor_a_vocabulary_adds_a_column() -> None:
    causes = ("definition", "vocabulary", "cdm", "policy", "withdrawal")
    assert shaping(causes, same_settings=True) == "cdm + policy"
    assert shaping(causes, same_settings=None) == "cdm + policy + study"
    assert shaping(("definition",), same_settings=None) == "study"
    assert shaping(("withdrawal",), same_settings=True) == "withdrawal"
    assert shaping((), same_settings=True) == "nothing else changed"


def test_causes_that_cannot_be_told_apart_are_named_once_in_one_order() -> None:
    assert together(["withdrawal", "vocabulary + cdm", "cdm"]) == "vocabulary + cdm + withdrawal"
