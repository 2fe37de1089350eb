"""Why a case found no control: nobody of its kind, nobody near enough or at risk that day, or all of them serve others."""

from __future__ import annotations

import numpy as np

from cohorts.draw.candidates import Bools, Boxes, Ints, Points, pack, parts_of

NOBODY, NOT_AT_RISK, TOO_FAR, ALL_TAKEN = "no_control_in_stratum", "none_at_risk", "outside_caliper", "all_taken"
REASONS = (NOBODY, NOT_AT_RISK, TOO_FAR, ALL_TAKEN)
FIRST_LOOK = 64


def reasons(points: Points, some: Boxes, cases: Ints, dated: bool) -> Ints:
    """For each of some cases without a control the place in `REASONS` of what kept it from one.

    dated: the last scale is the days on which a control is at risk (the others are calipers). A case that lies within the
    calipers of somebody, and within none who is at risk that day, is 'none_at_risk'.
    """
    if not len(cases):
        return np.empty(0, np.int64)
    stratum = points.stratum[cases]
    there = np.searchsorted(some.stratum, stratum, "right") > np.searchsorted(some.stratum, stratum, "left")
    scales = points.at.shape[1]
    fits = np.zeros(len(cases), bool)
    fits[there] = _fits_any(points, some, cases[there], scales)
    near = np.ones(len(cases), bool)
    if dated and scales > 1:
        near[there] = _fits_any(points, some, cases[there], scales - 1)
    elif not dated:
        near = fits
    out: Ints = np.select([~there, fits, near], [0, 3, 1], 2)
    return out


def _nearby(points: Points, some: Boxes, cases: Ints) -> Ints:
    """The boxes of the cases' strata that reach over some of the first scale's span of the cases: few where the cases are odd."""
    if not len(cases):
        return np.empty(0, np.int64)
    at = points.at[cases, 0]
    near = (some.lo[:, 0] <= at.max()) & (some.hi[:, 0] >= at.min())
    mine = np.flatnonzero(near)
    return mine[np.isin(some.stratum[mine], points.stratum[cases])]


def _fits_any(points: Points, some: Boxes, cases: Ints, scales: int) -> Bools:
    """Whether each case lies in any box of its stratum, by the first `scales` coordinates.

    The boxes are read in the order of where they begin, in ever longer stretches, until a case has found one.
    """
    found = np.zeros(len(cases), bool)
    if not scales:
        return np.ones(len(cases), bool)
    mine = _nearby(points, some, cases)
    begins = pack(some.stratum[mine], some.lo[mine, 0])
    by = np.argsort(begins, kind="stable")
    begins, by = begins[by], mine[by]
    widest = int((some.hi[:, 0].astype(np.int64) - some.lo[:, 0]).max(initial=0))
    stratum, at = points.stratum[cases], points.at[cases, 0]
    # From the nearest beginning backwards: there a box is the likeliest to hold the case.
    end = np.searchsorted(begins, pack(stratum, at), "right")
    size = end - np.searchsorted(begins, pack(stratum, np.maximum(at - widest, -(2**31))), "left")
    open_, low, high = np.flatnonzero(size > 0), 0, FIRST_LOOK
    while len(open_):
        n = np.minimum(size[open_], high) - low
        for part in parts_of(n):
            case = np.repeat(open_[part], n[part])
            step = np.arange(len(case)) - np.repeat(np.cumsum(n[part]) - n[part], n[part]) + low
            box = by[end[case] - 1 - step]
            point = points.at[cases[case], :scales]
            good = ((some.lo[box, :scales] <= point) & (point <= some.hi[box, :scales])).all(axis=1)
            found[case[good]] = True
        open_ = open_[~found[open_] & (size[open_] > high)]
        low, high = high, high * 4
    return found
