"""Eligible people by matching factor and by stratum, tied together so that none gives another away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cohorts.disclosure import Tables
from cohorts.draw.candidates import Ints
from cohorts.draw.pool import Pool, Side
from cohorts.draw.spec import DrawSpec

STRATA = 20
"""So many strata are listed, those with the most cases."""
MOST = 150
"""Of more strata none is listed: nearly all are of a few people, and to protect them all takes minutes."""
OTHER = "other"


@dataclass(frozen=True)
class Listed:
    """What is listed. levels: (factor, level), OTHER for controls of no case's stratum; strata: the levels of each, {} for the rest."""

    levels: tuple[tuple[str, str], ...]
    strata: tuple[tuple[str, dict[str, str]], ...]


def add_levels(tables: Tables, pool: Pool, spec: DrawSpec, threshold: int) -> Listed:
    """Add the people of each level of each factor, and of each stratum of several factors, as cells of both roles.

    Cells are '{role} {factor} {level}' and '{role} stratum {name}'. A stratum with fewer cases than the threshold has no line of
    its own, and is protected like those that have.
    """
    sides = {"case": _by_stratum(pool.cases, len(pool.strata)), "control": _by_stratum(pool.controls, len(pool.strata))}
    levels: list[tuple[str, str]] = []
    for factor in spec.match:
        names = list(dict.fromkeys(sorted(s[factor] for s in pool.strata)))
        code = np.array([names.index(s[factor]) for s in pool.strata], np.int64)
        for role, people in sides.items():
            counts = np.append(np.bincount(code, people[:-1], len(names)), people[-1]).astype(np.int64)
            cells = [
                tables.cell(f"{role} {factor} {level}", int(n))
                for level, n in zip([*names, OTHER], counts, strict=True)
            ]
            tables.total(f"eligible {role}", cells)
            if factor != spec.match[0]:  # the same people, whichever factor they are told beside
                tables.relate({cells[-1]: 1, f"{role} {spec.match[0]} {OTHER}": -1})
        levels += [(factor, level) for level in [*names, OTHER]]
    return Listed(tuple(levels), _add_strata(tables, pool, spec, sides, threshold))


def _by_stratum(side: Side, strata: int) -> Ints:
    """Different people of each stratum, and last those of none (each person has one)."""
    _, first = np.unique(side.person, return_index=True)
    stratum = side.stratum[first].astype(np.int64)
    return np.bincount(np.where(stratum < 0, strata, stratum), minlength=strata + 1)


def _add_strata(
    tables: Tables, pool: Pool, spec: DrawSpec, sides: dict[str, Ints], threshold: int
) -> tuple[tuple[str, dict[str, str]], ...]:
    """Add the strata. Whoever knows the levels knows which strata are not listed, so each of these is a number of its own."""
    cases = sides["case"][:-1]
    most_first = np.lexsort((np.arange(len(cases)), -cases))
    own = [int(s) for s in most_first[:STRATA] if cases[s] >= threshold]
    if len(spec.match) < 2 or not own or len(cases) > MOST:
        return ()
    rest = [s for s in range(len(cases)) if s not in own]
    for role, people in sides.items():
        cells = {s: tables.cell(f"{role} stratum {s}", int(people[s])) for s in own}
        for s in rest:
            cells[s] = tables.hidden(f"{role} unlisted stratum {s}", int(people[s]))
        others = [tables.cell(f"{role} stratum {OTHER}", int(people[rest].sum()))] if rest else []
        if others:
            tables.total(others[0], [cells[s] for s in rest])
        tables.total(f"eligible {role}", [*(cells[s] for s in own), *others, f"{role} {spec.match[0]} {OTHER}"])
        for factor in spec.match:
            for level in dict.fromkeys(s[factor] for s in pool.strata):
                inside = [cell for s, cell in cells.items() if pool.strata[s][factor] == level]
                tables.total(f"{role} {factor} {level}", inside)
    listed = [(str(s), dict(pool.strata[s])) for s in own]
    return (*listed, *([(OTHER, {})] if rest else []))
