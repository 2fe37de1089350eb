"""Intervals that touch or overlap, joined into eras."""

from __future__ import annotations


def joined_forward(rows: str, keys: tuple[str, ...]) -> str:
    """`joined` for where eras that end before they start do not matter: one window less, and no grouping.

    An era ends with the latest end before the next era's start. Where that is an end from before this era, this era
    has nothing but rows that end before they start, and either way ends before it starts.
    """
    names = ", ".join(keys)
    order = f"PARTITION BY {names} ORDER BY start_date, end_date ROWS BETWEEN UNBOUNDED PRECEDING AND"
    return f"""SELECT {names}, start_date,
    coalesce(lead(before) OVER (PARTITION BY {names} ORDER BY start_date, end_date), whole) AS end_date
FROM (
    SELECT {names}, start_date, end_date, max(end_date) OVER ({order} 1 PRECEDING) AS before,
        max(end_date) OVER ({order} UNBOUNDED FOLLOWING) AS whole
    FROM ({rows})
) WHERE before IS NULL OR before < start_date"""


def joined(rows: str, keys: tuple[str, ...]) -> str:
    """Eras of `rows` (keys, start_date, end_date): keys, start_date, and the latest end_date as end_date.

    A row starts an era if it starts after every end before it (in order of start, then end). circe-be leaves the order
    of equal starts to the database, which shows only where a row ends before it starts.
    """
    partition, names = f"PARTITION BY {', '.join(keys)} ORDER BY start_date", ", ".join(keys)
    before = "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
    return f"""SELECT {names}, min(start_date) AS start_date, max(end_date) AS end_date FROM (
    SELECT {names}, start_date, end_date,
        sum(opens) OVER ({partition}, opens DESC ROWS UNBOUNDED PRECEDING) AS era
    FROM (
        SELECT {names}, start_date, end_date,
            CASE WHEN max(end_date) OVER ({partition}, end_date {before}) >= start_date THEN 0 ELSE 1 END AS opens
        FROM ({rows})
    )
) GROUP BY {names}, era"""
