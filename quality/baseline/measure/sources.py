"""The hospital's own codes, each counted once."""

from __future__ import annotations

from collections.abc import Sequence

from quality.baseline.declared import Check
from quality.baseline.measure.database import Database
from quality.baseline.measure.figure import Figure
from quality.baseline.measure.fused import beside
from quality.measure.engine import quote


def measure(db: Database, checks: Sequence[Check]) -> dict[Check, Figure]:
    """Count distinct source values that some row maps to 0, out of all; no value at all counts as one."""
    found, asked = {}, {}
    for check in checks:
        mapped = str(check.asks[0])
        if mapped not in db.fields:
            found[check] = Figure(0, 0, f"{check.table}.{mapped} is missing")
            continue
        value, concept = quote(check.field), quote(mapped)
        if db.rows and not db.filled(check.field):
            # Every row then has the same one: none.
            asked[check] = f"SELECT coalesce(bool_or({concept} = 0), false)::BIGINT, 1::BIGINT FROM {db.name}"
            continue
        asked[check] = (
            f"SELECT coalesce(count_if(lost), 0), count(*) FROM (SELECT coalesce(bool_or({concept} = 0), false) AS lost "
            f"FROM {db.name} GROUP BY {value})"
        )
    counted = zip(asked, beside(db, list(asked.values())), strict=True)
    return found | {check: Figure(counts[0], counts[1]) for check, counts in counted}
