"""Measurements by the unit that they came in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from quality.baseline.declared import Check
from quality.baseline.declared.units import NO_UNIT
from quality.baseline.measure.database import Database
from quality.baseline.measure.figure import Figure
from quality.measure.engine import quote


def measure(db: Database, checks: Sequence[Check]) -> dict[Check, Figure]:
    """Count rows in a unit that is not accepted, out of those whose unit is mapped or absent; both failings are told elsewhere."""
    if not checks:
        return {}
    if "unit_concept_id" not in db.fields:
        return {check: Figure(0, 0, "measurement.unit_concept_id is missing") for check in checks}
    field = quote(checks[0].field)
    counted = db.rows_of(
        f"SELECT {field}, coalesce(unit_concept_id, {NO_UNIT}), count(*) FROM {db.name} WHERE {field} IN "
        f"({', '.join(check.concept for check in checks)}) AND unit_concept_id IS DISTINCT FROM 0 GROUP BY ALL"
    )
    by_concept: dict[int, dict[int, int]] = defaultdict(dict)
    for concept, unit, rows in counted:
        by_concept[concept][unit] = rows
    found = {}
    for check in checks:
        units = by_concept.get(int(check.concept), {})
        wrong = sum(rows for unit, rows in units.items() if unit not in (NO_UNIT, *check.asks))
        found[check] = Figure(wrong, sum(units.values()))
    return found
