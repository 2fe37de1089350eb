"""The propensity score: how likely somebody with these covariates is a case, and who lies within a caliper of whom."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from cdm.engine import Limits, connect
from cdm.errors import BadInput
from cdm.source import Source
from cohorts.draw.candidates import Small
from cohorts.draw.covariates import Observed, observe
from cohorts.draw.order import keyed_order
from cohorts.draw.pool import Pool, Side
from cohorts.draw.roster import Roster
from cohorts.draw.spec import DrawSpec
from cohorts.draw.terms import Floats, Linear, Rows, columns_of, terms_of

FIT = 2
FIT_AT_LEAST = 20_000
"""The model is fitted to all cases and to so many controls a case, the first in a random order."""
STEPS = 100_000
FAR = 300.0
_PURPOSE = 4


@dataclass(frozen=True)
class Scored:
    """A pool whose first scale is the propensity score.

    seen: covariates of everybody eligible; cases, controls: the row of each in it; score: the model.
    """

    pool: Pool
    seen: Observed
    cases: Rows
    controls: Rows
    score: Linear


def score(source: Source, pool: Pool, spec: DrawSpec, limits: Limits | None = None) -> Scored:
    """Fit the model and put the logit of the score, in steps of 1 / `STEPS`, before the other scales.

    The caliper is in standard deviations of the logit, pooled over cases and controls (Austin, Optimal caliper widths for
    propensity-score matching, Pharmaceutical Statistics 10, 2011). Raises BadInput where nothing tells cases from controls.
    """
    n = len(pool.cases.person)
    roster, row = Roster.of(
        np.append(pool.cases.person, pool.controls.person), np.append(pool.cases.day, pool.controls.day)
    )
    cases, controls = row[:n], row[n:]
    fitted = _fitted_on(pool, cases, controls, spec)
    among = np.zeros(len(roster), bool)
    among[fitted] = True
    with connect(limits) as con:
        seen = observe(con, source, roster, spec.covariates, frequent=(spec.score.most_frequent, among))
    model = fit(seen, fitted, np.arange(len(fitted)) < n)
    logit = np.rint(np.clip(model.of_all(seen, len(roster)), -FAR, FAR) * STEPS).astype(np.int32)
    wide = int(spec.score.caliper * _spread(logit[fitted[:n]], logit[fitted[n:]]))
    sides = (_scaled(pool.cases, logit[cases], 0), _scaled(pool.controls, logit[controls], wide))
    return Scored(replace(pool, cases=sides[0], controls=sides[1]), seen, cases, controls, model)


def _fitted_on(pool: Pool, cases: Rows, controls: Rows, spec: DrawSpec) -> Rows:
    """Choose who the model is fitted to: all cases first, then controls, both by person."""
    wanted = max(FIT * len(cases), FIT_AT_LEAST)
    order = keyed_order(pool.controls.person, spec.seed, _PURPOSE)
    some = np.arange(len(order))
    if len(order) > wanted:
        some = np.flatnonzero(order <= np.partition(order, wanted - 1)[wanted - 1])
    return np.append(np.sort(cases), np.sort(controls[some]))


def fit(seen: Observed, rows: Rows, is_case: npt.NDArray[np.bool_]) -> Linear:
    """Fit a logistic regression (ridge, of strength 1 on standardised terms) to some rows of a roster."""
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    terms = terms_of(seen, rows, curved=True)
    columns = columns_of(terms, seen, rows)
    spread = np.array([c.std() for c in columns])
    vary = np.flatnonzero(spread > 0)
    if not len(vary):
        raise BadInput(
            "The propensity score has nothing to go by: no covariate differs between people; declare `covariates`, "
            "or use design: exact."
        )
    z = np.stack([(columns[n] - columns[n].mean()) / spread[n] for n in vary], axis=1)
    # One thread: sums come out in another order on several, and the last digits with them. And so it stays: threads that
    # are let go wait for work in a busy loop, for a tenth of a second each.
    threadpool_limits(limits=1)
    model = LogisticRegression(solver="newton-cholesky", tol=1e-8, max_iter=100).fit(z, is_case)
    weights = np.zeros(len(columns))
    weights[vary] = np.round(model.coef_[0], 6) / spread[vary]
    return Linear(terms, weights)


def _spread(cases: Small, controls: Small) -> float:
    squares: Floats = np.array([cases.astype(np.float64).var(), controls.astype(np.float64).var()])
    return float(np.sqrt(squares.mean()))


def _scaled(side: Side, logit: Small, wide: int) -> Side:
    return replace(
        side,
        lo=np.concatenate([(logit - wide)[:, None], side.lo], axis=1),
        hi=np.concatenate([(logit + wide)[:, None], side.hi], axis=1),
    )
