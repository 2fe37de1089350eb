"""Counting as a study would, without drawing anybody, and putting all counts through disclosure control."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from cdm.engine import Limits, connect
from cdm.source import Source
from cohorts import engine
from cohorts.attrition import Attrition
from cohorts.disclosure import Answered, Step, Tables, add_attrition, stricter, suppress
from cohorts.disclosure.ledger import link, sketch, told_cells
from cohorts.draw.candidates import Ints
from cohorts.draw.pool import Pool, Side, open_pool
from cohorts.draw.sets import make_sets
from cohorts.draw.spec import DrawSpec
from cohorts.expression import Expression
from cohorts.feasibility.answer import Feasibility, Level


def feasibility(
    source: Source,
    definitions: Mapping[str, Expression],
    spec: DrawSpec,
    threshold: int,
    limits: Limits | None = None,
    earlier: Sequence[Answered] = (),
) -> Feasibility:
    """Count, as the study would, without drawing anybody: attrition, eligible people, expected matched sets.

    definitions: 'case' and 'control' (control may be missing when none is wanted). threshold: counts below it
    are withheld, and what would give them away; the default threshold counts where it is stricter. earlier: the
    questions that this hospital has answered (`Feasibility.answered` of each, in any order): numbers that would tell
    a handful of people by subtraction from theirs are withheld too. Raises BadInput as the cohort engine and the
    draw do, GateRefused where nothing can be told.
    """
    with TemporaryDirectory(prefix="feasibility-", dir=limits.spill if limits else None) as folder:
        cohort = Path(folder) / "cohort.parquet"
        attrition = engine.generate(source, definitions, cohort, key="role", limits=limits)
        with connect(limits) as con:
            pool = open_pool(con, source, cohort, spec)
    return assess(pool, attrition, spec, stricter(threshold), pool.members, earlier)


def assess(
    pool: Pool,
    attrition: Mapping[str, Attrition],
    spec: DrawSpec,
    threshold: int,
    members: Mapping[str, Ints] | None = None,
    earlier: Sequence[Answered] = (),
) -> Feasibility:
    """Put all counts of one question through disclosure control together, and with those told earlier.

    members: role -> people of the whole cohort, where they are known.
    """
    tables = Tables()
    steps = {role: add_attrition(tables, role, [s.people for s in a.steps]) for role, a in attrition.items()}
    eligible = {"case": pool.cases, "control": pool.controls}
    for role, side in eligible.items():
        tables.cell(f"eligible {role}", side.people(), 4.0)
        if steps.get(role):
            tables.difference(steps[role][-1], f"eligible {role}")
    _expected(tables, pool, spec)
    keys = _levels(tables, pool, spec)
    sketches = {f"eligible {role}": sketch(side.person) for role, side in eligible.items()}
    sketches |= {steps[role][-1]: sketch(people) for role, people in (members or {}).items()}
    sketches |= _level_sketches(pool, keys)
    counts = {cell: n for cell, n in tables.shown.items() if cell not in ("sets", "pairs")}
    link(tables, Answered("", counts, (), sketches), earlier, threshold)
    safe = suppress(tables, threshold)
    told = tuple(cell for cell in told_cells(safe) if cell in counts)
    return Feasibility(
        threshold=threshold,
        wanted={"case": spec.cases, "control": spec.controls},
        attrition={
            role: tuple(Step(s.rule, safe[cell]) for s, cell in zip(a.steps, steps[role], strict=True))
            for role, a in attrition.items()
        },
        eligible={role: safe[f"eligible {role}"] for role in eligible},
        sets=safe["sets"],
        pairs=safe["pairs"],
        levels=tuple(
            Level(factor, level, safe[f"case {factor} {level}"], safe[f"control {factor} {level}"])
            for factor, level in keys
        ),
        answered=Answered(_digest(attrition, spec), counts, told, sketches),
    )


def _digest(attrition: Mapping[str, Attrition], spec: DrawSpec) -> str:
    """Name a question by its rules and its draw, for the hospital's own ledger."""
    rules = {role: [s.rule for s in a.steps] for role, a in attrition.items()}
    text = json.dumps([rules, spec.model_dump(mode="json")], sort_keys=True)
    return sha256(text.encode()).hexdigest()


def _level_sketches(pool: Pool, keys: list[tuple[str, str]]) -> dict[str, tuple[int, ...]]:
    out = {}
    for factor, level in keys:
        inside = np.array([s[factor] == level for s in pool.strata] + [level == "other"], bool)
        for role, side in (("case", pool.cases), ("control", pool.controls)):
            out[f"{role} {factor} {level}"] = sketch(side.person[inside[side.stratum]])
    return out


def _expected(tables: Tables, pool: Pool, spec: DrawSpec) -> None:
    sets, pairs = 0, 0
    if len(pool.cases.person) and (spec.ratio == 0 or (pool.controls.stratum >= 0).any()):
        sizes = make_sets(pool, spec).sizes
        sets, pairs = len(sizes), int(sizes.sum())
    tables.cell("sets", sets, 2.0)
    tables.cell("pairs", pairs, 2.0)
    tables.difference("eligible case", "sets")
    if spec.ratio:
        tables.difference("pairs", "sets", people=False)
        tables.difference("sets", "pairs", factor=spec.ratio, people=False)
        if not spec.replacement:
            tables.difference("eligible control", "pairs")


def _levels(tables: Tables, pool: Pool, spec: DrawSpec) -> list[tuple[str, str]]:
    """Eligible people by each factor's levels; controls outside all of the cases' strata count as 'other'."""
    keys: list[tuple[str, str]] = []
    for factor in spec.match:
        levels = list(dict.fromkeys(sorted(s[factor] for s in pool.strata)))
        code = np.array([levels.index(s[factor]) for s in pool.strata], np.int64)
        for role, side in (("case", pool.cases), ("control", pool.controls)):
            counts = _people_by(side, code, len(levels))
            cells = [
                tables.cell(f"{role} {factor} {level}", int(n))
                for level, n in zip([*levels, "other"], counts, strict=True)
            ]
            tables.total(f"eligible {role}", cells)
        keys += [(factor, level) for level in [*levels, "other"]]
    return keys


def _people_by(side: Side, code: Ints, levels: int) -> Ints:
    """Different people per level, and last those outside every stratum (each person has one stratum)."""
    _, first = np.unique(side.person, return_index=True)
    stratum = side.stratum[first]
    level = np.where(stratum < 0, levels, code[stratum] if len(code) else levels)
    return np.bincount(level, minlength=levels + 1)
