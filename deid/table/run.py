"""From a flat table and its specification to the table that may leave, and what was done to it."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from cdm.errors import BadInput
from deid.lattice.cells import Cells, Float64
from deid.lattice.metrics import metric
from deid.lattice.privacy import Closeness, DistinctL, EntropyL, Model, Privacy, RecursiveL
from deid.lattice.search import MOST_LEVELS, MOST_NODES, Optimum, search
from deid.report import write_json
from deid.risk import measure
from deid.table.aggregate import cells, overall
from deid.table.read import Table, read
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
from deid.table.write import write


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
    out.unlink(missing_ok=True)
    write(table, privacy, best.levels, out)
    clock.append(time.process_time())
    named = ("read_cpu", "aggregate_cpu", "search_cpu", "write_cpu")
    seconds = dict(zip(named, np.diff(clock).tolist(), strict=True))
    found = _record(spec, table, distinct, best, seconds)
    if report is not None:
        write_json(found, report)
    return found


def _models(spec: TableSpec, table: Table, distinct: Cells) -> tuple[tuple[int, Model], ...]:
    return tuple(
        (place, _model(name, part, table, overall(distinct, place)))
        for place, (name, part) in enumerate(spec.sensitive.items())
    )


def _model(name: str, spec: SensitiveSpec, table: Table, everybody: Float64) -> Model:
    match spec:
        case DistinctSpec():
            return DistinctL(spec.l)
        case EntropySpec():
            return EntropyL(spec.l)
        case RecursiveSpec():
            return RecursiveL(spec.c, spec.l)
        case EqualSpec():
            return Closeness.equal(spec.t, everybody)
        case HierarchicalSpec():
            return Closeness.hierarchical(spec.t, everybody, table.trees[name])


def _search(distinct: Cells, privacy: Privacy, spec: TableSpec) -> Optimum:
    nodes = int(np.prod([hierarchy.levels for hierarchy in distinct.hierarchies], dtype=np.float64))
    deepest = max(distinct.hierarchies, key=lambda hierarchy: hierarchy.levels)
    if deepest.levels > MOST_LEVELS:
        raise BadInput(f"hierarchy '{deepest.name}' has {deepest.levels} levels; at most {MOST_LEVELS} can be searched")
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
