"""The clinical events of an extract: what was recorded of whom on which day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import duckdb

from cdm.schema import Table
from deid.columns import expression, released
from deid.inputs import RawTable
from deid.policy import Policy


def main_concept(table: Table) -> str | None:
    """Name the column that says what a row is about; None for eras, too, which repeat what other tables say."""
    return None if table.name.endswith("_era") else table.main_concept


def make_events(con: duckdb.DuckDBPyConnection, raw: Mapping[str, RawTable], policy: Policy) -> str:
    """Make view `events` (person_id, code: as released, day, released_day) of the people who stay; give its name.

    Rows whose code was dropped (0 or NULL) are left out. Tables `people` and those of codes stand already.
    """
    parts = list(_parts(raw, policy)) or [
        "SELECT NULL::BIGINT AS person_id, NULL::BIGINT AS code, NULL::DATE AS day, NULL::DATE AS released_day WHERE FALSE"
    ]
    con.execute(f"CREATE VIEW events AS {' UNION ALL '.join(parts)}")
    return "events"


def _parts(raw: Mapping[str, RawTable], policy: Policy) -> Iterator[str]:
    for part in raw.values():
        concept, start = main_concept(part.table), part.table.start_date
        names = {column.name for column in released(part, policy)} if policy.released(part.name) else set()
        if concept in names and start in names:
            code = expression(part, part.table.column(str(concept)), policy)
            yield (
                f'SELECT p.person_id, CAST({code} AS BIGINT) AS code, t."{start}" AS day, '
                f't."{start}" + CAST(p.offset_days AS INTEGER) AS released_day FROM {part.view} AS t '
                f'JOIN people AS p ON p.person_id = t."{part.table.person_key}" AND p.kept WHERE {code} <> 0'
            )
