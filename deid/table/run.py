"""From a flat table and its specification to the table that may leave, and what was done to it."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from cdm.errors import BadInput
from deid.lattice.cells import Cells, Levels, group
from deid.lattice.metrics import metric
from deid.lattice.privacy import Closeness, DistinctL, EntropyL, Mask, Model, Privacy, RecursiveL, judge
from deid.lattice.search import MOST_NODES, Optimum, search
from deid.parquet import write_table
from deid.report import write_json
from deid.risk import measure
from deid.table.read import Table, cells, overall, read, records
from deid.table.spec import (
    DistinctSpec,
    EntropySpec,
    EqualSpec,
    HierarchicalSpec,
    RecursiveSpec,
    SensitiveSpec,
    TableSpec,
    read_spec,
)


def run(input_: Path, spec_path: Path, out: Path, report: Path | None = None) -> dict[str, object]:
    """Make a table k-anonymous (and l-diverse, t-close) at the least loss that full-domain generalisation allows.

    input_: a CSV (; or , or tabs, with a header) or Parquet file. Writes `out`, a Parquet of the columns that the
    specification names, in its order: quasi-identifiers as the text of their group, the others as they are; sorted by
    all of them, without the records left out. Writes and gives the report: levels (in the order of the
    quasi-identifiers), loss, suppressed, classes, risk before and after, combinations, CPU seconds.

    Raises BadInput for a mistake in the specification, a hierarchy or the input, and where k cannot be reached.
    """
    spec = read_spec(spec_path)
    clock = [time.process_time()]
    table = read(input_, spec, spec_path.parent)
    clock.append(time.process_time())
    distinct = cells(table)
    clock.append(time.process_time())
    privacy = Privacy(spec.k, _models(spec, table, distinct))
    best = _search(distinct, privacy, spec)
    clock.append(time.process_time())
    kept = _kept(table, privacy, best.levels)
    out.unlink(missing_ok=True)
    _write(table, best.levels, kept, out)
    clock.append(time.process_time())
    named = ("read_cpu", "aggregate_cpu", "search_cpu", "write_cpu")
    seconds = dict(zip(named, np.diff(clock).tolist(), strict=True))
    found = _record(spec, table, distinct, best, seconds)
    if report is not None:
        write_json(found, report)
    return found


def _models(spec: TableSpec, table: Table, distinct: Cells) -> tuple[tuple[int, Model], ...]:
    return tuple(
        (place, _model(name, part, table, overall(distinct, place).astype(np.float64)))
        for place, (name, part) in enumerate(spec.sensitive.items())
    )


def _model(name: str, spec: SensitiveSpec, table: Table, overall_: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Model:
    match spec:
        case DistinctSpec():
            return DistinctL(spec.l)
        case EntropySpec():
            return EntropyL(spec.l)
        case RecursiveSpec():
            return RecursiveL(spec.c, spec.l)
        case EqualSpec():
            return Closeness.equal(spec.t, overall_)
        case HierarchicalSpec():
            return Closeness.hierarchical(spec.t, overall_, table.trees[name])


def _search(distinct: Cells, privacy: Privacy, spec: TableSpec) -> Optimum:
    nodes = int(np.prod([hierarchy.levels for hierarchy in distinct.hierarchies], dtype=np.float64))
    if nodes > MOST_NODES:
        raise BadInput(
            f"quasi_identifiers: their levels make {nodes:,} combinations, and at most {MOST_NODES:,} can be searched; "
            "use fewer quasi-identifiers or hierarchies of fewer levels"
        )
    # A limit of 0.05 on 100 records is 5, whatever 0.05 is in binary.
    allowed = float(np.floor(spec.suppression_limit * distinct.records + 1e-9))
    best = search(distinct, privacy, metric(spec.metric, distinct, privacy), allowed)
    if best is None or best.verdict.suppressed >= distinct.records:
        asked = f"k = {spec.k}" + "".join(f" and {part.model} of {name}" for name, part in spec.sensitive.items())
        raise BadInput(
            f"{asked} cannot be reached by leaving out at most {spec.suppression_limit:.1%} of {int(distinct.records)} records "
            "at any combination of levels; add a coarser level, allow more to be left out, or ask for less"
        )
    return best


def _kept(table: Table, privacy: Privacy, levels: Levels) -> Mask:
    """Tell which records may leave."""
    found = group(records(table), levels)
    return ~judge(found, privacy).bad[found.member]


def _write(table: Table, levels: Levels, kept: Mask, out: Path) -> None:
    # Labels are numbered in their own order, so that numbers sort as texts do.
    groups = [
        pl.Series(hierarchy.name, hierarchy.codes[level]).gather(table.codes[hierarchy.name])
        for hierarchy, level in zip(table.hierarchies, levels, strict=True)
    ]
    rows = table.rows.collect(engine="streaming").with_columns(groups).filter(pl.Series(kept))
    ordered = rows.sort(rows.columns)
    rows = ordered.with_columns(
        pl.Series(hierarchy.labels[level]).gather(ordered[hierarchy.name]).alias(hierarchy.name)
        for hierarchy, level in zip(table.hierarchies, levels, strict=True)
    )
    arrow = rows.to_arrow(compat_level=pl.CompatLevel.oldest())
    plain = [f.with_type(pa.string()) if pa.types.is_large_string(f.type) else f for f in arrow.schema]
    write_table(arrow.cast(pa.schema(plain)), out)


def _record(
    spec: TableSpec, table: Table, distinct: Cells, best: Optimum, seconds: dict[str, float]
) -> dict[str, object]:
    left = best.found.sizes[~best.verdict.bad & (best.found.sizes > 0)].astype(np.int64)
    before, after = measure(distinct.count.astype(np.int64), spec.k), measure(left, spec.k)
    return {
        "records": table.records,
        "quasi_identifiers": [
            {"name": hierarchy.name, "level": level, "levels": hierarchy.levels}
            for hierarchy, level in zip(table.hierarchies, best.levels, strict=True)
        ],
        "k": spec.k,
        "suppression_limit": spec.suppression_limit,
        "metric": spec.metric,
        "levels": list(best.levels),
        "loss": best.loss,
        "suppressed": int(best.verdict.suppressed),
        "classes": int(left.size),
        "risk": {"before": before.to_json(), "after": after.to_json()},
        "nodes": {"total": best.total, "checked": best.checked},
        "seconds": seconds,
    }
