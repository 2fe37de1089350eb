"""Attacks on a release: counted person by person, with what a release of everything and one of nothing must show."""

from __future__ import annotations

import json
from math import isclose

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdm.errors import GateRefused
from deid.attacks import measure
from deid.attacks.draws import Draws
from deid.attacks.measure import FEWEST, KINDS
from deid.attacks.nearest import inferred, linked
from deid.attacks.plot import LABELS, attacks_plot
from deid.attacks.rates import Gain, Rate
from deid.attacks.seen import Seen
from deid.attacks.singling_out import of_one_column, of_several_columns
from tests.deid.extracts import SEED, policy, run

NAMES = ("sex", "birth_year", "n_visit_occurrence", "has_1")
ROW = st.tuples(st.sampled_from([1.0, 2.0]), st.integers(1940, 1945), st.integers(0, 3), st.integers(0, 1))
PEOPLE = st.lists(ROW, min_size=1, max_size=12)


def seen(rows):
    values = np.array(rows, np.float64).reshape(len(rows), 4)
    return Seen(NAMES, values, np.array([False, True, True, False]), np.array([True, True, False, False]))


def crowd(people, seed):
    random = np.random.default_rng(seed)
    return seen(
        np.stack(
            [random.integers(1, 3, people), random.integers(1930, 2000, people), random.poisson(9, people), random.integers(0, 2, people)],
            axis=1,
        )
    )  # fmt: skip


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(PEOPLE, PEOPLE)
def test_a_description_fits_whom_it_fits_one_by_one(released, original):
    made = [of_one_column(seen(released)), of_several_columns(seen(released), 3, 20, Draws(SEED))]
    for found in made:
        counted = [
            sum(all(low <= row[column] <= high for column, low, high in zip(*parts, strict=True)) for row in original)
            for parts in zip(found.column.tolist(), found.low.tolist(), found.high.tolist(), strict=True)
        ]
        assert found.fitting(seen(original)).tolist() == counted


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(PEOPLE)
def test_every_description_of_a_person_fits_that_person(released):
    assert (of_several_columns(seen(released), 4, 30, Draws(SEED)).fitting(seen(released)) >= 1).all()


def test_a_description_counts_once_however_often_it_was_drawn():
    made = of_several_columns(crowd(3, 1), 4, 50, Draws(SEED))
    once = made.with_more(made)
    rows = {tuple(row) for row in np.hstack([made.column, made.low, made.high]).tolist()}
    assert len(once) == len(rows) <= 3


def apart(one, other, columns, rows):
    far = 0.0
    for n in columns:
        if n in (1, 2):
            values = [row[n] for row in rows]
            far += abs(one[n] - other[n]) / ((max(values) - min(values)) or 1)
        else:
            far += one[n] != other[n]
    return far


def nearest(one, released, columns, rows):
    far = [apart(one, other, columns, rows) for other in released]
    return {n for n, f in enumerate(far) if f <= min(far) + 1e-9}


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(PEOPLE, PEOPLE)
def test_links_and_guesses_are_those_of_somebody_who_compares_one_by_one(released, targets):
    rows = [*released, *targets]
    links = guesses = 0.0
    for one in targets:
        public, records = nearest(one, released, (0, 1), rows), nearest(one, released, (2, 3), rows)
        links += len(public & records) / (len(public) * len(records))
        near = nearest(one, released, (0, 1, 2), rows)
        guesses += sum(released[n][3] == one[3] for n in near) / len(near)
    assert isclose(linked(seen(targets), seen(released)), links, abs_tol=1e-9)
    assert isclose(inferred(seen(targets), seen(released), 3), guesses, abs_tol=1e-9)


def test_the_records_themselves_are_singled_out_and_a_release_of_other_people_gains_nothing():
    original, control = crowd(400, 1), crowd(400, 2)
    told = {a.kind: a for a in measure(original, original, control, Draws(SEED))}
    assert tuple(told) == KINDS
    four = told["singling_out_four"]
    assert four.rate == Rate.of(four.attacks, four.attacks).value  # every single one
    assert told["singling_out_four"].gain.low > 0.5
    strange = {a.kind: a for a in measure(original, crowd(400, 3), control, Draws(SEED))}
    assert all(a.gain.low == 0 for a in strange.values())


def test_too_few_people_are_not_attacked():
    assert measure(crowd(FEWEST - 1, 1), crowd(FEWEST - 1, 1), crowd(400, 2), Draws(SEED)) == ()


def test_a_rate_is_wilsons_and_a_risk_what_lies_above_the_control():
    # Figures of Wilson's interval for 10 of 100: 0.0552 to 0.1744.
    rate = Rate.of(10, 100)
    assert (round(rate.value - rate.error, 4), round(rate.value + rate.error, 4)) == (0.0552, 0.1744)
    assert round(Gain.over(Rate(0.6, 0.0), Rate(0.2, 0.0)).value, 9) == 0.5
    assert Gain.over(Rate(0.1, 0.01), Rate(0.2, 0.01)).value == 0


def hospital(people):
    births = "\n".join(f"{p} | {8507 + 25 * (p % 2)} | {1950 + p % 40} | 0" for p in range(1, people + 1))
    rows = [(p, n) for p in range(1, people + 1) for n in range(p % 13)]
    visits = "\n".join(f"{i} | {p} | {9201 + n % 2} | 2018-01-{n + 1:02}" for i, (p, n) in enumerate(rows, 1))
    draw = "\n".join(
        f"{p} | {'case' if p % 2 else 'control'} | 2018-03-01 | {(p + 1) // 2} | 1.0" for p in range(1, people + 1)
    )
    return {
        "person": f"person_id | gender_concept_id | year_of_birth | race_concept_id\n{births}",
        "visit_occurrence": f"visit_occurrence_id | person_id | visit_concept_id | visit_start_date\n{visits}",
    }, f"person_id | role | index_date | set_id | weight\n{draw}"


def test_a_release_tells_what_attacks_gain_and_a_policy_may_set_a_limit(tmp_path):
    content, draw = hospital(120)
    _, report = run(tmp_path / "told", content, draw)
    assert {a.kind for a in report.attacks} == {"singling_out_four", "linkability", "inference"}
    assert report.attacks == run(tmp_path / "again", content, draw)[1].attacks
    told = json.loads((tmp_path / "told" / "out" / "risk.json").read_text())["attacks"]
    assert told == {"limit": 1.0, "made": [a.to_json() for a in report.attacks]}
    most = max(a.gain.value for a in report.attacks)
    with pytest.raises(GateRefused, match=r"gains \d+% over guessing .* allows \d+% \(settings.attack_limit\)"):
        run(tmp_path / "limited", content, draw, policy(attack_limit=most / 2))


def test_people_of_whom_the_release_tells_nothing_are_not_attacked(tmp_path):
    content, draw = hospital(120)
    _, report = run(tmp_path, {"person": content["person"]}, draw)
    assert {a.kind for a in report.attacks} <= {"singling_out_one", "singling_out_four"}


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_picture_names_every_attack_with_its_risk(language):
    attack = measure(crowd(100, 1), crowd(100, 1), crowd(100, 2), Draws(SEED))[0]
    drawn = attacks_plot([attack.to_json(), {**attack.to_json(), "attack": "inference"}], language)
    assert LABELS["inference"][language] in drawn
    assert f"{attack.gain.value:.0%}" in drawn
