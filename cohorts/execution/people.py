"""What the table person says, for conditions on index events and eras."""

from __future__ import annotations

import duckdb
import numpy as np

from cohorts.columns.events import NO_ID
from cohorts.columns.filters import People
from cohorts.columns.observed import Observed
from cohorts.execution.arrow import ask, whole
from cohorts.needs import looks_at_people, person_columns
from cohorts.plan.nodes import Plan


def read_people(
    con: duckdb.DuckDBPyConnection, plan: Plan, observed: Observed, further: tuple[str, ...] = ()
) -> People | None:
    """The columns that the plan's conditions look at, and further ones; None: there are none."""
    if not looks_at_people(plan) and not further:
        return None
    names = sorted({*person_columns(plan), *further})
    found = ask(con, f"SELECT {', '.join(['person_id', *names])} FROM cdm.person WHERE person_id IS NOT NULL")
    number = observed.number(whole(found["person_id"]))
    known = number >= 0
    present = np.zeros(len(observed.ids), bool)
    present[number[known]] = True
    columns = {}
    for name in names:
        columns[name] = np.full(len(observed.ids), NO_ID, np.int64)
        columns[name][number[known]] = whole(found[name])[known]
    return People(present, columns)
