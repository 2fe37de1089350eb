"""Parts of the people that are worked on one after the other, so that memory is bounded whatever the hospital's size.

What a cohort has of one person depends on that person's rows alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import duckdb

from cohorts.columns.observed import Observed
from cohorts.criteria.domains import DOMAINS
from cohorts.plan.nodes import Plan, Scan

ROWS = 20_000_000  # events of a part in memory: about 2 GB with what is made of them
_STREAM = 0.05  # of a table's rows, what one concept set finds; some find more, most less


@dataclass(frozen=True)
class Part:
    """So many people, and their range of person_id; span None: everybody."""

    people: int
    span: tuple[int, int] | None


def how_many(con: duckdb.DuckDBPyConnection, plan: Plan, rows: int) -> int:
    """How many parts keep the events of each at about `rows`."""
    return max(1, -(-_expected(con, plan) // rows))


def parts(observed: Observed, wanted: int) -> list[Part]:
    """Cut everybody into so many parts, or one for each where there are fewer people."""
    people = len(observed.ids)
    wanted = min(wanted, max(people, 1))
    if wanted == 1:
        return [Part(people, None)]
    bounds = [people * number // wanted for number in range(wanted + 1)]
    return [Part(high - low, (int(observed.ids[low]), int(observed.ids[high - 1]))) for low, high in pairwise(bounds)]


def _expected(con: duckdb.DuckDBPyConnection, plan: Plan) -> int:
    """How many events the streams will hold, from the sizes of the tables."""
    shares: dict[str, float] = {}
    for stream in plan.streams:
        if isinstance(stream, Scan):
            table = DOMAINS[stream.kind].table
            selects = stream.concept_set is not None or stream.source_set is not None
            shares[table] = shares.get(table, 0.0) + (_STREAM if selects else 1.0)
    found = 0.0
    for table, share in sorted(shares.items()):
        ((rows,),) = con.execute(f"SELECT count(*) FROM cdm.{table}").fetchall()
        found += rows * min(share, 2.0)
    return int(found)
