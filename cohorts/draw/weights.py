"""Sampling weights: for how many people a row of the draw stands, told so that they give no small number away.

A weight is the inverse of a sampling fraction. Multiplied with the people drawn it would tell how many there are, stratum
by stratum, so what it is made of is told coarsely (`told`) and not for a few people alone (`classes`).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cohorts.draw.candidates import Boxes, Ints, Points, fits, pack
from cohorts.draw.matching import Matched

Floats = npt.NDArray[np.float64]

SAMPLED, CASES_AT_ONCE = 512, 2_000
SHARED_BELOW = 5
"""So many units of people need a stratum or a risk set to have a weight of its own."""


def case_weights(points: Points, matched: Matched, unit: int) -> Floats:
    """Weights of the served cases: cases of the stratum to cases drawn from it. unit: see `told`."""
    codes = int(points.stratum.max(initial=-1)) + 1
    stratum = points.stratum[matched.served]
    available, drawn = np.bincount(points.stratum, minlength=codes), np.bincount(stratum, minlength=codes)
    return _by_stratum(available, drawn, unit)[stratum]


def control_weights(points: Points, some: Boxes, matched: Matched, of_risk_set: bool, unit: int) -> Floats:
    """Weights of the matched controls, pair by pair. unit: see `told`.

    Of risk sets: people at risk for the case to controls of its set (Langholz and Goldstein, Conditional logistic
    analysis of case-control studies with complex sampling, Biostatistics 2, 2001); else: controls of the stratum to
    controls drawn from it.
    """
    if not len(matched.case):
        return np.empty(0, np.float64)
    if of_risk_set:
        served, size = np.unique(matched.case, return_counts=True)
        risk = np.rint(at_risk(points, some, served)).astype(np.int64)
        by = np.lexsort((served, points.at[served, -1], points.stratum[served]))
        weight = np.empty(len(served))
        weight[by] = coarse(np.maximum(risk, size)[by], size[by], unit)
        return weight[np.searchsorted(served, matched.case)]
    codes = int(points.stratum.max()) + 1
    first = some.first
    available = np.bincount(some.stratum[first], minlength=codes)
    drawn = np.bincount(some.stratum[first[np.unique(matched.owner)]], minlength=codes)
    return _by_stratum(available, drawn, unit)[points.stratum[matched.case]]


def _by_stratum(available: Ints, drawn: Ints, unit: int) -> Floats:
    weight = np.ones(len(available))
    some = np.flatnonzero(drawn)
    weight[some] = coarse(available[some], drawn[some], unit)
    return weight


def coarse(available: Ints, drawn: Ints, unit: int) -> Floats:
    """Available people to drawn ones of each group, made of `told` numbers of `classes` of groups."""
    group = classes(available, SHARED_BELOW * unit if unit > 1 else 1)
    there, taken = np.bincount(group, available).astype(np.int64), np.bincount(group, drawn).astype(np.int64)
    weight: Floats = told(there, taken, unit) / np.maximum(taken, 1)
    return weight[group]


def told(available: Ints, drawn: Ints, unit: int) -> Ints:
    """Available people as a multiple of `unit`, such that nobody can tell that 1 to unit - 1 of them were left over.

    Whoever holds the draw knows `drawn`. Where all were drawn it is said (nobody is left over); else the number is
    at least a unit above the drawn.
    """
    near = (available + unit // 2) // unit * unit
    least = (drawn + 2 * unit - 1) // unit * unit
    number: Ints = np.where((available == drawn) | (unit == 1), available, np.maximum(near, least))
    return number


def classes(size: Ints, least: int) -> Ints:
    """Number the groups anew: one of at least `least` people stands alone, smaller ones join the next small ones until enough.

    Next by the order of the strata, which says nothing of their size. Too few left over join whoever stands beside them.
    """
    out = np.arange(len(size))
    joined: list[int] = []
    for n in np.flatnonzero(size < least).tolist():
        joined.append(n)
        if size[joined].sum() >= least:
            out[joined] = joined[0]
            joined = []
    others = np.setdiff1d(np.arange(len(size)), joined)
    if joined:
        out[joined] = out[others[np.abs(others - joined[0]).argmin()]] if len(others) else joined[0]
    return np.unique(out, return_inverse=True)[1]


def at_risk(points: Points, some: Boxes, cases: Ints) -> Floats:
    """Count the spells that hold each case.

    Exact with up to one scale. With more, the first is a caliper; of the spells that begin within its greatest width up
    to `SAMPLED`, evenly spaced, are looked at, and their share is scaled up.
    """
    stratum = points.stratum[cases]
    if not points.at.shape[1]:
        return np.asarray(
            np.searchsorted(some.stratum, stratum, "right") - np.searchsorted(some.stratum, stratum, "left"), np.float64
        )
    begins = pack(some.stratum, some.lo[:, 0])
    at = points.at[cases, 0]
    if points.at.shape[1] == 1:
        begun = np.searchsorted(np.sort(begins), pack(stratum, at), "right")
        over = np.searchsorted(np.sort(pack(some.stratum, some.hi[:, 0])), pack(stratum, at), "left")
        return np.asarray(begun - over, np.float64)
    by = np.argsort(begins, kind="stable")
    begins = begins[by]
    wide = int((some.hi[:, 0].astype(np.int64) - some.lo[:, 0]).max(initial=0))
    start = np.searchsorted(begins, pack(stratum, at - wide), "left")
    size = np.searchsorted(begins, pack(stratum, at), "right") - start
    return _share(points, some, cases, by, start, size) * size


def _share(points: Points, some: Boxes, cases: Ints, by: Ints, start: Ints, size: Ints) -> Floats:
    """Find the part of `size` boxes, from `start` on in the order `by`, that hold each case in all coordinates."""
    count = np.zeros(len(cases), np.float64)
    look = np.minimum(size, SAMPLED)
    for first in range(0, len(cases), CASES_AT_ONCE):
        part = slice(first, first + CASES_AT_ONCE)
        n = look[part]
        case = np.repeat(np.arange(len(n)), n)
        step = np.arange(len(case)) - np.repeat(np.cumsum(n) - n, n)
        box = by[start[part][case] + step * size[part][case] // n[case]]
        at = points.at[cases[part][case], 0]
        inside = (at <= some.hi[box, 0]) & fits(points, cases[part][case], some, box)
        count[part] = np.bincount(case[inside], minlength=len(n))
    # A drawn case is held by one spell at least, whether the sample met it or not.
    share: Floats = np.maximum(count, 1) / np.maximum(look, 1)
    return share
