"""Primary events, and the limits that keep a person's first or last one.

Order of a person's events where circe-be leaves ties to the database: by date (the limit's direction), then source
event id, end date, observation period, criterion, visit: rows that tie on all of them (the visit where any definition
looks at it) are equal.
"""

from __future__ import annotations

from cohorts.sql.definitions import Definitions
from cohorts.sql.scans import Layout

_TIES = "sort_date, event_id, end_date, op_start, op_end, nth"


def primary(layout: Layout, given: Definitions, limits: frozenset[str]) -> str:
    """`index` rows of all definitions; `limits`: the primary limits that occur (all, first, last)."""
    date = "e.sort_date" if layout.sort_date else "e.start_date"
    visit = " e.visit_id," if layout.visit else ""
    join = given.join("s.owner", "prior_days", "post_days", "primary_limit")
    rows = f"""SELECT s.owner, e.person_id, e.event_id, e.start_date, e.end_date,{visit} {date} AS sort_date, s.nth,
    o.observation_period_start_date AS op_start, o.observation_period_end_date AS op_end
FROM event e JOIN primary_stream s ON s.stream = e.stream{join}
JOIN cdm.observation_period o ON o.person_id = e.person_id
    AND e.start_date >= o.observation_period_start_date AND e.start_date <= o.observation_period_end_date
WHERE o.observation_period_start_date + {given.of("prior_days")} <= e.start_date
    AND e.start_date + {given.of("post_days")} <= o.observation_period_end_date"""
    return "\nUNION ALL\n".join(
        f"{rows}{_which(limit, limits, 'primary_limit', 'AND')}"
        f"{_first(limit, 's.owner, e.person_id', 'sort_date', layout)}"
        for limit in sorted(limits)
    )


def _which(limit: str, limits: frozenset[str], column: str, word: str) -> str:
    return f" {word} d.{column} = '{limit}'" if len(limits) > 1 else ""


def _first(limit: str, partition: str, date: str, layout: Layout) -> str:
    if limit == "all":
        return ""
    direction, ties = "DESC" if limit == "last" else "ASC", f"{_TIES}, visit_id" if layout.visit else _TIES
    return f" QUALIFY row_number() OVER (PARTITION BY {partition} ORDER BY {date} {direction}, {ties}) = 1"


def limited(rows: str, column: str, limits: frozenset[str], layout: Layout) -> str:
    """Rows of an index table after a limit; `column` of `definition` says which limit an owner has."""
    parts = []
    join = " JOIN definition d ON d.owner = i.owner" if len(limits) > 1 else ""
    for limit in sorted(limits):
        base = f"SELECT i.* FROM {rows} i{join}{_which(limit, limits, column, 'WHERE')}"
        parts.append(base + _first(limit, "i.owner, i.person_id", "i.start_date", layout))
    return "\nUNION ALL\n".join(parts)
