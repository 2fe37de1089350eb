"""From a pool to matched sets: order, matching, set numbers, index dates, weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cohorts.draw.candidates import Boxes, Ints, Points, boxes
from cohorts.draw.matching import Matched, match
from cohorts.draw.order import UInt64, keyed_order
from cohorts.draw.pool import Pool, Side
from cohorts.draw.replacement import match_with_replacement
from cohorts.draw.spec import DrawSpec

Floats = npt.NDArray[np.float64]

CASES, CONTROLS, SETS = 1, 2, 3
SAMPLED = 2_000

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
    controls = _rows(pool.controls, np.flatnonzero(pool.controls.stratum >= 0))
    order = keyed_order(controls.person, spec.seed, CONTROLS)
    some, at = boxes(controls.stratum, controls.lo, controls.hi, order)
    controls = _rows(controls, at)
    matched = _match(points, some, spec)
    first_box = np.searchsorted(some.owner, np.arange(some.owners))
    person = controls.person[first_box[matched.owner]]
    day = cases.day[matched.case] if spec.index_from_case else controls.day[first_box[matched.owner]]
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
    """How many spells hold each case.

    Exact with up to one scale; with more, from the first `SAMPLED` spells
    of the stratum in random order, scaled up.
    """
    stratum = points.stratum[cases]
    start = np.searchsorted(some.stratum, stratum, "left")
    size = np.searchsorted(some.stratum, stratum, "right") - start
    if not points.at.shape[1]:
        return size.astype(np.float64)
    if points.at.shape[1] == 1:
        high, bias = np.int64(32), np.int64(2**31)
        at = (stratum << high) | (points.at[cases, 0] + bias)
        begun = np.searchsorted(np.sort((some.stratum.astype(np.int64) << high) | (some.lo[:, 0] + bias)), at, "right")
        over = np.searchsorted(np.sort((some.stratum.astype(np.int64) << high) | (some.hi[:, 0] + bias)), at, "left")
        return np.asarray(begun - over, np.float64)
    count = np.zeros(len(cases), np.float64)
    look = np.minimum(size, SAMPLED)
    for first in range(0, len(cases), 2_000):
        part = slice(first, first + 2_000)
        n = look[part]
        case = np.repeat(np.arange(len(n)), n)
        box = np.repeat(start[part] - (np.cumsum(n) - n), n) + np.arange(int(n.sum()))
        at_ = points.at[cases[part]][case]
        inside = ((some.lo[box] <= at_) & (at_ <= some.hi[box])).all(axis=1)
        count[part] = np.bincount(case[inside], minlength=len(n))
    scaled: Floats = np.maximum(count, 1) * size / np.maximum(look, 1)
    return scaled


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
