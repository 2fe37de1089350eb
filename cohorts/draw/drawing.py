"""The draw from end to end: pool, sets, balance, report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from cdm.engine import Limits, connect
from cdm.errors import BadInput
from cdm.source import Source
from cohorts.draw.balance import Sample, balance
from cohorts.draw.candidates import Ints
from cohorts.draw.covariates import Observed, observe
from cohorts.draw.order import UInt64, keyed_order
from cohorts.draw.pool import Pool, Side, open_pool
from cohorts.draw.propensity import Scored, score
from cohorts.draw.report import Counts, DrawReport, Stratum
from cohorts.draw.roster import Roster
from cohorts.draw.sets import CASES, CONTROLS, WEIGHT_UNIT, Sets, make_sets
from cohorts.draw.spec import DrawSpec
from cohorts.draw.table1 import table1
from cohorts.draw.terms import Rows
from cohorts.draw.unmatched import REASONS

COMPARED = 25_000
"""At most so many people of each role, the first in the random order, stand for the pool in the balance
before."""
ENGINE_THREADS = 1
"""Rows pass from the engine to arrays one part at a time: a second thread mostly waits for that, and costs a tenth more."""


def draw(
    source: Source,
    cohort: Path,
    spec: DrawSpec,
    out: Path,
    limits: Limits | None = None,
    weight_unit: int = WEIGHT_UNIT,
) -> DrawReport:
    """Draw matched cases and controls from a cohort, and write them.

    cohort: Parquet with role ('case', and the pool's name), subject_id, cohort_start_date, cohort_end_date.
    out: Parquet to write: person_id BIGINT, role VARCHAR, index_date DATE, set_id BIGINT (numbered at
        random), weight DOUBLE (people whom the row stands for: the inverse of its sampling fraction), sorted
        by set_id, role, person_id. The same source, cohort and specification give the same bytes on any
        number of threads.
    weight_unit: what the weights are made of is told in multiples of it (the smallest count that may leave); 1 tells it
        exactly, which gives away how many people each stratum has.
    limits: of the engine; `ENGINE_THREADS` where they name no threads.
    A person of the case cohort is never a control (but see `DrawSpec.future_cases`); nobody is drawn twice
    unless the specification asks for it. Nothing after an index date is looked at to choose.
    Raises BadInput when the file is no cohort, when there is no case or no common stratum, or, with
    shortfall: refuse, when fewer exist than wanted.
    """
    limits = limits or Limits()
    limits = replace(limits, threads=limits.threads or ENGINE_THREADS)
    with connect(limits) as con:
        pool = open_pool(con, source, cohort, spec)
    _refuse_impossible(pool, spec)
    scored = score(source, pool, spec, limits) if spec.design == "propensity" and spec.controls else None
    sets = make_sets(scored.pool if scored else pool, spec, weight_unit, scored)
    if not sets.table.num_rows:
        raise BadInput(_nothing_in_common(pool, spec))
    report = _report(pool, sets, spec)
    if report.notes and spec.shortfall == "refuse":
        raise BadInput(f"The draw was refused, as `shortfall: refuse` asks: {' '.join(report.notes)}")
    compared = _compared_scored(scored, sets, spec) if scored else _compared(source, pool, spec, sets, limits)
    pq.write_table(sets.table, out, compression="zstd")
    return DrawReport(**(vars(report) | {"balance": balance(*compared), "table1": table1(compared[1])}))


def _refuse_impossible(pool: Pool, spec: DrawSpec) -> None:
    if not len(pool.cases.person):
        raise BadInput(
            "The draw has no case: nobody in the cohort 'case' is under observation on the index date "
            f"with {spec.prior_observation_days} days before it; check the definition of the cases."
        )
    if spec.controls and not (pool.controls.stratum >= 0).any():
        raise BadInput(_nothing_in_common(pool, spec))


def _report(pool: Pool, sets: Sets, spec: DrawSpec) -> DrawReport:
    available = Counts(pool.cases.people(), pool.controls.people())
    drawn = Counts(int((~sets.is_control).sum()), int(sets.is_control.sum()))
    sizes, count = np.unique(sets.sizes, return_counts=True)
    eligible = np.bincount(pool.cases.stratum, minlength=len(pool.strata))
    unmatched = sets.unmatched.sum(axis=1)
    most_first = np.lexsort((np.arange(len(eligible)), -unmatched))
    return DrawReport(
        spec=spec,
        wanted=Counts(spec.cases, spec.controls),
        available=available,
        drawn=drawn,
        sets=len(sets.sizes),
        set_sizes={int(s): int(n) for s, n in zip(sizes, count, strict=True)},
        strata=len(pool.strata),
        unmatched=tuple(
            Stratum(pool.strata[s], int(eligible[s]), int(sets.drawn[s]), int(unmatched[s]), _why(sets.unmatched[s]))
            for s in most_first[: int((unmatched > 0).sum())]
        ),
        pairs_by_repair=sets.repaired,
        pairs_exchanged=sets.exchanged,
        balance=(),
        table1=(),
        notes=_notes(available, drawn, spec),
    )


def _why(counts: Ints) -> dict[str, int]:
    return {reason: int(n) for reason, n in zip(REASONS, counts, strict=True) if n}


def _notes(available: Counts, drawn: Counts, spec: DrawSpec) -> tuple[str, ...]:
    notes = []
    if available.cases < spec.cases:
        notes.append("Fewer eligible cases exist than are wanted.")
    elif drawn.cases < spec.cases:
        notes.append("Fewer cases than wanted could be matched: widen the band or the caliper, or match on less.")
    if available.controls < spec.controls:
        notes.append("Fewer eligible controls exist than are wanted.")
    if drawn.controls < drawn.cases * spec.ratio:
        notes.append(f"Some cases have fewer than {spec.ratio} controls.")
    return tuple(notes)


def _nothing_in_common(pool: Pool, spec: DrawSpec) -> str:
    if not len(pool.controls.person):
        who = "is at risk in" if spec.index_from_case else "is eligible of"
        return (
            f"The draw has no control: nobody {who} the cohort '{spec.pool}' (observed, and never a case); "
            "check its definition."
        )
    scales = [*(f"caliper on {c.on}" for c in spec.calipers), *["propensity score"][: spec.design == "propensity"]]
    what = ", ".join([*spec.match, *scales]) or "the index date"
    return f"The draw pairs nobody: no case and control agree on {what}; match on less, or use wider bands."


def _before(pool: Pool, spec: DrawSpec) -> tuple[Ints, Ints]:
    """Find the eligible people before the draw, or the first `COMPARED` of a role in the random order: rows of the sides."""
    return (
        _first(pool.cases, keyed_order(pool.cases.person, spec.seed, CASES)),
        _first(pool.controls, keyed_order(pool.controls.person, spec.seed, CONTROLS)),
    )


def _first(side: Side, order: UInt64) -> Ints:
    """Find the people who come first in the random order, each with the earliest day."""
    some = np.arange(len(order))
    if len(order) > 2 * COMPARED:
        some = np.flatnonzero(order <= np.partition(order, 2 * COMPARED)[2 * COMPARED])
    by = some[np.lexsort((side.day[some], order[some]))]
    new = np.ones(len(by), bool)
    new[1:] = order[by][1:] != order[by][:-1]
    return by[new][:COMPARED]


def _compared(source: Source, pool: Pool, spec: DrawSpec, sets: Sets, limits: Limits | None) -> tuple[Sample, Sample]:
    """Measure the people before and after the draw together, in one scan of each table."""
    cases, controls = _before(pool, spec)
    person = np.concatenate([pool.cases.person[cases], pool.controls.person[controls], sets.person])
    day = np.concatenate([pool.cases.day[cases], pool.controls.day[controls], sets.day])
    roster, row = Roster.of(person, day)
    with connect(limits) as con:
        seen = observe(con, source, roster, spec.covariates)
    n, m = len(cases), len(cases) + len(controls)
    return _stages(seen, row[:n], row[n:m], row[m:], sets)


def _compared_scored(scored: Scored, sets: Sets, spec: DrawSpec) -> tuple[Sample, Sample]:
    """Take both stages out of what the score was made of."""
    cases, controls = _before(scored.pool, spec)
    after = np.empty(len(sets.person), np.int32)
    for side, rows, mine in (
        (scored.pool.cases, scored.cases, ~sets.is_control),
        (scored.pool.controls, scored.controls, sets.is_control),
    ):
        drawn = np.flatnonzero(np.isin(side.person, sets.person[mine]))
        by = drawn[np.argsort(side.person[drawn])]
        after[mine] = rows[by[np.searchsorted(side.person[by], sets.person[mine])]]
    return _stages(scored.seen, scored.cases[cases], scored.controls[controls], after, sets)


def _stages(seen: Observed, cases: Rows, controls: Rows, after: Rows, sets: Sets) -> tuple[Sample, Sample]:
    """Lay out two stages of a draw for comparison; after it each set counts once on both sides."""
    is_case = np.repeat([True, False], [len(cases), len(controls)])
    earlier = Sample(seen.columns(np.append(cases, controls)), is_case, np.ones(len(is_case)), seen.kinds)
    size = np.bincount(sets.set_id[sets.is_control], minlength=int(sets.set_id.max()) + 1)
    weight = np.where(sets.is_control, 1.0 / np.maximum(size[sets.set_id], 1), 1.0)
    return earlier, Sample(seen.columns(after), ~sets.is_control, weight, seen.kinds)
