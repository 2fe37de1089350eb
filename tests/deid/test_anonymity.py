"""The least coarse description in which nobody is one of fewer than k."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import product
from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdm.errors import BadInput
from deid.hierarchies import Hierarchy
from deid.people.anonymity import solve, suppress
from deid.people.quasi import Quasi, birth, birth_year, flat
from deid.people.roles import Roles
from deid.people.sets import Sets
from deid.policy import programme
from deid.policy.model import RolePrivacy, Settings
from deid.risk import measure

SETTINGS = Settings.model_validate(programme().settings.model_dump())
NOBODY = Sets(np.array([], dtype=np.int64), np.array([], dtype=np.int64), np.array([], dtype=bool))


def quasi(name: str, values: list[str], levels: list[list[str]]) -> Quasi:
    """A quasi-identifier of people with these values and a hierarchy with these rows."""
    hierarchy = Hierarchy.of(name, levels)
    place = {label: index for index, label in enumerate(hierarchy.labels[0])}
    return Quasi(hierarchy, np.array([hierarchy.codes[0].tolist().index(place[v]) for v in values], dtype=np.int64))


def sets(*groups: tuple[int, list[int]]) -> Sets:
    """Matched sets as (case, controls)."""
    rows = [
        (person, number, role)
        for number, (case, controls) in enumerate(groups)
        for person, role in [(case, True), *((c, False) for c in controls)]
    ]
    person, matched_set, case_role = zip(*rows, strict=True)
    return Sets(np.array(person), np.array(matched_set), np.array(case_role))


def test_people_who_are_alone_are_left_out() -> None:
    assert suppress(np.array([0, 0, 1, 0, 2, 2]), NOBODY, Roles.of(NOBODY, 6), k=2).tolist() == [
        True,
        True,
        False,
        True,
        True,
        True,
    ]


def test_a_set_that_loses_its_case_loses_its_controls_and_one_that_loses_a_control_stays() -> None:
    found = np.array([0, 1, 1, 1, 1, 2])
    given_sets = sets((0, [1]), (2, [3, 5]), (4, []))
    # Person 0 is alone and a case, so control 1 goes; 5 is alone and a control, so only 5 goes.
    assert suppress(found, given_sets, Roles.of(given_sets, 6), k=2).tolist() == [False, False, True, True, True, False]


def test_leaving_out_a_set_can_leave_others_alone_who_then_go_too() -> None:
    found = np.array([0, 1, 1])
    assert suppress(found, sets((0, [1])), Roles.of(sets((0, [1])), 3), k=2).tolist() == [False, False, False]


Holds = Callable[[int, int, float], bool]


def entropy(cases: int, people: int) -> float:
    """Of the roles of a group, in nats."""
    return -sum(n / people * log(n / people) for n in (cases, people - cases) if n)


# What each model asks of a group with so many cases among its people, where so great a share of all are cases.
MODELS: dict[str, tuple[RolePrivacy, Holds]] = {
    "none": (RolePrivacy(), lambda cases, people, share: True),
    "distinct": (RolePrivacy(model="distinct-l", l=2), lambda cases, people, share: 0 < cases < people),
    "entropy": (RolePrivacy(model="entropy-l", l=1.8), lambda cases, people, share: entropy(cases, people) >= log(1.8)),
    "recursive": (
        RolePrivacy(model="recursive-l", c=2.5, l=2),
        lambda cases, people, share: (
            0 < cases < people and max(cases, people - cases) < 2.5 * min(cases, people - cases)
        ),
    ),
    "t": (RolePrivacy(model="t-equal", t=0.3), lambda cases, people, share: abs(cases / people - share) <= 0.3 + 1e-12),
}

QUASI = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from("uvwx"), st.integers(0, 3), st.booleans()),
    min_size=1,
    max_size=14,
)


@given(QUASI, st.integers(1, 4), st.sampled_from([0.0, 0.2, 0.5, 1.0]), st.sampled_from(sorted(MODELS)))
@settings(max_examples=150, derandomize=True, deadline=None)
def test_the_solution_is_the_best_of_all_combinations(
    people: list[tuple[str, str, int, bool]], k: int, limit: float, model: str
) -> None:
    rows = {
        "sex": [["a", "*"], ["b", "*"]],
        "place": [["u", "north", "*"], ["v", "north", "*"], ["w", "south", "*"], ["x", "south", "*"]],
    }
    given_quasi = (
        quasi("sex", [p[0] for p in people], rows["sex"]),
        quasi("place", [p[1] for p in people], rows["place"]),
    )
    given_sets = Sets(np.arange(len(people)), np.array([p[2] for p in people]), np.array([p[3] for p in people]))
    asked, holds = MODELS[model]
    found = solve(given_quasi, given_sets, Roles.of(given_sets, len(people), asked), k, limit)
    best = min(brute_force(people, rows, k, limit, holds), default=None)
    if best is None:
        assert found is None
    else:
        assert found is not None
        assert found.loss == pytest.approx(best[0], abs=1e-12)
        assert measure(np.bincount(found.classes[found.kept]), k).smallest >= k


def brute_force(
    people: list[tuple[str, str, int, bool]], rows: dict[str, list[list[str]]], k: int, limit: float, holds: Holds
) -> list[tuple[float, tuple[int, int]]]:
    """(loss, levels) of every combination that may be, people and values one by one."""
    found = []
    for levels in product(range(2), range(3)):
        label = [
            tuple(
                next(row[level] for row in rows[name] if row[0] == person[i])
                for i, (name, level) in enumerate(zip(rows, levels, strict=True))
            )
            for person in people
        ]
        left = set(range(len(people)))
        while True:
            count = Counter(label[i] for i in left)
            cases = Counter(label[i] for i in left if people[i][3])
            share = sum(person[3] for person in people) / len(people)
            out = {i for i in left if count[label[i]] < k or not holds(cases[label[i]], count[label[i]], share)}
            if not out:
                break
            left -= out
            for number in {p[2] for p in people}:
                mine = [i for i, p in enumerate(people) if p[2] == number and p[3]]
                if mine and not any(i in left for i in mine):
                    left -= {i for i, p in enumerate(people) if p[2] == number}
        if left and len(people) - len(left) <= limit * len(people):
            found.append(
                (
                    sum(loss(person, i in left, rows, levels) for i, person in enumerate(people)) / len(people),
                    levels,
                )
            )
    return found


def loss(
    person: tuple[str, str, int, bool], kept: bool, rows: dict[str, list[list[str]]], levels: tuple[int, int]
) -> float:
    """How much of each quasi-identifier the person's group covers, on average."""
    if not kept:
        return 1.0
    total = 0.0
    for i, (name, level) in enumerate(zip(rows, levels, strict=True)):
        mine = next(row[level] for row in rows[name] if row[0] == person[i])
        values = {row[0] for row in rows[name]}
        covered = {row[0] for row in rows[name] if row[level] == mine}
        total += (len(covered) - 1) / (len(values) - 1)
    return total / len(rows)


