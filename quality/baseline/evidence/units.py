"""How the values of a measurement are spread in each of its units: where two humps lie, two units were mixed."""

from __future__ import annotations

from collections.abc import Sequence

from quality.baseline.declared import Check
from quality.baseline.declared.limits import limits
from quality.baseline.evidence.cell import Cell, Drill, Spread, shown
from quality.baseline.measure import Database
from quality.baseline.status import Result

TYPES = frozenset({"plausibleUnitConceptIds", "valueWithinLimits", "unitMixUp"})
# Bins of a tenth of a decade cut in two: fixed, so that no edge is a patient's value.
BINS, UNITS = 20, 4
NONE = -1


def measure(db: Database, failed: Sequence[Result]) -> dict[Check, Drill]:
    """Look into the failures about units and values of the open table; values of 0 and below have no place on the scale."""
    asked = [result for result in failed if result.check.type in TYPES]
    if not asked or not {"unit_concept_id", "value_as_number", "person_id", "measurement_concept_id"} <= set(db.fields):
        return {}
    wanted = sorted({_measurement(result.check) for result in asked})
    db.run(
        "CREATE OR REPLACE TEMP TABLE spread AS SELECT measurement_concept_id AS measurement, "
        f"coalesce(unit_concept_id, {NONE}) AS unit, CASE WHEN value_as_number > 0 AND isfinite(value_as_number) "
        f"THEN floor(log10(value_as_number) * {BINS})::INTEGER END AS bin, count(*) AS n, count(DISTINCT person_id) AS people "
        f"FROM {db.name} WHERE measurement_concept_id IN ({', '.join(map(str, wanted))}) GROUP BY GROUPING SETS ((1, 2), (1, 2, 3))"
    )
    rows = db.rows_of("SELECT measurement, unit, bin, n, people FROM spread ORDER BY ALL")
    return {result.check: _drill(result, rows) for result in asked}


def _measurement(check: Check) -> int:
    return int(check.concept.split(" ")[0])


def _drill(result: Result, rows: Sequence[tuple[int, int, int | None, int, int]]) -> Drill:
    mine = [(unit, bin_, n, people) for one, unit, bin_, n, people in rows if one == _measurement(result.check)]
    # The rows of a unit in all are the most of its lines without a bin, the other being its rows without a value to show.
    whole = {
        unit: max((n, people) for one, bin_, n, people in mine if one == unit and bin_ is None)
        for unit in {one for one, *_ in mine}
    }
    units = [Cell(unit, n, people) for unit, (n, people) in whole.items()]
    cells, more = shown(units, sum(one.rows for one in units), UNITS)
    known = {(one.measurement, one.unit): one for one in limits()}
    spreads = []
    for cell in cells:
        bins = [Cell(bin_, n, people) for unit, bin_, n, people in mine if unit == cell.id and bin_ is not None]
        told, _ = shown(bins, cell.rows, len(bins))
        line = known.get((_measurement(result.check), cell.id))
        limit = (line.least, line.greatest) if line else (None, None)
        spreads.append(
            Spread(cell.id, "", cell.rows, {round(10 ** (one.id / BINS), 6): one.rows for one in told}, *limit)
        )
    return Drill("unit_concept_id", cells, more, (), tuple(spreads))
