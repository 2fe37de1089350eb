"""The draw from end to end: pool, sets, balance, report."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cdm.engine import Limits, connect
from cdm.errors import BadInput
from cdm.source import Source
from cohorts.draw.balance import Flags, Sample, balance
from cohorts.draw.candidates import Ints
from cohorts.draw.covariates import measure
from cohorts.draw.order import UInt64, keyed_order
from cohorts.draw.pool import Pool, Side, open_pool
from cohorts.draw.report import Counts, DrawReport, Stratum
from cohorts.draw.sets import CASES, CONTROLS, Sets, make_sets
from cohorts.draw.spec import DrawSpec
from cohorts.draw.table1 import table1

COMPARED = 50_000
"""At most so many people of each role, the first in the random order, stand for the pool in the balance
before."""


def draw(source: Source, cohort: Path, spec: DrawSpec, out: Path, limits: Limits | None = None) -> DrawReport:
    """Draw matched cases and controls from a cohort, and write them.

    cohort: Parquet with role ('case', 'control'), subject_id, cohort_start_date, cohort_end_date.
    out: Parquet to write: person_id BIGINT, role VARCHAR, index_date DATE, set_id BIGINT (numbered at
        random), weight DOUBLE (people whom the row stands for: the inverse of its sampling fraction), sorted
        by set_id, role, person_id. The same source, cohort and specification give the same bytes on any
        number of threads.
    A person of the case cohort is never a control (but see `DrawSpec.future_cases`); nobody is drawn twice
    unless the specification asks for it. Nothing after an index date is looked at to choose.
    Raises BadInput when the file is no cohort, when there is no case or no common stratum, or, with
    shortfall: refuse, when fewer exist than wanted.
    """
    with connect(limits) as con:
        con.execute("SET preserve_insertion_order = false")
        pool = open_pool(con, source, cohort, spec)
        con.execute("DROP TABLE entry CASCADE")
        if not len(pool.cases.person):
            raise BadInput(
                "The draw has no case: nobody in the cohort 'case' is under observation on the index date "
                f"with {spec.prior_observation_days} days before it; check the definition of the cases."
            )
        if spec.controls and not (pool.controls.stratum >= 0).any():
            raise BadInput(_nothing_in_common(pool, spec))
        sets = make_sets(pool, spec)
        if not sets.table.num_rows:
            raise BadInput(_nothing_in_common(pool, spec))
        report = _report(pool, sets, spec)
        if report.notes and spec.shortfall == "refuse":
            raise BadInput(f"The draw was refused, as `shortfall: refuse` asks: {' '.join(report.notes)}")
        before = _sample(pool, spec)
        columns = measure(con, source, pa.concat_tables([before, sets.table.select(before.column_names)]))
    pq.write_table(sets.table, out, compression="zstd")
    stages = _stages(columns, before, sets.table)
    return DrawReport(**(vars(report) | {"balance": balance(*stages), "table1": table1(stages[1])}))


def _report(pool: Pool, sets: Sets, spec: DrawSpec) -> DrawReport:
    available = Counts(pool.cases.people(), pool.controls.people())
    case = _is_case(sets.table)
    drawn = Counts(int(case.sum()), int((~case).sum()))
    sizes, count = np.unique(sets.sizes, return_counts=True)
    eligible = np.bincount(pool.cases.stratum, minlength=len(pool.strata))
    most_first = np.lexsort((np.arange(len(eligible)), -sets.unmatched))
    return DrawReport(
        spec=spec,
        wanted=Counts(spec.cases, spec.controls),
        available=available,
        drawn=drawn,
        sets=len(sets.sizes),
        set_sizes={int(s): int(n) for s, n in zip(sizes, count, strict=True)},
        strata=len(pool.strata),
        unmatched=tuple(
            Stratum(pool.strata[s], int(eligible[s]), int(sets.drawn[s]), int(sets.unmatched[s]))
            for s in most_first[: int((sets.unmatched > 0).sum())]
        ),
        pairs_by_repair=sets.repaired,
        balance=(),
        table1=(),
        notes=_notes(available, drawn, spec),
    )


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
        who = "is at risk in the control cohort" if spec.index_from_case else "of the control cohort is eligible"
        return f"The draw has no control: nobody {who} (observed, and never a case); check its definition."
    what = ", ".join([*spec.match, *(f"caliper on {c.on}" for c in spec.calipers)]) or "the index date"
    return f"The draw pairs nobody: no case and control agree on {what}; match on less, or use wider bands."


def _sample(pool: Pool, spec: DrawSpec) -> pa.Table:
    """List the eligible people before the draw, or the first `COMPARED` of a role in the random order."""
    parts = []
    for side, purpose, role in ((pool.cases, CASES, "case"), (pool.controls, CONTROLS, "control")):
        by = _first(side, keyed_order(side.person, spec.seed, purpose))
        day = pa.array(side.day[by].astype(np.int32), pa.int32()).cast(pa.date32())
        parts.append(
            pa.table({"person_id": pa.array(side.person[by]), "role": pa.repeat(role, len(by)), "index_date": day})
        )
    return pa.concat_tables(parts)


def _first(side: Side, order: UInt64) -> Ints:
    """Find the people who come first in the random order, each with the earliest day."""
    some = np.arange(len(order))
    if len(order) > 2 * COMPARED:
        some = np.flatnonzero(order <= np.partition(order, 2 * COMPARED)[2 * COMPARED])
    by = some[np.lexsort((side.day[some], order[some]))]
    new = np.ones(len(by), bool)
    new[1:] = order[by][1:] != order[by][:-1]
    return by[new][:COMPARED]


def _is_case(people: pa.Table) -> Flags:
    flags: Flags = np.asarray(people["role"].to_pylist()) == "case"
    return flags


def _stages(columns: dict[str, np.ndarray], before: pa.Table, drawn: pa.Table) -> tuple[Sample, Sample]:
    n = before.num_rows
    case = _is_case(before)
    earlier = Sample({k: v[:n] for k, v in columns.items()}, case, np.ones(n))
    case = _is_case(drawn)
    sets = drawn["set_id"].to_numpy()
    controls = np.bincount(sets[~case], minlength=int(sets.max()) + 1)
    weight = np.where(case, 1.0, 1.0 / np.maximum(controls[sets], 1))
    return earlier, Sample({k: v[n:] for k, v in columns.items()}, case, weight)
