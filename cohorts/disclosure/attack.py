"""What a reader can work out about a hidden count: its smallest and largest possible value.

The reader knows every shown number, every relation, that counts are not negative, and that a hidden number is
not zero (zeros are shown). The bounds come from integer programming (HiGHS): no reasoning over the tables can
do better.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from cohorts.disclosure.cells import Tables

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class View:
    """The public side of `Tables`: names, relations (rows x names), and each name's bounds as told."""

    names: list[str]
    relations: csr_array
    low: Floats
    high: Floats


def view(tables: Tables, hidden: set[str], round_to: int | None = None) -> View:
    """Take the reader's side.

    What is public when `hidden` are withheld and the rest is shown, rounded to a
    multiple of `round_to` (but for what is known already).
    """
    names = tables.names()
    place = {name: n for n, name in enumerate(names)}
    cells = [(r, place[name], k) for r, relation in enumerate(tables.relations) for name, k in relation.items()]
    row, column, value = (np.array(x) for x in zip(*cells, strict=True)) if cells else (np.empty(0, int),) * 3
    matrix = csr_array((value.astype(float), (row, column)), shape=(len(tables.relations), len(names)))
    told = [_told(tables, name, hidden, round_to) for name in names]
    return View(names, matrix, np.array([t[0] for t in told], float), np.array([t[1] for t in told], float))


def _told(tables: Tables, name: str, hidden: set[str], round_to: int | None) -> tuple[float, float]:
    if name in tables.latent:
        return 0.0, np.inf
    if name in hidden:
        return 1.0, np.inf
    value = tables.shown[name]
    if name in tables.fixed:
        round_to = tables.rounded.get(name)
    if not round_to or value == 0:
        return float(value), float(value)
    shown = rounded(value, round_to)
    return max(0.0, shown - round_to // 2), shown + (round_to - 1) // 2


def rounded(value: int, round_to: int) -> int:
    """Round to the nearest multiple, a half upwards."""
    return (value + round_to // 2) // round_to * round_to


def bound(public: View, name: str, largest: bool, whole: bool = True) -> float:
    """Find the largest (or smallest) value that a cell can have; infinity where nothing bounds it.

    whole: counts are integers; without it the bound may be wider than what a reader can find.
    """
    cost = np.zeros(len(public.names))
    cost[public.names.index(name)] = -1.0 if largest else 1.0
    constraints = [LinearConstraint(public.relations, 0, 0)] if public.relations.shape[0] else []
    found = milp(
        cost,
        constraints=constraints,
        bounds=Bounds(public.low, public.high),
        integrality=np.full(len(cost), int(whole)),
    )
    if found.status == 3 or found.x is None:  # unbounded (or so said by presolve): nothing is known
        return np.inf if largest else 0.0
    return float(np.round(found.x[public.names.index(name)], 6))
