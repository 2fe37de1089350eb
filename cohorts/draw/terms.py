"""Covariates as the terms of a linear score: the propensity model is one, a direction of imbalance another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cohorts.draw.covariates import SEEN_IN, Observed
from cohorts.draw.order import UInt64

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.integer]

ROWS_AT_ONCE = 16_384
AFTERWARDS = "follow_up"
"""Known only after the index date: compared, and never chosen by."""


@dataclass(frozen=True)
class Term:
    """A number made of one covariate.

    kind: 'value', 'log' (of 1 + value), 'hinge' (what lies above `at`), 'level' (is `at`), 'missing'. fill: what stands for
    a missing value.
    """

    covariate: str
    kind: str
    at: float = 0.0
    fill: float = 0.0

    def of(self, values: npt.NDArray[np.floating]) -> Floats:
        """The term of some values of the covariate."""
        x: Floats = values.astype(np.float64)
        if self.kind == "missing":
            return np.isnan(x).astype(np.float64)
        if self.kind == "level":
            level: Floats = (x == self.at).astype(np.float64)
            return level
        x[np.isnan(x)] = self.fill
        if self.kind == "log":
            np.log1p(np.maximum(x, 0.0, out=x), out=x)
        elif self.kind == "hinge":
            np.maximum(x - self.at, 0.0, out=x)
        return x


def terms_of(seen: Observed, rows: Rows, curved: bool) -> tuple[Term, ...]:
    """Take the terms of a roster's covariates, as the given rows show that they vary.

    curved: for a model, numbers as logarithms too, and age with bends at its quartiles; else every number as it is.
    """
    out: list[Term] = []
    for name, column in seen.numbers.items():
        values = column[rows]
        known = values[~np.isnan(values)]
        if name == AFTERWARDS or not len(known):
            continue
        fill = float(known.mean())
        if seen.kinds.get(name) == "category":
            levels, count = np.unique(known, return_counts=True)
            often = levels[count >= SEEN_IN * len(values)]
            out += [Term(name, "level", float(level)) for level in often[1:]]
        elif curved and name == "age":
            bends = np.unique(np.quantile(known, (0.25, 0.5, 0.75)))
            out += [Term(name, "value", fill=fill), *(Term(name, "hinge", float(at), fill) for at in bends)]
        else:
            counted = curved and name != "index_year" and seen.kinds.get(name) != "flag" and known.min() >= 0
            out.append(Term(name, "value", fill=fill))
            if counted:
                out.append(Term(name, "log", fill=fill))
        if len(known) < len(values):
            out.append(Term(name, "missing"))
    return tuple(out)


def columns_of(terms: Sequence[Term], seen: Observed, rows: Rows) -> list[Floats]:
    """All terms of some rows, and after them the flags: one column each."""
    out = [t.of(seen.numbers[t.covariate][rows]) for t in terms]
    for some in seen.flags:
        bits = some.bits[rows]
        out += [(bits >> np.uint64(n) & np.uint64(1)).astype(np.float64) for n in range(len(some.names))]
    return out


@dataclass(frozen=True)
class Linear:
    """A weighted sum of terms and flags. weights: of the terms, then of the flags, as `columns_of` has them."""

    terms: tuple[Term, ...]
    weights: Floats

    def of(self, seen: Observed, rows: Rows) -> Floats:
        """The sum for some rows of the roster; the same on any machine, for no sum is left to a library.

        In parts, so that what a part needs stays in the processor's cache.
        """
        parts = [self._of(seen, rows[at : at + ROWS_AT_ONCE]) for at in range(0, len(rows), ROWS_AT_ONCE)]
        return np.concatenate(parts) if parts else np.zeros(0)

    def of_all(self, seen: Observed, rows: int) -> Floats:
        """The sum for every row of a roster of so many, as `of` tells it, without a copy of the covariates."""
        parts = [self._of(seen, slice(at, min(at + ROWS_AT_ONCE, rows))) for at in range(0, rows, ROWS_AT_ONCE)]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _of(self, seen: Observed, rows: Rows | slice) -> Floats:
        total = np.zeros(rows.stop - rows.start if isinstance(rows, slice) else len(rows))
        for t, weight in zip(self.terms, self.weights, strict=False):
            if weight:
                total += weight * t.of(seen.numbers[t.covariate][rows])
        at = len(self.terms)
        for some in seen.flags:
            total += sum_of_bits(some.bits[rows], self.weights[at : at + len(some.names)])
            at += len(some.names)
        return total


def sum_of_bits(bits: UInt64, weights: Floats) -> Floats:
    """Add up the weights of the bits that are set, by tables of 256."""
    total = np.zeros(len(bits))
    byte = np.arange(256)
    for start in range(0, len(weights), 8):
        table = np.zeros(256)
        for n, weight in enumerate(weights[start : start + 8]):
            table += weight * (byte >> n & 1)
        if not table.any():
            continue
        total += table[(bits >> np.uint64(start) & np.uint64(255)).astype(np.intp)]
    return total
