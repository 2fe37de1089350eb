"""The propensity score: who is like a case, and whether the draw is balanced."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from cdm import open_source
from cdm.engine import Limits, connect
from cdm.errors import BadInput
from cohorts.draw import draw
from cohorts.draw.alternatives import alternatives
from cohorts.draw.candidates import Points, boxes
from cohorts.draw.covariates import Observed
from cohorts.draw.matching import match
from cohorts.draw.offers import Pairing, offer_near
from cohorts.draw.order import keyed_order
from cohorts.draw.pool import open_pool
from cohorts.draw.propensity import fit, score
from cohorts.draw.refine import Who, refine
from cohorts.draw.spec import DrawSpec
from cohorts.draw.terms import Linear, Term, sum_of_bits
from tests.cohorts.draw.hospital import unlike_hospital

FEW = settings(max_examples=40, deadline=None, derandomize=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("propensity")
    unlike_hospital(folder, 20_000)[0].close()
    return folder


def run(folder, out="draw.parquet", limits=None, **spec):
    asked = DrawSpec(**({"cases": 300, "controls": 300, "design": "propensity", "match": ()} | spec))
    with open_source(f"duckdb://{folder / 'hospital.duckdb'}?schema=cdm", folder) as source:
        report = draw(source, folder / "cohort.parquet", asked, folder / out, limits)
    return report, pq.read_table(folder / out)


def worst(report, when):
    known = [getattr(b, f"smd_{when}") for b in report.balance if b.covariate != "follow_up"]
    return max(abs(smd) for smd in known if smd is not None)


def test_cases_and_controls_differ_before_and_hardly_after(folder):
    report, _ = run(folder)
    assert worst(report, "before") > 0.5
    assert worst(report, "after") <= 0.03, "300 pairs: a single exchange moves a share by 0.007"
    assert report.drawn.cases == report.drawn.controls == 300


def test_without_a_target_the_score_alone_leaves_what_chance_leaves(folder):
    with_target, _ = run(folder)
    without, _ = run(folder, propensity={"target": None})
    assert without.pairs_exchanged == 0
    assert with_target.pairs_exchanged > 0
    assert worst(with_target, "after") < worst(without, "after") < 0.25


def test_frequent_concepts_are_covariates_of_their_own(folder):
    report, _ = run(folder)
    names = {b.covariate for b in report.balance}
    assert {"condition_100", "drug_500"} <= names
    less, _ = run(folder, propensity={"most_frequent": 0})
    assert not {b.covariate for b in less.balance} & {"condition_100", "drug_500"}


def test_the_score_and_strata_hold_together(folder):
    _, table = run(folder, match=("sex",))
    sexes = duckdb.connect().execute(
        f"ATTACH '{folder / 'hospital.duckdb'}' AS h (READ_ONLY); SELECT person_id, gender_concept_id FROM h.cdm.person"
    )
    sex = dict(sexes.fetchall())
    by_set = {}
    for row in table.to_pylist():
        by_set.setdefault(row["set_id"], set()).add(sex[row["person_id"]])
    assert all(len(sexes) == 1 for sexes in by_set.values())


def test_every_control_lies_within_the_caliper_of_its_case(folder):
    spec = DrawSpec(cases=300, controls=600, design="propensity", match=())
    with open_source(f"duckdb://{folder / 'hospital.duckdb'}?schema=cdm", folder) as source:
        with connect() as con:
            scored = score(source, open_pool(con, source, folder / "cohort.parquet", spec), spec)
        draw(source, folder / "cohort.parquet", spec, folder / "pairs.parquet")
    at = dict(zip(scored.pool.cases.person.tolist(), scored.pool.cases.lo[:, 0].tolist(), strict=True))
    reach = {
        p: (lo, hi)
        for p, lo, hi in zip(
            *(
                a.tolist()
                for a in (scored.pool.controls.person, scored.pool.controls.lo[:, 0], scored.pool.controls.hi[:, 0])
            ),
            strict=True,
        )
    }
    rows = pq.read_table(folder / "pairs.parquet").to_pylist()
    case = {r["set_id"]: at[r["person_id"]] for r in rows if r["role"] == "case"}
    for r in rows:
        if r["role"] == "control":
            low, high = reach[r["person_id"]]
            assert low <= case[r["set_id"]] <= high


def test_the_same_bytes_on_any_number_of_threads(folder):
    got = []
    for threads in (1, 4):
        report, _ = run(folder, f"{threads}.parquet", Limits(threads=threads), controls=600)
        got.append(((folder / f"{threads}.parquet").read_bytes(), report.to_json()))
    assert got[0] == got[1]


def test_nine_in_ten_stay_when_the_database_grows_by_a_twentieth(tmp_path):
    drawn = []
    for people in (60_000, 63_000):
        folder = tmp_path / str(people)
        folder.mkdir()
        unlike_hospital(folder, people)[0].close()
        _, table = run(folder, cases=1500, controls=1500)
        drawn.append({(r["person_id"], r["role"]) for r in table.to_pylist()})
    assert len(drawn[0] & drawn[1]) >= 0.9 * len(drawn[0])


def test_the_model_finds_the_coefficients_that_made_the_data():
    rng = np.random.default_rng(4)
    x = rng.normal(size=(40_000, 2)).astype(np.float32)
    is_case = rng.random(40_000) < 1 / (1 + np.exp(2 - 0.8 * x[:, 0] + 0.5 * x[:, 1]))
    seen = Observed({"a": x[:, 0], "b": x[:, 1]})
    model = fit(seen, np.arange(40_000), is_case)
    made = model.of(seen, np.arange(40_000))
    slope = np.linalg.lstsq(np.column_stack([x, np.ones(len(x))]).astype(float), made, rcond=None)[0]
    assert slope[:2] == pytest.approx([0.8, -0.5], abs=0.05)


def test_nothing_to_go_by_is_said():
    seen = Observed({"a": np.zeros(10, np.float32)})
    with pytest.raises(BadInput, match="nothing to go by"):
        fit(seen, np.arange(10), np.arange(10) < 5)


def test_a_missing_value_is_a_term_of_its_own():
    values = np.array([1.0, np.nan])
    assert Term("a", "missing").of(values).tolist() == [0, 1]
    assert Term("a", "value", fill=5).of(values).tolist() == [1, 5]
    assert Term("a", "hinge", at=0.25, fill=5).of(values).tolist() == [0.75, 4.75]


@FEW
@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=20), st.integers(1, 64))
def test_weights_of_bits_add_up(numbers, count):
    weights = np.arange(1.0, count + 1)
    bits = np.array(numbers, np.uint64)
    assert sum_of_bits(bits, weights).tolist() == [sum(n + 1 for n in range(count) if b >> n & 1) for b in numbers]


def scores(seed, cases, controls, strata, dims=1, half=40):
    rng = np.random.default_rng(seed)
    points = Points(rng.integers(0, strata, cases), rng.integers(0, 1000, (cases, dims)))
    at = rng.integers(0, 1000, (controls, dims))
    half = np.append(half, np.full(dims - 1, 300))
    some, _ = boxes(
        rng.integers(0, strata, controls).astype(np.int32), (at - half).astype(np.int32), (at + half).astype(np.int32),
        keyed_order(np.arange(controls), seed, 2),
    )  # fmt: skip
    can = (points.stratum[:, None] == some.stratum) & (
        (some.lo <= points.at[:, None]) & (points.at[:, None] <= some.hi)
    ).all(axis=2)
    return points, some, can


@FEW
@given(st.integers(0, 9999), st.integers(1, 30), st.integers(1, 400), st.integers(1, 3), st.integers(1, 2))
def test_alternatives_fit_and_are_all_there_are_where_few_fit(seed, cases, controls, strata, dims):
    points, some, can = scores(seed, cases, controls, strata, dims)
    case, owner = alternatives(points, some, keyed_order(np.arange(cases), seed, 3), np.arange(cases), 8)
    assert can[case, owner].all()
    assert len(set(zip(case.tolist(), owner.tolist(), strict=True))) == len(case)
    assert (np.bincount(case, minlength=cases) >= np.minimum(can.sum(axis=1), 4)).all()


@FEW
@given(st.integers(0, 9999), st.integers(1, 4), st.integers(1, 3))
def test_cases_of_one_part_have_the_alternatives_that_they_have_among_all(seed, strata, bits):
    points, some, _ = scores(seed, 60, 900, strata)
    salt = keyed_order(np.arange(60), seed, 3)
    mine = np.flatnonzero(salt >> np.uint64(64 - bits) == 0)
    whole, part = alternatives(points, some, salt, mine, 8), alternatives(points, some, salt, mine, 8, bits)
    assert sorted(zip(*(x.tolist() for x in part), strict=True)) == sorted(
        zip(*(x.tolist() for x in whole), strict=True)
    )


@FEW
@given(st.integers(0, 9999), st.integers(1, 40), st.integers(1, 80), st.integers(1, 2), st.integers(1, 3))
def test_the_near_first_and_then_repair_reach_the_maximum_flow(seed, cases, controls, strata, ratio):
    points, some, can = scores(seed, cases, controls, strata)
    got = match(points, some, cases, ratio, first_pass=offer_near)
    copies = csr_array(np.repeat(can, ratio, axis=0))
    assert len(got.case) == int((maximum_bipartite_matching(copies, perm_type="column") >= 0).sum())
    assert can[got.case, got.owner].all()


def test_a_near_control_is_taken_before_one_at_the_edge_of_the_caliper():
    points = Points(np.zeros(1, np.int64), np.array([[100]]))
    at = np.array([[135], [104]])
    some, place = boxes(
        np.zeros(2, np.int32), (at - 40).astype(np.int32), (at + 40).astype(np.int32), np.arange(2, dtype=np.uint64)
    )
    pairing = Pairing.empty(1, 2)
    offer_near(points, some, np.arange(1), pairing)
    assert pairing.mate[np.argsort(place)].tolist() == [-1, 0]


@FEW
@given(st.integers(0, 9999))
def test_an_exchange_keeps_sets_and_calipers_and_never_worsens_the_worst(seed):
    points, some, can = scores(seed, 60, 600, 1, half=200)
    rng = np.random.default_rng(seed)
    seen = Observed({"a": rng.normal(size=660), "b": (rng.random(660) < 0.2).astype(float)}, (), {"b": "flag"})
    pairing = Pairing.empty(60, 600)
    offer_near(points, some, np.arange(60), pairing)
    edges = alternatives(points, some, keyed_order(np.arange(60), seed, 3), np.flatnonzero(pairing.degree), 16)
    who = Who(seen, np.arange(60), np.arange(60, 660))

    def apart():
        owner = np.flatnonzero(pairing.mate >= 0)
        gaps = []
        for column in seen.numbers.values():
            one, other = column[np.flatnonzero(pairing.degree)], column[60 + owner]
            gaps.append(abs(one.mean() - other.mean()) / np.sqrt((one.var(ddof=1) + other.var()) / 2))
        return max(gaps)

    before, degree = apart(), pairing.degree.copy()
    exchanged = refine(pairing, np.flatnonzero(pairing.degree), who, 0.01, [lambda: edges])
    owner = np.flatnonzero(pairing.mate >= 0)
    assert can[pairing.mate[owner], owner].all()
    assert (np.bincount(pairing.mate[owner], minlength=60) == degree).all()
    assert apart() <= before + 1e-9
    assert exchanged > 0 or apart() <= 0.01 or before == apart()


def test_a_linear_score_is_the_sum_of_its_terms():
    seen = Observed({"a": np.array([1.0, 2.0])})
    assert Linear((Term("a", "value"), Term("a", "level", 2.0)), np.array([0.5, 3.0])).of(
        seen, np.arange(2)
    ).tolist() == [0.5, 4.0]


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"design": "exact", "propensity": {}}, "design: propensity only"),
        ({"index_date": "case"}, "own index date"),
        ({"propensity": {"caliper": 0}}, "greater than 0"),
    ],
)
def test_an_impossible_propensity_design_is_refused_in_a_sentence(spec, said):
    with pytest.raises(ValueError, match=said):
        DrawSpec(**({"cases": 10, "controls": 10, "design": "propensity"} | spec))


def test_controls_may_serve_again(folder):
    _, table = run(folder, controls=1200, replacement=True)
    controls = [r["person_id"] for r in table.to_pylist() if r["role"] == "control"]
    assert len(set(controls)) < len(controls)
