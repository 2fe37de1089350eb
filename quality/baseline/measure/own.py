"""Measuring what the dashboard does not ask."""

from __future__ import annotations

from collections.abc import Sequence

from quality.baseline.declared import Check
from quality.baseline.declared.limits import limits
from quality.baseline.measure.database import Database
from quality.baseline.measure.figure import Figure
from quality.baseline.measure.fused import Asking
from quality.measure.engine import quote

# A value this many times above or below the usual one is odd; one of another unit is this near to it.
ODD, NEAR = 3.0, 1.6
# A month with less than this share of the people of a middling month around it (half a year before and after, with at least so
# many people) is empty; the months of the first and last per cent of rows are left out. People, for one person's stay in
# intensive care can fill a month with rows. Their number is estimated to some per cent, always the same for the same rows.
EMPTY_MONTH, TAIL, AROUND, LEAST_PEOPLE = 0.1, 0.01, 6, 10
VALUES = frozenset({"valueWithinLimits", "unitMixUp"})


def values(db: Database, checks: Sequence[Check]) -> dict[Check, Figure]:
    """Count results that no living person has in their unit, and results that look like another unit's.

    A result looks like another unit's when it is odd as it stands (beyond the limits, or three times above or below what is
    usual) and would be near the usual one if it were in another unit of the same measurement.
    """
    if not checks:
        return {}
    if not {"unit_concept_id", "value_as_number"} <= set(db.fields):
        return {check: Figure(0, 0, "measurement.unit_concept_id or value_as_number is missing") for check in checks}
    lines = ", ".join(
        f"({one.measurement}, {one.unit}, {one.least!r}, {one.greatest!r}, {one.times!r}, {one.usual!r}, {one.offset!r})"
        for one in limits()
    )
    counted = db.rows_of(
        f"WITH l(measurement, unit, least, greatest, times, usual, shift) AS (VALUES {lines}), "
        "v AS (SELECT t.measurement_concept_id AS measurement, t.unit_concept_id AS unit, t.value_as_number::DOUBLE AS value, "
        f"count(*) AS n FROM {db.name} AS t SEMI JOIN l ON t.measurement_concept_id = l.measurement AND t.unit_concept_id = l.unit "
        "WHERE t.value_as_number IS NOT NULL GROUP BY ALL), "
        "own AS (SELECT v.*, NOT value BETWEEN least AND greatest AS beyond, "
        f"{_far('(value - shift) * times', ODD)} AS far FROM v JOIN l USING (measurement, unit)), "
        f"other AS (SELECT v.measurement, v.unit, v.value, bool_or(NOT {_far('(v.value - l.shift) * l.times', NEAR)}) AS near "
        "FROM v JOIN l ON v.measurement = l.measurement AND v.unit <> l.unit GROUP BY v.measurement, v.unit, v.value) "
        "SELECT measurement, unit, sum(n)::BIGINT, coalesce(sum(n) FILTER (beyond), 0)::BIGINT, "
        "coalesce(sum(n) FILTER ((beyond OR far) AND near), 0)::BIGINT FROM own LEFT JOIN other USING (measurement, unit, value) "
        "GROUP BY measurement, unit"
    )
    found = {(measurement, unit): (n, beyond, mixed) for measurement, unit, n, beyond, mixed in counted}
    figures = {}
    for check in checks:
        n, beyond, mixed = found.get((int(check.asks[0]), int(check.asks[1])), (0, 0, 0))
        figures[check] = Figure(beyond if check.type == "valueWithinLimits" else mixed, n)
    return figures


def _far(value: str, times: float) -> str:
    """Whether a value in the first unit is `times` above or below the usual one."""
    return f"({value} > usual * {times} OR {value} < usual / {times})"


def midnight(db: Database, checks: Sequence[Check]) -> Asking:
    """Count times that are midnight: a field of midnights holds dates, and a study in hours cannot use it."""
    asked = {check: f"count_if(CAST(t.{quote(check.field)} AS TIME) = TIME '00:00:00')" for check in checks}
    counted = yield asked.values()
    return {check: Figure(counted[sql], db.filled(check.field)) for check, sql in asked.items()}


def dates_beside_times(db: Database, checks: Sequence[Check]) -> Asking:
    """Count rows whose date and time are of different days, out of those that have both."""
    found, asked = {}, {}
    for check in checks:
        date = str(check.asks[0])
        if date not in db.fields:
            found[check] = Figure(0, 0, f"{check.table}.{date} is missing")
            continue
        differs = f"CAST(t.{quote(check.field)} AS DATE) <> {db.day(date)}"
        asked[check] = (f"count_if({differs})", f"count({differs})")
    counted = yield [sql for pair in asked.values() for sql in pair]
    return found | {check: Figure(counted[bad], counted[of]) for check, (bad, of) in asked.items()}


def months(db: Database, checks: Sequence[Check]) -> dict[Check, Figure]:
    """Count months with hardly a row between the months that hold the first and the last per cent of the rows."""
    figures = {}
    for check in checks:
        holes, every = db.one(f"{calendar(db, check.field)} SELECT coalesce(count_if(hole), 0), count(*) FROM calendar")
        figures[check] = Figure(holes, every)
    return figures


def calendar(db: Database, field: str) -> str:
    """SQL, WITH and all, of `calendar`: each month (of the Christian era, counted from 0), its people `p`, and whether it is a hole.

    p is estimated.
    """
    people = "approx_count_distinct(person_id)" if "person_id" in db.fields else "count(*)"
    return (
        f"WITH m AS (SELECT {month_of(field)} AS month, count(*) AS n, {people} AS p FROM {db.name} "
        f"WHERE {quote(field)} IS NOT NULL GROUP BY 1), "
        "c AS (SELECT month, n, sum(n) OVER (ORDER BY month) AS upto, sum(n) OVER () AS every FROM m), "
        f"r AS (SELECT min(month) AS first, max(month) AS last FROM c WHERE upto > {TAIL} * every "
        f"AND upto - n < {1 - TAIL} * every), "
        "a AS (SELECT unnest(generate_series(first, last)) AS month FROM r WHERE first IS NOT NULL), "
        "f AS (SELECT month, coalesce(p, 0) AS p FROM a LEFT JOIN m USING (month)), "
        "w AS (SELECT month, p, median(p) OVER (ORDER BY month ROWS "
        f"BETWEEN {AROUND} PRECEDING AND {AROUND} FOLLOWING) AS middle FROM f), "
        f"calendar AS (SELECT month, p, middle >= {LEAST_PEOPLE} AND p < {EMPTY_MONTH} * middle AS hole FROM w)"
    )


def month_of(field: str) -> str:
    """SQL of a date's month as a whole number, which is grouped by in half the time of a date."""
    return f"(year({quote(field)}) * 12 + month({quote(field)}) - 1)"
