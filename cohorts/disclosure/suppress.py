"""Which counts to withhold: the small ones, and as few others as keep the small ones from being worked out.

Complementary cells come from the linear relaxation of Fischetti and Salazar (Solving the cell suppression
problem on tabular data with linear constraints, Management Science 47, 2001): the cheapest change of the
shown numbers under which all tables still add up and the hidden count reaches the threshold; the numbers that
change are withheld.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import hstack

from cdm.errors import BadInput, GateRefused
from cohorts.disclosure.attack import View, bound, rounded, view
from cohorts.disclosure.cells import Count, Tables

DEFAULT_THRESHOLD = 10


def stricter(*thresholds: int | None) -> int:
    """Take the largest threshold that anyone (study, hospital, default) asks for."""
    return max([DEFAULT_THRESHOLD, *(t for t in thresholds if t is not None)])


def suppress(tables: Tables, threshold: int = DEFAULT_THRESHOLD, round_to: int | None = None) -> dict[str, Count]:
    """Name -> count as it may leave, for all shown cells.

    Counts from 1 to threshold - 1 are withheld, and others with them, until a reader of all the tables can
    neither tell that a withheld or implied number of people is below the threshold nor narrow it to half the
    threshold (`protected`). With `round_to`, shown numbers are multiples of it. Raises GateRefused where no
    choice protects.
    """
    if threshold < 1 or (round_to is not None and round_to < 2):
        raise BadInput("A disclosure threshold is 1 or more, and counts are rounded to 2 or more: correct the setting.")
    small = [n for n in tables.names() if 0 < tables.value(n) < threshold and _counts_people(tables, n)]
    small = [n for n in small if n not in tables.fixed]
    hidden = {n for n in small if n in tables.shown}
    public = view(tables, hidden, round_to)
    for name in small:  # withholding more only widens what is possible: a protected cell stays so
        while not protected(public, name, threshold):
            more = _complement(tables, public, hidden, name, threshold) or set(tables.shown) - tables.fixed
            if more <= hidden:
                raise GateRefused(
                    "The counts cannot be given away: no choice of withheld cells protects the small ones."
                )
            hidden |= more
            public = view(tables, hidden, round_to)
    return {n: _shown(tables.shown[n], n in hidden, round_to) for n in tables.shown}


def protected(public: View, name: str, threshold: int) -> bool:
    """Tell whether for all a reader knows the cell may reach the threshold, and in a wide enough range."""
    return bound(public, name, largest=True) >= _goal(public, name, threshold)


def _goal(public: View, name: str, threshold: int) -> float:
    """Say which value a reader must not be able to rule out."""
    return max(float(threshold), bound(public, name, largest=False) + threshold // 2)


def _counts_people(tables: Tables, name: str) -> bool:
    return name in tables.shown or name in tables.sensitive


def _may_hide(tables: Tables, name: str, hidden: set[str]) -> bool:
    return tables.shown.get(name, 0) > 0 and name not in hidden and name not in tables.fixed


def _shown(value: int, hidden: bool, round_to: int | None) -> Count:
    return Count(None if hidden else rounded(value, round_to) if round_to and value else value)


def _complement(tables: Tables, public: View, hidden: set[str], weak: str, threshold: int) -> set[str]:
    """Choose the shown cells to withhold so that `weak` may reach the threshold; empty if impossible."""
    value = np.array([tables.value(n) for n in public.names], float)
    n = len(value)
    may = np.array([_may_hide(tables, name, hidden) for name in public.names])
    weight = np.array([tables.weight.get(name, 1.0) for name in public.names])
    cost = weight * (1 + value / (1 + value.max()))
    target = public.names.index(weak)
    free_low, free_high = public.low - value, public.high - value
    wanted = max(_goal(public, weak, threshold) - value[target], 1.0)
    free_low[target], free_high[target] = wanted, max(wanted, free_high[target])
    # Below what is told by rounding a number may fall to 1, no further.
    down = np.where(may, np.maximum(value + free_low - 1, 0), 0)
    relations = hstack([public.relations, public.relations, -public.relations])
    found = milp(
        np.concatenate([np.zeros(n), cost, cost]),
        constraints=[LinearConstraint(relations, 0, 0)] if relations.shape[0] else [],
        bounds=Bounds(
            np.concatenate([free_low, np.zeros(2 * n)]),
            np.concatenate([free_high, np.where(may, np.inf, 0), down]),
        ),
    )
    if found.x is None:
        return set()
    moved = found.x[n : 2 * n] + found.x[2 * n :] > 1e-6
    return {name for name, m in zip(public.names, moved, strict=True) if m}
