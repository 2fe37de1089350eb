"""From a pool to matched sets: order, matching, set numbers, index dates, weights."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cdm.arrays import numbers
from cohorts.draw.alternatives import CHOICE, alternatives, choose
from cohorts.draw.arrow import role_column
from cohorts.draw.candidates import Bools, Boxes, Ints, Points, Small, boxes
from cohorts.draw.matching import Matched, match
from cohorts.draw.offers import Pairing, offer_near
from cohorts.draw.order import UInt64, keyed_order
from cohorts.draw.pool import Pool, Side
from cohorts.draw.propensity import Scored
from cohorts.draw.refine import Who, refine
from cohorts.draw.replacement import match_with_replacement
from cohorts.draw.spec import DrawSpec
from cohorts.draw.unmatched import REASONS, reasons
from cohorts.draw.weights import case_weights, control_weights

CASES, CONTROLS, SETS, LOOKS = 1, 2, 3, 5
WEIGHT_UNIT = 10
EXCHANGING = 2_000
"""So many cases at least are asked first for exchanges that balance covariates, the first in a random order."""


@dataclass(frozen=True)
class Sets:
    """The draw, row by row, sorted by set_id, role, person_id, and how it came about.

    day: index date since 1970; unmatched: cases per stratum code (rows) and reason of `unmatched.REASONS` (columns); drawn:
    cases per stratum code; repaired: pairs that augmenting paths brought
    in; exchanged: controls that came in for the sake of balance; sizes: controls of every set.
    """

    person: Ints
    is_control: Bools
    day: Small
    set_id: Ints
    weight: npt.NDArray[np.float64]
    unmatched: Ints
    drawn: Ints
    repaired: int
    exchanged: int
    sizes: Ints

    @property
    def table(self) -> pa.Table:
        """The rows as they are written: person_id, role, index_date, set_id, weight."""
        columns = {
            "person_id": numbers(self.person),
            "role": role_column(self.is_control),
            "index_date": numbers(self.day.astype(np.int32), pa.date32()),
            "set_id": numbers(self.set_id),
            "weight": numbers(np.round(self.weight, 9)),
        }
        return pa.Table.from_arrays([*columns.values()], names=[*columns])


def make_sets(pool: Pool, spec: DrawSpec, unit: int = WEIGHT_UNIT, scored: Scored | None = None) -> Sets:
    """Draw and match. The same pool (in any row order), specification and seed give the same rows.

    unit: what the weights are made of is told in multiples of it. scored: of a pool with a propensity score, what it was
    made of.
    """
    codes = len(pool.strata)
    by = quota_order(pool.cases.stratum.astype(np.int64), keyed_order(pool.cases.person, spec.seed, CASES))
    cases = pool.cases.rows(by)
    points = Points(cases.stratum.astype(np.int64), cases.lo.astype(np.int64))
    some, place = _boxes(pool.controls, spec.seed)
    if scored is None:
        matched = _match(points, some, spec)
    else:
        salt = keyed_order(cases.person, spec.seed, LOOKS)
        who = Who(scored.seen, scored.cases[by], scored.controls[place])
        matched = _match_scored(points, some, spec, salt, who)
    at = place[np.searchsorted(some.owner, matched.owner)]
    person = pool.controls.person[at]
    day = cases.day[matched.case] if spec.index_from_case else pool.controls.day[at]
    number = _numbers(cases.person[matched.served], spec.seed)
    at_case = np.searchsorted(matched.served, matched.case)
    weight = control_weights(points, some, matched, spec.design != "exact", unit)
    person = np.append(cases.person[matched.served], person)
    is_control = np.repeat([False, True], [len(matched.served), len(matched.case)])
    set_id = np.append(number, number[at_case])
    rows = np.lexsort((person, is_control, set_id))
    return Sets(
        person[rows],
        is_control[rows],
        np.append(cases.day[matched.served], day)[rows],
        set_id[rows],
        np.append(case_weights(points, matched, unit), weight)[rows],
        _unmatched(points, some, matched, spec, codes),
        np.bincount(cases.stratum[matched.served], minlength=codes),
        int(matched.repaired.sum()),
        matched.exchanged,
        np.bincount(at_case, minlength=len(matched.served)),
    )


def _unmatched(points: Points, some: Boxes, matched: Matched, spec: DrawSpec, codes: int) -> Ints:
    cases = matched.unmatched
    why = reasons(points, some, cases, spec.index_from_case)
    flat = np.bincount(points.stratum[cases] * len(REASONS) + why, minlength=codes * len(REASONS))
    return flat.reshape(codes, len(REASONS))


def _boxes(controls: Side, seed: int) -> tuple[Boxes, Ints]:
    """Sort the controls of the cases' strata; also the row of every box."""
    if (controls.stratum >= 0).all():
        return boxes(controls.stratum, controls.lo, controls.hi, keyed_order(controls.person, seed, CONTROLS))
    rows = np.flatnonzero(controls.stratum >= 0)
    some = controls.rows(rows)
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


def _match_scored(points: Points, some: Boxes, spec: DrawSpec, salt: UInt64, who: Who) -> Matched:
    if spec.replacement:
        return match_with_replacement(points, some, spec.cases, spec.ratio, partial(choose, salt=salt))
    full_sets, target = spec.objective == "most_full_sets", spec.score.target
    if target is None:
        return match(points, some, spec.cases, spec.ratio, full_sets, offer_near)

    def polish(pairing: Pairing, served: Ints) -> int:
        bits = max(int(np.log2(max(len(served), 1) / EXCHANGING)), 0)
        first = served[salt[served] >> np.uint64(64 - bits) == 0] if bits else served
        look = partial(alternatives, points, some, salt, least=CHOICE * spec.ratio)
        looks = [partial(look, cases=first, share=bits), *([partial(look, cases=served)] if bits else [])]
        return refine(pairing, served, who, target, looks)

    return match(points, some, spec.cases, spec.ratio, full_sets, offer_near, polish)


def _numbers(cases: Ints, seed: int) -> Ints:
    """Set numbers from 1 in a random order of their own, so that they do not follow the person ids."""
    number = np.empty(len(cases), np.int64)
    number[np.argsort(keyed_order(cases, seed, SETS))] = np.arange(1, len(cases) + 1)
    return number
