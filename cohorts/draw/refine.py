"""Exchange matched controls for free ones that fit as well, until no covariate differs by more than it may.

In the spirit of fine balance (Rosenbaum, Ross and Silber, Minimum distance matched sampling with fine balance, JASA 102,
2007): pairs stay within their caliper, and what is left over on average is taken away with as few exchanges as it needs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cohorts.draw.candidates import Bools, Ints
from cohorts.draw.covariates import Observed
from cohorts.draw.offers import Pairing
from cohorts.draw.terms import Floats, Linear, Rows, Term, columns_of, terms_of

Look = Callable[[], tuple[Ints, Ints]]
ROUNDS = 60
STEP = 0.7
"""Of the difference, the part that one round sets out to take away: covariates hang together, and a full step overshoots."""


@dataclass(frozen=True)
class Who:
    """seen: covariates of everybody; cases, controls: the row of every point and of every box in it."""

    seen: Observed
    cases: Rows
    controls: Rows


def refine(pairing: Pairing, served: Ints, who: Who, target: float, looks: Sequence[Look]) -> int:
    """Exchange controls of the served cases until every |SMD| is at most `target`; return how many were exchanged.

    looks: each finds (case, control) that could be pairs; one is asked when something has to be exchanged, the next when that
    did not suffice.
    """
    if not len(served):
        return 0
    before = pairing.mate.copy()
    terms = terms_of(who.seen, who.cases[served], curved=False)
    columns = columns_of(terms, who.seen, who.cases[served])
    mean, variance = np.array([c.mean() for c in columns]), np.array([c.var(ddof=min(1, len(c) - 1)) for c in columns])

    def gap() -> Gap:
        return _gap(who, terms, pairing, mean, variance)

    least = float(np.abs(gap().smd).max(initial=0.0))
    for look in looks:
        if least <= target:
            break
        least = _rounds(pairing, gap, target, look(), who, terms)
    changed = (pairing.mate != before) & (pairing.mate >= 0)
    return int(changed.sum())


def _rounds(
    pairing: Pairing, gap: Callable[[], Gap], target: float, edges: tuple[Ints, Ints], who: Who, terms: tuple[Term, ...]
) -> float:
    """Exchange until the target is reached or nothing is gained; leave the best that there was, and return its worst |SMD|."""
    best, least = pairing.mate.copy(), np.inf
    for _ in range(ROUNDS):
        now = gap()
        worst = float(np.abs(now.smd).max(initial=0.0))
        if worst < least:
            best, least = pairing.mate.copy(), worst
        if worst <= target or not _exchange(who, edges, terms, pairing, now, 0.8 * target):
            break
    pairing.mate[:] = best
    return least


@dataclass(frozen=True)
class Gap:
    """By how much cases and controls differ. smd: per column; spread: its denominator; weight: of a case's control."""

    smd: Floats
    spread: Floats
    weight: Floats


def _gap(who: Who, terms: tuple[Term, ...], pairing: Pairing, mean: Floats, variance: Floats) -> Gap:
    owner = np.flatnonzero(pairing.mate >= 0)
    case = pairing.mate[owner]
    each = 1.0 / np.maximum(pairing.degree, 1)
    weight = each[case]
    total = float(weight.sum())
    means, variances = [], []
    for column in columns_of(terms, who.seen, who.controls[owner]):
        m = float((weight * column).sum()) / total
        means.append(m)
        variances.append(float((weight * (column - m) ** 2).sum()) / total)
    spread = np.sqrt((variance + np.array(variances)) / 2)
    off = mean - np.array(means)
    smd: Floats = np.where(spread > 0, off / np.where(spread > 0, spread, 1.0), 0.0)
    return Gap(smd, spread, each)


def _exchange(
    who: Who, edges: tuple[Ints, Ints], terms: tuple[Term, ...], pairing: Pairing, gap: Gap, keep: float
) -> bool:
    """Make one round of exchanges against the differences above `keep`; tell whether there was any to make."""
    excess = np.sign(gap.smd) * np.maximum(np.abs(gap.smd) - keep, 0.0)
    towards = Linear(terms, np.where(gap.spread > 0, excess / np.where(gap.spread > 0, gap.spread, 1.0), 0.0))
    owner = np.flatnonzero(pairing.mate >= 0)
    value = np.full(len(pairing.mate), np.nan)
    asked = np.zeros(len(pairing.mate), bool)
    asked[owner] = True
    asked[edges[1]] = True
    some = np.flatnonzero(asked)
    value[some] = towards.of(who.seen, who.controls[some])
    leaves = _least(pairing, owner, value)
    free = np.flatnonzero((leaves[edges[0]] >= 0) & (pairing.mate[edges[1]] < 0))
    case, comes = edges[0][free], edges[1][free]
    gain = gap.weight[case] * (value[comes] - value[leaves[case]])
    case, comes, gain = _one_each(case, comes, gain, gain > 0)
    enough = np.cumsum(gain) - gain < STEP * len(np.unique(pairing.mate[owner])) * float((excess**2).sum())
    case, comes = case[enough], comes[enough]
    pairing.mate[leaves[case]] = -1
    pairing.mate[comes] = case
    pairing.repaired[comes] = 0
    return bool(len(case))


def _least(pairing: Pairing, owner: Ints, value: Floats) -> Ints:
    """Of each case the control that helps least, -1 for a case without one."""
    case = pairing.mate[owner]
    by = np.lexsort((owner, -value[owner], case))
    out = np.full(len(pairing.degree), -1, np.int64)
    last = np.ones(len(by), bool)
    last[:-1] = case[by][1:] != case[by][:-1]
    out[case[by][last]] = owner[by][last]
    return out


def _one_each(case: Ints, comes: Ints, gain: Floats, good: Bools) -> tuple[Ints, Ints, Floats]:
    """The best exchange of each case, then of each control that comes, the best first."""
    some = np.flatnonzero(good)
    some = some[_best(case[some], comes[some], gain[some])]
    some = some[_best(comes[some], case[some], gain[some])]
    some = some[np.lexsort((comes[some], -gain[some]))]
    return case[some], comes[some], gain[some]


def _best(key: Ints, other: Ints, gain: Floats) -> Ints:
    """Places of the largest gain of each key; of equal ones the lower other."""
    best = np.zeros(int(key.max(initial=0)) + 1)
    np.maximum.at(best, key, gain)
    some = np.flatnonzero(gain == best[key])
    some = some[np.lexsort((other[some], key[some]))]
    first = np.ones(len(some), bool)
    first[1:] = key[some][1:] != key[some][:-1]
    return some[first]
