"""What was known on the last day of the window: a row that leaves must not tell what came after it.

A stay that began before the window's end tells by its end how long it still lasted, and by its discharge whether the
patient lived: for a model that predicts from the index date this is the outcome itself. So the row leaves as a database
of that day would have held it.

| column | where it lies after the window |
|---|---|
| start of a period (observation_period, payer_plan_period) | before it: becomes the window's first day |
| end date that the CDM requires (visits, periods, drug exposures) | becomes the window's last day |
| other end dates and end times | become NULL: not ended yet |
| where a patient was discharged to, why a drug was stopped | become NULL with the end |
"""

from __future__ import annotations

from collections.abc import Mapping

from extract.plan import TablePlan
from extract.sql import quote

# Known only once the row has ended. CDM 5.3 says discharge_to, 5.4 discharged_to.
WITH_THE_END = ("discharge_to", "discharged_to", "stop_reason", "verbatim_end_date")


def as_of_window(part: TablePlan) -> Mapping[str, str]:
    """Column -> SQL expression over the row `t` and its person's window `r` (low, high); empty when nothing can lie outside."""
    table = part.table
    ends = [c for c in (table.end_date, table.end_datetime) if c is not None]
    if not part.dated or not ends:
        return {}
    known = next((c for c in ends if c in part.columns), None)
    end = f"CAST(t.{quote(known)} AS DATE)" if known else "CAST(NULL AS DATE)"
    told = {
        column: f"CASE WHEN {end} <= r.high THEN t.{quote(column)} END"
        for column in part.columns
        if column in ends or column.startswith(WITH_THE_END)
    }
    if table.end_date in told and table.column(table.end_date).required:
        told[table.end_date] = f"CASE WHEN {end} > r.high THEN r.high ELSE t.{quote(table.end_date)} END"
    if part.kind == "periods" and table.start_date in part.columns:
        start = quote(table.start_date)
        told[table.start_date] = f"CASE WHEN CAST(t.{start} AS DATE) < r.low THEN r.low ELSE t.{start} END"
    return told
