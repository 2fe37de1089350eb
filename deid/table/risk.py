"""How risky a flat table is as it stands: its classes, and what they tell of a sensitive attribute."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cdm.errors import BadInput
from deid.lattice.cells import Cells, Float64, group
from deid.lattice.privacy import Closeness, per_class
from deid.risk import measure
from deid.table.aggregate import cells, overall
from deid.table.read import read
from deid.table.spec import DistinctSpec, QuasiSpec, TableSpec


def risk(input_: Path, quasi: Sequence[str], sensitive: str | None = None, k: int = 5) -> dict[str, object]:
    """Measure the re-identification risk of a CSV or Parquet file, by the columns that an attacker knows.

    Gives plain JSON: records, quasi_identifiers, k, risk (deid.risk.Risk: classes, uniques, prosecutor, journalist,
    marketer, above 1/k, histogram), and of a sensitive column the worst that a class shows of it: distinct values,
    effective values (2 to its entropy), equal-distance t; and how many records are in a class of one value.

    Raises BadInput for a column that is named twice or not there, and for a file that cannot be read or has no rows.
    """
    named = [*quasi, *([] if sensitive is None else [sensitive])]
    if not quasi or len(set(named)) < len(named) or "" in named:
        raise BadInput("the quasi-identifiers are given as column names, each once, and without the sensitive one")
    if k < 1:
        raise BadInput(f"k is {k}; it counts the people who look alike, so at least 1")
    spec = TableSpec(
        quasi_identifiers={name: QuasiSpec(suppress=True) for name in quasi},
        sensitive={} if sensitive is None else {sensitive: DistinctSpec(model="distinct-l", l=1)},
        k=k,
    )
    table = read(input_, spec, input_.parent)
    distinct = cells(table)
    found: dict[str, object] = {
        "records": table.records,
        "quasi_identifiers": list(quasi),
        "k": k,
        "risk": measure(distinct.count.astype(np.int64), k).to_json(),
    }
    return found if sensitive is None else {**found, "sensitive": {"name": sensitive, **_told(distinct)}}


def _told(distinct: Cells) -> dict[str, float]:
    """Measure what the classes tell of the sensitive attribute."""
    found = group(distinct, distinct.levels)
    rows = np.flatnonzero(found.sizes)
    everybody = overall(distinct, 0)
    closeness = Closeness.equal(0, everybody)

    def values(counts: Float64) -> Float64:
        return np.asarray(np.count_nonzero(counts, axis=1), dtype=np.float64)

    def effective(counts: Float64) -> Float64:
        share = counts / counts.sum(axis=1, keepdims=True)
        logs = np.log2(share, out=np.zeros_like(share), where=share > 0)
        return np.asarray(np.exp2(-(share * logs).sum(axis=1)))

    different = per_class(values, found, distinct.sensitive[0], rows)
    return {
        "values": int((everybody > 0).sum()),
        "distinct_l": int(different.min()),
        "entropy_l": float(per_class(effective, found, distinct.sensitive[0], rows).min()),
        "t_equal": float(per_class(closeness.distance, found, distinct.sensitive[0], rows).max()),
        "records_of_one_value": int(found.sizes[rows][different == 1].sum()),
    }
