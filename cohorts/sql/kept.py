"""Streams made of other streams: events for which a group holds, and eras.

    keep        owner, stream      the stream made, and the one it is made of
    keep_row    row, owner, person_id, event_id, start_date, end_date [, visit_id], op_start, op_end
circe-be joins each event to the observation periods that hold its start, and knows an event by person and event id;
so an event outside observation is lost, and overlapping periods (or several death records) count more than once.
"""

from __future__ import annotations

from cohorts.plan.filters import places
from cohorts.plan.nodes import Eras
from cohorts.sql.conditions import Bound, Dates, conjunction
from cohorts.sql.eras import joined
from cohorts.sql.rounds import Tables
from cohorts.sql.scans import Layout, counted_value, moved


def rows(layout: Layout) -> str:
    """`keep_row`."""
    visit = " e.visit_id," if layout.visit else ""
    return f"""SELECT e.rowid AS row, k.owner, e.person_id, e.event_id, e.start_date, e.end_date,{visit}
    o.observation_period_start_date AS op_start, o.observation_period_end_date AS op_end
FROM event e JOIN keep k ON k.stream = e.stream JOIN cdm.observation_period o ON o.person_id = e.person_id
    AND o.observation_period_start_date <= e.start_date AND o.observation_period_end_date >= e.start_date"""


SHARED = "SELECT EXISTS (SELECT 1 FROM keep_row GROUP BY owner, person_id, event_id HAVING count(*) > 1)"


def index(copies: bool) -> str:
    """The index table of a round over kept events; with copies, equal (owner, person, event id) share a key."""
    if not copies:
        return "SELECT rowid AS key, * FROM keep_row"
    same = "OVER (PARTITION BY owner, person_id, event_id)"
    return f"SELECT min(rowid) {same} AS key, count(*) {same} AS copies, * FROM keep_row"


def keep(tables: Tables, layout: Layout) -> str:
    """The events that are kept, once each, under their new stream's number."""
    columns = ", ".join(f"e.{name}" for name in layout.columns[1:])
    index = f"(SELECT DISTINCT row, owner, key FROM {tables.index})" if tables.copies else tables.index
    return f"""SELECT i.owner, {columns} FROM event e JOIN {index} i ON i.row = e.rowid JOIN root r ON r.owner = i.owner
LEFT JOIN (SELECT DISTINCT key FROM {tables.hit} WHERE parent = 0) h ON h.key = i.key
WHERE r.initial <> (h.key IS NOT NULL)"""


def eras(number: int, given: Eras, layout: Layout, bound: Bound) -> str:
    """Eras of the events of several streams; their event id is their rank among all of them."""
    streams = ", ".join(map(str, given.streams))
    rows = f"SELECT person_id, start_date, end_date + {given.gap} AS end_date FROM event WHERE stream IN ({streams})"
    rank = "row_number() OVER (ORDER BY person_id, start_date, end_date)"
    made = f"""SELECT person_id, start_date, end_date - {given.gap} AS end_date FROM ({joined(rows, ("person_id",))})"""
    ranked = f"SELECT {rank} AS event_id, * FROM ({made})"
    if given.first:
        ranked += " QUALIFY row_number() OVER (PARTITION BY person_id ORDER BY start_date, end_date) = 1"
    where = []
    if given.adjust:
        start, end = moved(given.adjust)
        ranked = f"SELECT c.event_id, c.person_id, {start} AS start_date, {end} AS end_date FROM ({ranked}) c"
        where.append("c.end_date >= c.start_date")
    dates = Dates()
    join = " LEFT JOIN cdm.person p ON p.person_id = c.person_id" if "person" in places(given.filters) else ""
    if given.filters:
        where.append(conjunction(given.filters, dates, bound))
    columns = [
        f"{number} AS stream",
        "c.person_id",
        "c.event_id",
        "c.start_date",
        "c.end_date",
    ]
    columns += ["NULL AS visit_id"] if layout.visit else []
    columns += ["c.start_date AS sort_date"] if layout.sort_date else []
    columns += (
        [f"{counted_value(given.counted, dates, number=False) or 'NULL'} AS counted_id", "NULL"]
        if layout.counted
        else []
    )
    condition = f" WHERE {' AND '.join(where)}" if where else ""
    return f"SELECT {', '.join(columns)} FROM ({ranked}) c{join}{condition}"
