"""Counts that leave a hospital: what is withheld, and that nobody can work it out."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from cdm.errors import BadInput
from cohorts.disclosure import (
    Count,
    Tables,
    stricter,
    suppress,
    suppress_attrition,
    suppress_release,
    suppress_table,
    suppress_table1,
    text,
)
from cohorts.draw.balance import Balance
from cohorts.draw.table1 import Row

FEW = settings(max_examples=40, deadline=None, derandomize=True)


def shown(steps):
    return [s.people.value for s in steps]


def test_counts_from_the_threshold_on_and_zeros_are_shown():
    counts = {("male", "case"): 10, ("male", "control"): 25, ("female", "case"): 0, ("female", "control"): 40}
    got = suppress_table(counts)
    assert {key: got[key].value for key in counts} == counts
    assert got[None, None].value == 75


def test_a_small_cell_takes_others_with_it_in_its_row_and_its_column():
    counts = {("a", "x"): 3, ("a", "y"): 40, ("b", "x"): 50, ("b", "y"): 60}
    got = suppress_table(counts)
    assert [got[key].value for key in counts] == [None, None, None, None]
    assert got[None, None].value == 153


def test_only_as_many_cells_go_as_are_needed():
    counts = {(r, c): 30 for r in "abcd" for c in "xyz"} | {("a", "x"): 4}
    got = suppress_table(counts)
    assert sum(got[key].value is None for key in counts) == 4
    assert all(got[r, None].value is not None for r in "abcd")


def test_the_stricter_threshold_wins_and_never_falls_below_the_default():
    assert (stricter(), stricter(5), stricter(None, 20), stricter(15, 12)) == (10, 10, 20, 15)


def test_a_small_exclusion_hides_the_step_that_would_tell_it():
    steps = [("all", 1000), ("adults", 997), ("with a visit", 400)]
    assert shown(suppress_attrition(steps)) in ([1000, None, 400], [None, 997, 400])


def test_an_attrition_of_large_steps_is_shown_whole_and_drops_entries():
    got = suppress_attrition([("all", 1000, 1500), ("adults", 900, 1300)])
    assert [s.to_json() for s in got] == [
        {"rule": "all", "people": {"count": 1000}},
        {"rule": "adults", "people": {"count": 900}},
    ]


def test_several_small_exclusions_in_a_row_cannot_be_bracketed():
    people = [1000, 998, 997, 995, 500]
    got = shown(suppress_attrition([(str(n), p) for n, p in enumerate(people)]))
    assert got[4] == 500
    known = [p for p in got[:4] if p is not None]
    assert len(known) <= 1, "two of the first four would bound what lies between them to fewer than ten people"


def test_a_suppressed_count_says_that_it_is_and_not_why():
    assert Count(None).to_json() == {"count": None, "reason": "suppressed"}
    assert (Count(None).text, Count(1234).text) == ("*", "1,234")


def test_rounding_shows_multiples_only():
    got = suppress_table({("a", "x"): 103, ("a", "y"): 47, ("b", "x"): 52, ("b", "y"): 3}, round_to=5)
    assert all(c.value is None or c.value % 5 == 0 for c in got.values())
    assert got["b", "y"].value is None


def test_a_senseless_threshold_is_refused_in_a_sentence():
    with pytest.raises(BadInput, match="threshold is 1 or more"):
        suppress(Tables(), threshold=0)


def test_table_1_counts_hide_together_and_means_stay_for_enough_people():
    rows = [
        Row("people", None, "count", 100, 100),
        Row("sex", "female", "count", 97, 97),
        Row("sex", "male", "count", 3, 3),
        Row("age", None, "mean", 61.2, 61.1, 9.0, 9.2),
    ]
    got = suppress_table1(rows, matched=("sex",))
    assert [text(r["cases"]) for r in got] == ["100", "*", "*", "61.2 (9.0)"]
    assert [text(r["controls"]) for r in got] == ["100", "*", "*", "61.1 (9.2)"]


def test_what_is_hidden_among_cases_is_not_told_by_their_matched_controls():
    """Levels equal on both sides: hiding {a, b} here and {a, c} there would give b, and so a, away."""
    levels = {"a": 3, "b": 40, "c": 41, "d": 60}
    rows = [Row("people", None, "count", 144, 144)]
    rows += [Row("region", level, "count", n, n) for level, n in levels.items()]
    got = suppress_table1(rows, matched=("region",))[1:]
    unknown = [r["level"] for r in got if r["cases"]["count"] is None and r["controls"]["count"] is None]
    assert "a" in unknown
    assert len(unknown) >= 2


@dataclass
class Reader:
    """An attacker with the published two-way table alone: linear programming over the unknown cells."""

    rows: list[str]
    columns: list[str]
    table: dict

    def bounds(self, cell):
        keys = list(product([*self.rows, None], [*self.columns, None]))
        at = {key: n for n, key in enumerate(keys)}
        a = []
        for axis, levels in ((0, self.rows), (1, self.columns)):
            for level in [*levels, None]:
                inside = [k[axis] == level and k[1 - axis] is not None for k in keys]
                total = [k[axis] == level and k[1 - axis] is None for k in keys]
                a.append(np.array(inside, float) - np.array(total, float))
        box = [(v, v) if (v := self.table[k].value) is not None else (1, None) for k in keys]
        out = []
        for sign in (1, -1):
            cost = np.zeros(len(keys))
            cost[at[cell]] = sign
            found = linprog(cost, A_eq=a, b_eq=np.zeros(len(a)), bounds=box)
            out.append(np.inf if found.x is None else found.x[at[cell]])
        return out


cell_counts = st.sampled_from([0, 1, 2, 4, 7, 9, 10, 11, 15, 30, 80, 300])


@FEW
@given(st.integers(1, 4), st.integers(2, 4), st.lists(cell_counts, min_size=16, max_size=16))
def test_linear_programming_over_the_published_table_cannot_place_a_hidden_small_count(height, width, counts):
    rows, columns = list("abcd")[:height], list("wxyz")[:width]
    given_ = {key: counts[n] for n, key in enumerate(product(rows, columns))}
    table = suppress_table(given_)
    reader = Reader(rows, columns, table)
    for key, count in given_.items():
        if 0 < count < 10:
            assert table[key].value is None
            low, high = reader.bounds(key)
            assert np.floor(high + 1e-6) >= 10
            assert high - low >= 5


@FEW
@given(st.lists(st.sampled_from([0, 1, 3, 6, 9, 10, 14, 50]), min_size=1, max_size=6), st.integers(0, 14))
def test_the_shown_steps_around_a_small_step_or_exclusion_leave_it_open(drops, last):
    """The tightest bounds on a falling sequence come from the nearest shown steps before and after."""
    people = [last + sum(drops[n:]) for n in range(len(drops) + 1)]
    public = [s.people.value for s in suppress_attrition([(str(n), p) for n, p in enumerate(people)])]
    before = [next((v for v in reversed(public[: n + 1]) if v is not None), np.inf) for n in range(len(people))]
    after = [next((v for v in public[n:] if v is not None), 1) for n in range(len(people))]
    for n, p in enumerate(people):
        if 0 < p < 10:
            assert before[n] >= 10
    for n, drop in enumerate(drops):
        if 0 < drop < 10:
            assert before[n] - after[n + 1] >= 10


def release(cohort_people, drawn, sexes):
    rows = [Row("people", None, "count", drawn, drawn)]
    rows += [Row("sex", sex, "count", n, n) for sex, n in sexes.items()]
    balances = [Balance("age", None, "mean", 0.21234, 0.01234, 1.2, 1.1)]
    balances += [Balance("sex", sex, "share", 0.1, 0.0, 1.1, 1.0) for sex in sexes]
    steps = [("primary events", 2000), ("cohort", cohort_people)]
    return suppress_release({"case": steps, "control": [("primary events", 9000)]}, rows, balances, matched=("sex",))


def test_a_release_does_not_tell_the_few_whom_the_draw_left_over():
    got = release(355, 352, {"male": 180, "female": 172})
    assert [s.people.value for s in got.attrition["case"]] == [2000, None]
    assert got.table1[0]["cases"] == {"count": 352}, "whoever holds the package can count its people"
    assert got.attrition["control"][0].people.value == 9000


def test_a_release_with_many_left_over_tells_all():
    got = release(500, 352, {"male": 180, "female": 172})
    assert [s.people.value for s in got.attrition["case"]] == [2000, 500]


def test_a_mean_difference_goes_with_the_counts_of_its_level():
    got = release(500, 352, {"male": 350, "female": 2})
    assert [b["smd_before"] for b in got.balance] == [0.212, None, None]
    shown = release(500, 352, {"male": 180, "female": 172})
    assert [b["smd_before"] for b in shown.balance] == [0.212, 0.1, 0.1]
    assert [b["variance_ratio_after"] for b in shown.balance] == [1.1, None, None]


@FEW
@given(
    st.lists(st.tuples(st.sampled_from([1, 2, 5, 9, 12, 40]), st.integers(0, 100)), min_size=2, max_size=5),
    st.integers(1, 3),
)
def test_a_reader_who_knows_how_controls_were_matched_cannot_place_a_small_level(levels, ratio):
    """The attacker adds to the totals: a case of a level has 1 to `ratio` controls of that level."""
    counts = [(cases, cases + more * cases * (ratio - 1) // 100) for cases, more in levels]
    rows = [Row("people", None, "count", sum(c for c, _ in counts), sum(d for _, d in counts))]
    rows += [Row("region", str(n), "count", c, d) for n, (c, d) in enumerate(counts)]
    public = suppress_table1(rows, matched=("region",), ratio=ratio)
    shown = [[r[side]["count"] for side in ("cases", "controls")] for r in public]
    n = len(counts)
    box = [(v, v) if v is not None else (1, None) for side in (0, 1) for v in [row[side] for row in shown]]
    sums = np.zeros((2, 2 * (n + 1)))
    for side in (0, 1):
        sums[side, side * (n + 1)] = -1
        sums[side, side * (n + 1) + 1 : (side + 1) * (n + 1)] = 1
    eye = np.hstack([np.zeros((n, 1)), np.eye(n)])
    order = np.vstack([np.hstack([eye, -eye]), np.hstack([-ratio * eye, eye])])
    for side in (0, 1):
        for level, count in enumerate(c[side] for c in counts):
            if 0 < count < 10:
                cost = np.zeros(2 * (n + 1))
                cost[side * (n + 1) + 1 + level] = -1
                most = linprog(cost, A_ub=order, b_ub=np.zeros(2 * n), A_eq=sums, b_eq=[0, 0], bounds=box)
                assert most.x is None or -most.fun >= 10 - 1e-6
