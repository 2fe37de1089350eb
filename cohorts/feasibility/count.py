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
from cohorts.disclosure.ledger import link_all, sketch, told_cells
from cohorts.draw.candidates import Bools, Ints
from cohorts.draw.pool import Pool, open_pool
from cohorts.draw.sets import make_sets
from cohorts.draw.spec import DrawSpec
from cohorts.expression import Expression
from cohorts.feasibility.answer import Feasibility, Level, Stratum
from cohorts.feasibility.strata import OTHER, Listed, add_levels


def feasibility(
    source: Source,
    definitions: Mapping[str, Expression],
    spec: DrawSpec,
    threshold: int,
    limits: Limits | None = None,
    earlier: Sequence[Answered] = (),
    round_to: int | None = None,
) -> Feasibility:
    """Count, as the study would, without drawing anybody: attrition, eligible people, expected matched sets.

    definitions: 'case' and 'control' (control may be missing when none is wanted). threshold: counts below it are withheld,
    and what would give them away; the default threshold counts where it is stricter. earlier: the questions that this
    hospital has answered (`Feasibility.answered` of each, in any order): numbers that would tell a handful of people by
    subtraction from theirs are withheld too. round_to: tell multiples of it only. Raises BadInput as the cohort engine and the
    draw do, GateRefused where nothing can be told.
    """
    with TemporaryDirectory(prefix="feasibility-", dir=limits.spill if limits else None) as folder:
        cohort = Path(folder) / "cohort.parquet"
        attrition = engine.generate(source, definitions, cohort, key="role", limits=limits)
        with connect(limits) as con:
            pool = open_pool(con, source, cohort, spec)
    return assess(pool, attrition, spec, stricter(threshold), pool.members, earlier, round_to)


def assess(
    pool: Pool,
    attrition: Mapping[str, Attrition],
    spec: DrawSpec,
    threshold: int,
    members: Mapping[str, Ints] | None = None,
    earlier: Sequence[Answered] = (),
    round_to: int | None = None,
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
    listed = add_levels(tables, pool, spec, threshold)
    sketches = {f"eligible {role}": sketch(side.person) for role, side in eligible.items()}
    sketches |= {steps[role][-1]: sketch(people) for role, people in (members or {}).items()}
    sketches |= _sketches(pool, listed)
    counts = {cell: n for cell, n in tables.shown.items() if cell not in ("sets", "pairs")}
    link_all(tables, Answered("", counts, (), sketches), earlier, threshold)
    safe = suppress(tables, threshold, round_to)
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
            for factor, level in listed.levels
        ),
        strata=tuple(
            Stratum(levels, safe[f"case stratum {name}"], safe[f"control stratum {name}"])
            for name, levels in listed.strata
        ),
        upper_bound=spec.design == "propensity",
        round_to=round_to,
        answered=Answered(_digest(attrition, spec), counts, told, sketches, round_to),
    )


def _digest(attrition: Mapping[str, Attrition], spec: DrawSpec) -> str:
    """Name a question by its rules and its draw, for the hospital's own ledger."""
    rules = {role: [s.rule for s in a.steps] for role, a in attrition.items()}
    text = json.dumps([rules, spec.model_dump(mode="json")], sort_keys=True)
    return sha256(text.encode()).hexdigest()


def _sketches(pool: Pool, listed: Listed) -> dict[str, tuple[int, ...]]:
    """Sketches of the people of every level and stratum that is told."""

    def within(levels: dict[str, str]) -> Bools:
        return np.array([all(s[f] == v for f, v in levels.items()) for s in pool.strata] + [False], bool)

    told = {f"{factor} {level}": within({factor: level}) for factor, level in listed.levels if level != OTHER}
    nobody, own = np.arange(len(pool.strata) + 1) == len(pool.strata), [within(s) for _, s in listed.strata if s]
    told |= {f"{factor} {OTHER}": nobody for factor, level in listed.levels if level == OTHER}
    told |= {f"stratum {name}": within(s) if s else ~np.any([nobody, *own], axis=0) for name, s in listed.strata}
    return {
        f"{role} {name}": sketch(side.person[inside[side.stratum]])
        for name, inside in told.items()
        for role, side in (("case", pool.cases), ("control", pool.controls))
    }


def _expected(tables: Tables, pool: Pool, spec: DrawSpec) -> None:
    """Add what the draw would give; of a propensity design without the caliper on the score, so the most that it can."""
    sets, pairs = 0, 0
    if len(pool.cases.person) and (spec.ratio == 0 or (pool.controls.stratum >= 0).any()):
        without_score = {"design": "exact", "propensity": None} if spec.design == "propensity" else {}
        sizes = make_sets(pool, spec.model_copy(update=without_score)).sizes
        sets, pairs = len(sizes), int(sizes.sum())
    tables.cell("sets", sets, 2.0)
    tables.cell("pairs", pairs, 2.0)
    tables.difference("eligible case", "sets")
    if spec.ratio:
        tables.difference("pairs", "sets", people=False)
        tables.difference("sets", "pairs", factor=spec.ratio, people=False)
        if not spec.replacement:
            tables.difference("eligible control", "pairs")
