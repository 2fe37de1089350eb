"""From a pool to matched sets: order, matching, set numbers, index dates, weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cohorts.draw.candidates import Boxes, Ints, Points, Small, boxes, fits
from cohorts.draw.matching import Matched, match
from cohorts.draw.order import UInt64, keyed_order
from cohorts.draw.pool import Pool, Side
from cohorts.draw.replacement import match_with_replacement
from cohorts.draw.spec import DrawSpec

Floats = npt.NDArray[np.float64]

CASES, CONTROLS, SETS = 1, 2, 3
SAMPLED, CASES_AT_ONCE = 512, 2_000

FIELDS: dict[str, pa.DataType] = {
    "person_id": pa.int64(),
    "role": pa.string(),
    "index_date": pa.date32(),
    "set_id": pa.int64(),
    "weight": pa.float64(),
}
SCHEMA = pa.schema(FIELDS)


@dataclass(frozen=True)
class Sets:
    """The draw as rows, and how it came about.

    table: as `SCHEMA`, sorted by set_id, role, person_id; unmatched, drawn: cases per stratum code;
    repaired: pairs that augmenting paths brought in; sizes: controls of every set.
    """

    table: pa.Table
    unmatched: Ints
    drawn: Ints
    repaired: int
    sizes: Ints


def make_sets(pool: Pool, spec: DrawSpec) -> Sets:
    """Draw and match. The same pool (in any row order), specification and seed give the same rows."""
    codes = len(pool.strata)
    by = quota_order(pool.cases.stratum.astype(np.int64), keyed_order(pool.cases.person, spec.seed, CASES))
    cases = _rows(pool.cases, by)
    points = Points(cases.stratum.astype(np.int64), cases.lo.astype(np.int64))
    some, place = _boxes(pool.controls, spec.seed)
    matched = _match(points, some, spec)
    at = place[np.searchsorted(some.owner, matched.owner)]
    person = pool.controls.person[at]
    day = cases.day[matched.case] if spec.index_from_case else pool.controls.day[at]
    weight = _weights(points, some, matched, spec)
    drawn = np.bincount(cases.stratum[matched.served], minlength=codes)
    available = np.bincount(cases.stratum, minlength=codes)
    case_weight = (available / np.maximum(drawn, 1))[cases.stratum[matched.served]]
    number = _numbers(cases.person[matched.served], spec.seed)
    return Sets(
        _table(
            np.append(cases.person[matched.served], person),
            np.append(np.zeros(len(matched.served), np.int64), np.ones(len(person), np.int64)),
            np.append(cases.day[matched.served], day),
            np.append(number, number[np.searchsorted(matched.served, matched.case)]),
            np.append(case_weight, weight),
        ),
        np.bincount(cases.stratum[matched.unmatched], minlength=codes),
        drawn,
        int(matched.repaired.sum()),
        np.bincount(np.searchsorted(matched.served, matched.case), minlength=len(matched.served)),
    )


def _boxes(controls: Side, seed: int) -> tuple[Boxes, Ints]:
    """Sort the controls of the cases' strata; also the row of every box."""
    if (controls.stratum >= 0).all():
        return boxes(controls.stratum, controls.lo, controls.hi, keyed_order(controls.person, seed, CONTROLS))
    rows = np.flatnonzero(controls.stratum >= 0)
    some = _rows(controls, rows)
    found, by = boxes(some.stratum, some.lo, some.hi, keyed_order(some.person, seed, CONTROLS))
    return found, rows[by]


def quota_order(stratum: Ints, order: UInt64) -> Ints:
    """Order the cases as they are taken: any first part of it holds every stratum in its share.

    Within a stratum by the random order; the r-th of n stands at (r - 1/2) / n of the whole.
    """
    by = np.lexsort((order, stratum))
    sizes = np.bincount(stratum)
    starts = np.cumsum(sizes) - sizes
    rank = np.arange(len(by)) - starts[stratum[by]]
    place = (2 * rank + 1) / (2 * sizes[stratum[by]])
    return by[np.lexsort((order[by], place))]


