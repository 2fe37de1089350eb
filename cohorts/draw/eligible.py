"""Who is eligible, and when: entries of a cohort as index rows, in SQL.

Read tables `entry` (person_id, entered, left_on), `observed` (person_id, first_day, last_day) and `event` (person_id,
event). An index row has person_id, index_date, observed_from, free_from, free_to (dates).
"""

from __future__ import annotations

from cohorts.draw.spec import DrawSpec

ORIGIN, SPAN = "0001-01-01", 10_000_000
NEVER_A_CASE = "(FROM entry n WHERE NOT EXISTS (FROM event e WHERE e.person_id = n.person_id))"
"""Left out before the join with observation periods: after it the engine takes twice as long."""


def index_rows(spec: DrawSpec, of_cases: bool) -> str:
    """Write the query of one side's index rows."""
    if of_cases:
        return _own_index("entry", spec)
    return _at_risk(spec) if spec.index_from_case else _own_index(NEVER_A_CASE, spec)


def _own_index(entries: str, spec: DrawSpec) -> str:
    """Find the first entry of each person that is observed long enough, and since when.

    Both dates in one number, the entry's first, so that one cheap minimum finds them (a pair costs four times as much).
    """
    both = f"min((entered - DATE '{ORIGIN}') * {SPAN} + (first_day - DATE '{ORIGIN}'))"
    return f"""
        SELECT person_id, day AS index_date, since AS observed_from, day AS free_from, day AS free_to FROM (
            SELECT person_id, DATE '{ORIGIN}' + (f // {SPAN})::INTEGER AS day, DATE '{ORIGIN}' + (f % {SPAN})::INTEGER AS since
            FROM (
                SELECT q.person_id, {both} AS f FROM {entries} q JOIN observed o ON o.person_id = q.person_id
                WHERE first_day >= DATE '{ORIGIN}'
                    AND entered BETWEEN first_day + {spec.prior_observation_days} AND last_day GROUP BY 1))"""


def _at_risk(spec: DrawSpec) -> str:
    """Find when a member of the pool may serve: entered, observed long enough, not yet a case."""
    until, entries, events = ["last_day"], NEVER_A_CASE, ""
    if spec.design == "risk_set":
        until.append("left_on")
    if spec.until_own_event:
        until.append("coalesce(event - 1, last_day)")
        entries, events = "entry", "LEFT JOIN event c ON c.person_id = q.person_id"
    free_from = f"greatest(entered, first_day + {spec.prior_observation_days})"
    return f"""
        SELECT q.person_id, {free_from} AS index_date, first_day AS observed_from,
            {free_from} AS free_from, least({", ".join(until)}) AS free_to
        FROM {entries} q JOIN observed o ON o.person_id = q.person_id {events}
        WHERE {free_from} <= least({", ".join(until)})"""