def test_what_cannot_be_coarsened_can_only_be_left_out() -> None:
    given_quasi = (flat("index_year", np.array(["2018", "2018", "2019"]), generalises=False),)
    assert solve(given_quasi, NOBODY, Roles.of(NOBODY, 3), k=2, limit=0.1) is None
    found = solve(given_quasi, NOBODY, Roles.of(NOBODY, 3), k=2, limit=0.4)
    assert found is not None
    assert found.kept.tolist() == [True, True, False]


def test_birth_years_are_told_as_the_middle_of_their_band() -> None:
    found = birth(np.array([1950, 1954, 1955, 1961, -1]), np.full(5, 2018), SETTINGS)
    assert found.released(1).tolist() == [1952, 1952, 1957, 1962, -1]
    assert found.released(2).tolist() == [1955, 1955, 1955, 1965, -1]
    assert found.released(3).tolist() == [1950, 1950, 1950, 1970, -1]
    assert found.released(4).tolist() == [1940, 1940, 1940, 1980, -1]


def test_all_who_are_older_than_the_top_age_share_one_band_of_their_own() -> None:
    years, last = np.array([1905, 1920, 1927, 1930, 1935]), np.array([2010, 2016, 2016, 2020, 2016])
    found = birth(years, last, SETTINGS)
    assert found.top.tolist() == [True, True, False, True, False]
    for level in range(1, 5):
        told = found.released(level)
        assert len(set(told[found.top])) == 1
        assert told[found.top].max() < told[~found.top].min()
        assert (last - told > 89)[found.top].all()


@given(st.lists(st.tuples(st.integers(1900, 2020), st.integers(0, 110)), min_size=1, max_size=30))
@settings(max_examples=80, derandomize=True, deadline=None)
def test_bands_of_birth_years_nest_whatever_the_ages(people: list[tuple[int, int]]) -> None:
    years = np.array([year for year, _ in people])
    last = years + np.array([age for _, age in people])
    found = birth_year(birth(years, last, SETTINGS))
    found.hierarchy.check_nesting()
    assert found.hierarchy.levels == 5


def test_a_hierarchy_that_does_not_nest_is_refused() -> None:
    with pytest.raises(BadInput, match="level 2 splits a group of level 1"):
        Hierarchy.of("age", [["1", "young", "a"], ["2", "young", "b"], ["3", "old", "b"]])
    with pytest.raises(BadInput, match="two rows"):
        Hierarchy.of("age", [["1", "*"], ["1", "*"]])
    with pytest.raises(BadInput, match="every level"):
        Hierarchy.of("age", [["1", "*"], ["2"]])


def test_risk_of_classes_of_one_two_and_seven() -> None:
    risk = measure(np.array([1, 2, 0, 7]), k=5)
    assert (risk.people, risk.classes, risk.smallest, risk.uniques) == (10, 3, 1, 1)
    assert (risk.prosecutor, risk.marketer, risk.above) == (1.0, 0.3, 0.3)
    assert risk.histogram == {1: 1, 2: 1, 7: 1}
    assert measure(np.array([], dtype=np.int64), k=5).people == 0