def _match(points: Points, some: Boxes, spec: DrawSpec) -> Matched:
    if spec.ratio == 0:
        none = np.empty(0, np.int64)
        return Matched(none, none, none, np.arange(min(spec.cases, len(points))), none)
    if spec.replacement:
        return match_with_replacement(points, some, spec.cases, spec.ratio)
    return match(points, some, spec.cases, spec.ratio, spec.objective == "most_full_sets")


def _rows(side: Side, by: Ints) -> Side:
    return Side(side.person[by], side.stratum[by], side.day[by], side.lo[by], side.hi[by])


def _numbers(cases: Ints, seed: int) -> Ints:
    """Set numbers from 1 in a random order of their own, so that they do not follow the person ids."""
    number = np.empty(len(cases), np.int64)
    number[np.argsort(keyed_order(cases, seed, SETS))] = np.arange(1, len(cases) + 1)
    return number


def _weights(points: Points, some: Boxes, matched: Matched, spec: DrawSpec) -> Floats:
    """For how many people a control stands: the inverse of its sampling fraction.

    exact: controls of its stratum / controls drawn from it. risk_set: people at risk for its case / controls
    of the set (Langholz and Goldstein, Conditional logistic analysis of case-control studies with complex
    sampling, 2001).
    """
    if not len(matched.case):
        return np.empty(0, np.float64)
    if spec.design == "risk_set":
        served, size = np.unique(matched.case, return_counts=True)
        return (at_risk(points, some, served) / size)[np.searchsorted(served, matched.case)]
    first = np.searchsorted(some.owner, np.arange(some.owners))
    available = np.bincount(some.stratum[first], minlength=int(points.stratum.max()) + 1)
    used = np.unique(matched.owner)
    drawn = np.bincount(some.stratum[first[used]], minlength=len(available))
    weight: Floats = (available / np.maximum(drawn, 1))[points.stratum[matched.case]]
    return weight


def at_risk(points: Points, some: Boxes, cases: Ints) -> Floats:
    """Count the spells that hold each case.

    Exact with up to one scale. With more, the first is a caliper, of equal width for all; of the spells within it up
    to `SAMPLED`, evenly spaced in the random order, are looked at, and their share is scaled up.
    """
    stratum = points.stratum[cases]
    if not points.at.shape[1]:
        return np.asarray(
            np.searchsorted(some.stratum, stratum, "right") - np.searchsorted(some.stratum, stratum, "left"), np.float64
        )
    begins = _key(some.stratum, some.lo[:, 0])
    at = points.at[cases, 0]
    if points.at.shape[1] == 1:
        begun = np.searchsorted(np.sort(begins), _key(stratum, at), "right")
        over = np.searchsorted(np.sort(_key(some.stratum, some.hi[:, 0])), _key(stratum, at), "left")
        return np.asarray(begun - over, np.float64)
    by = np.argsort(begins, kind="stable")
    begins = begins[by]
    wide = int(some.hi[0, 0] - some.lo[0, 0]) if len(some) else 0
    start = np.searchsorted(begins, _key(stratum, at - wide), "left")
    size = np.searchsorted(begins, _key(stratum, at), "right") - start
    return _share(points, some, cases, by, start, size) * size


def _key(stratum: Ints | Small, coordinate: Ints | Small) -> Ints:
    key: Ints = (stratum.astype(np.int64) << np.int64(32)) | (coordinate + np.int64(2**31))
    return key


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
        inside = fits(points, cases[part][case], some, box)
        count[part] = np.bincount(case[inside], minlength=len(n))
    # A drawn case is held by one spell at least, whether the sample met it or not.
    share: Floats = np.maximum(count, 1) / np.maximum(look, 1)
    return share


def _table(person: Ints, role: Ints, day: Ints, set_id: Ints, weight: Floats) -> pa.Table:
    by = np.lexsort((person, role, set_id))
    names = pa.array(np.array(["case", "control"])[role[by]])
    columns = [
        pa.array(person[by]),
        names,
        pa.array(day[by].astype(np.int32), pa.int32()).cast(pa.date32()),
        pa.array(set_id[by]),
        pa.array(np.round(weight[by], 9)),
    ]
    return pa.Table.from_arrays(columns, schema=SCHEMA)
