"""Primary events, and the limits that keep a person's first or last one.

Order of a person's events where circe-be leaves ties to the database: by date (the limit's direction), then source
event id, end date, observation period, criterion, visit: rows that tie on all of them are equal.
"""

from __future__ import annotations

_TIES = "sort_date, event_id, end_date, op_start, op_end, nth, visit_id"


def primary(sort_date: bool, limits: frozenset[str]) -> str:
    """`index` rows of all definitions; `limits`: the primary limits that occur (all, first, last)."""
    date = "e.sort_date" if sort_date else "e.start_date"
    rows = f"""SELECT d.owner, e.person_id, e.event_id, e.start_date, e.end_date, e.visit_id, {date} AS sort_date, s.nth,
    o.observation_period_start_date AS op_start, o.observation_period_end_date AS op_end
FROM event e JOIN primary_stream s ON s.stream = e.stream JOIN definition d ON d.owner = s.owner
JOIN cdm.observation_period o ON o.person_id = e.person_id
    AND e.start_date >= o.observation_period_start_date AND e.start_date <= o.observation_period_end_date
WHERE o.observation_period_start_date + d.prior_days <= e.start_date
    AND e.start_date + d.post_days <= o.observation_period_end_date AND d.primary_limit = """
    return "\nUNION ALL\n".join(
        f"{rows}'{limit}'{_first(limit, 'd.owner, e.person_id', 'sort_date')}" for limit in sorted(limits)
    )


def _first(limit: str, partition: str, date: str) -> str:
    if limit == "all":
        return ""
    direction = "DESC" if limit == "last" else "ASC"
    return f" QUALIFY row_number() OVER (PARTITION BY {partition} ORDER BY {date} {direction}, {_TIES}) = 1"


def limited(rows: str, column: str, limits: frozenset[str]) -> str:
    """Rows of an index table after a limit; `column` of `definition` says which limit an owner has."""
    parts = []
    for limit in sorted(limits):
        base = f"SELECT i.* FROM {rows} i JOIN definition d ON d.owner = i.owner WHERE d.{column} = '{limit}'"
        parts.append(base + _first(limit, "i.owner, i.person_id", "i.start_date"))
    return "\nUNION ALL\n".join(parts)
