"""MatchIt's example data (Lalonde 1986; Dehejia and Wahba 1999) by way of cohortmatch, where its designs are ours."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from cohorts.draw.balance import moments
from cohorts.draw.candidates import Points, boxes
from cohorts.draw.covariates import Observed
from cohorts.draw.matching import match
from cohorts.draw.offers import offer_near
from cohorts.draw.order import keyed_order
from cohorts.draw.pool import Pool, Side
from cohorts.draw.propensity import fit
from cohorts.draw.sets import make_sets
from cohorts.draw.spec import DrawSpec

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of what the peer imports
    import cohortmatch
    from cohortmatch.datasets import load_lalonde

pytestmark = pytest.mark.filterwarnings(
    "ignore::cohortmatch.IncompleteMatchWarning", "ignore::cohortmatch.ApproximateMatchWarning"
)
NUMBERS = ["age", "educ", "married", "nodegree", "re74", "re75"]


@pytest.fixture(scope="module")
def lalonde():
    return load_lalonde()


def side(strata, first):
    n, none = len(strata), np.empty((len(strata), 0), np.int32)
    return Side(np.arange(first, first + n), np.asarray(strata, np.int32), np.zeros(n, np.int32), none, none)


def exact_pairs(data, factors, ratio=1):
    """Pairs of an exact draw of everybody treated, matched on some columns."""
    code = data.groupby(factors, sort=True).ngroup().to_numpy()
    treated = data["treat"].to_numpy() == 1
    pool = Pool(
        side(code[treated], 0), side(code[~treated], 1000), tuple({"race": str(n)} for n in range(code.max() + 1))
    )
    spec = DrawSpec(cases=int(treated.sum()), controls=int(treated.sum()) * ratio, match=("race",))
    return int(make_sets(pool, spec).sizes.sum())


def test_the_data_are_those_that_matchit_publishes(lalonde):
    assert (len(lalonde), int(lalonde["treat"].sum())) == (614, 185)


@pytest.mark.parametrize(
    ("covariate", "published"),
    [("age", -0.3094), ("educ", 0.0550), ("married", -0.8263), ("re74", -0.7211), ("re75", -0.2903)],
)
def test_differences_of_means_are_those_in_matchits_summary(lalonde, covariate, published):
    """MatchIt divides by the spread of the treated (of a share: p(1 - p)); ours by that of both sides. The means are the same."""
    treated = lalonde["treat"].to_numpy() == 1
    values = lalonde[covariate].to_numpy(float)
    (mean1, var1), (mean0, _) = (moments(values[some], np.ones(int(some.sum()))) for some in (treated, ~treated))
    spread = np.sqrt(mean1 * (1 - mean1)) if covariate == "married" else np.sqrt(var1)
    assert (mean1 - mean0) / spread == pytest.approx(published, abs=5e-5)


@pytest.mark.parametrize(("factors", "pairs"), [(["race"], 116), (["race", "married", "nodegree"], 111)])
def test_exact_strata_give_as_many_pairs_as_cohortmatch(lalonde, factors, pairs):
    peer = cohortmatch.match(lalonde, treatment="treat", covariates=["age"], exact=factors, random_state=1)
    assert len(peer.pairs) == exact_pairs(lalonde, factors) == pairs


def test_of_one_to_two_each_stratum_gives_what_it_has(lalonde):
    sizes = lalonde.groupby(["race", "treat"]).size().unstack(fill_value=0)
    assert exact_pairs(lalonde, ["race"], 2) == int(np.minimum(2 * sizes[1], sizes[0]).sum())


def test_of_yes_and_no_covariates_the_score_is_that_of_cohortmatch(lalonde):
    """Of numbers it is not: ours has logarithms and bends, too."""
    flags = ["married", "nodegree", "black", "hispan"]
    peer = cohortmatch.match(lalonde, treatment="treat", covariates=flags, random_state=1)
    seen = Observed({name: lalonde[name].to_numpy(float) for name in flags}, (), dict.fromkeys(flags, "flag"))
    rows = np.arange(len(lalonde))
    ours = fit(seen, rows, lalonde["treat"].to_numpy() == 1).of(seen, rows)
    theirs = np.asarray(peer.propensity_scores, float)
    assert np.corrcoef(ours, np.log(theirs / (1 - theirs)))[0, 1] > 0.99


def test_within_one_caliper_no_fewer_pairs_than_nearest_neighbours_and_as_many_as_there_can_be(lalonde):
    peer = cohortmatch.match(lalonde, treatment="treat", covariates=NUMBERS, caliper=0.2, random_state=1)
    score = np.clip(np.asarray(peer.propensity_scores, float), 1e-6, 1 - 1e-6)
    logit = np.rint(np.log(score / (1 - score)) * 1e5).astype(np.int64)
    treated = lalonde["treat"].to_numpy() == 1
    wide = int(0.2 * np.sqrt((logit[treated].var() + logit[~treated].var()) / 2))
    at = logit[~treated][:, None]
    points = Points(np.zeros(int(treated.sum()), np.int64), logit[treated][:, None])
    some, _ = boxes(
        np.zeros(len(at), np.int32),
        (at - wide).astype(np.int32),
        (at + wide).astype(np.int32),
        keyed_order(np.arange(len(at)), 1, 2),
    )
    can = (some.lo[:, 0] <= points.at) & (points.at <= some.hi[:, 0])
    best = int((maximum_bipartite_matching(csr_array(can), perm_type="column") >= 0).sum())
    assert len(match(points, some, len(points), 1, first_pass=offer_near).case) == best >= len(peer.pairs) - 1


def test_where_everybody_is_observed_from_the_first_day_risk_sets_are_cohortmatchs():
    """cohortmatch knows no entry into observation. Its later cases are controls until their event, as ours are."""
    import pandas as pd
    from cohortmatch.risk_set import match_risk_set

    rng = np.random.default_rng(3)
    n = 300
    time, ill, sex = rng.permutation(n) + 1, rng.random(n) < 0.3, rng.integers(0, 2, n)
    frame = pd.DataFrame({"time": time, "ill": ill.astype(int), "sex": sex})
    found = match_risk_set(
        frame, event_time="time", event="ill", exact=["sex"], ratio=3, replace=False, random_state=1
    ).sets
    theirs = found[found["case"] == 0]
    day = dict(zip(range(n), time, strict=True))
    case_of = found[found["case"] == 1].set_index("set_id")["unit_id"]
    assert all(
        day[unit] >= day[case_of[number]] for number, unit in zip(theirs["set_id"], theirs["unit_id"], strict=True)
    )
    points = Points(sex[ill].astype(np.int64), time[ill][:, None].astype(np.int64))
    until = np.where(ill, time - 1, time)[:, None]
    some, _ = boxes(
        sex.astype(np.int32), np.zeros((n, 1), np.int32), until.astype(np.int32), keyed_order(np.arange(n), 1, 2)
    )
    can = (points.stratum[:, None] == some.stratum) & (points.at <= some.hi[:, 0])
    best = int((maximum_bipartite_matching(csr_array(np.repeat(can, 3, axis=0)), perm_type="column") >= 0).sum())
    assert len(match(points, some, len(points), 3).case) == best >= len(theirs)
