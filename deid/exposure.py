"""How far the shifted dates give their own offset away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import duckdb

from deid.inputs import RawTable
from deid.policy import Policy
from deid.policy.model import Generaliser


@dataclass(frozen=True)
class SharedDay:
    """The commonest calendar day of one shifted column, before the shift.

    people: released people with a day in it. share: of these, the ones who have the commonest day. An attacker who knows
    that day, such as the day on which the database was cut off, can read these people's offsets from the release.
    """

    table: str
    column: str
    people: int
    share: float

    def to_json(self) -> dict[str, object]:
        """Give it as plain JSON."""
        return {"table": self.table, "column": self.column, "people": self.people, "share": self.share}


def find_shared_days(con: duckdb.DuckDBPyConnection, raw: Mapping[str, RawTable], policy: Policy) -> None:
    """Make `shared_<table>_<column>` (day) for every column of periods: the days that are no person's own.

    A day counts as shared from `shared_day_limit` of the released people on, and at least k. Table `people` stands.
    """
    limit = {"share": policy.settings.shared_day_limit, "k": policy.settings.k}
    for part, column in _columns(raw, policy, "own-days"):
        con.execute(
            f"CREATE TABLE shared_{part.name}_{column} AS SELECT day FROM ({_days(part, column)}) GROUP BY day "
            "HAVING count(*) >= greatest($k, $share * (SELECT count(*) FROM people WHERE kept))",
            limit,
        )


def measure_shared_days(con: duckdb.DuckDBPyConnection, raw: Mapping[str, RawTable], policy: Policy) -> list[SharedDay]:
    """Measure every moved DATE column with released rows, as it leaves; the largest share first.

    Tables `people` and `shared_<table>_<column>` stand already.
    """
    found = []
    for by in (None, "own-days"):
        for part, column in _columns(raw, policy, by):
            own = "" if by is None else f" WHERE day NOT IN (SELECT day FROM shared_{part.name}_{column})"
            ((people, common),) = con.execute(
                f"WITH days AS ({_days(part, column)}), shared AS (SELECT count(*) AS people FROM days{own} GROUP BY day) "
                "SELECT (SELECT count(DISTINCT person_id) FROM days), (SELECT coalesce(max(people), 0) FROM shared)"
            ).fetchall()
            if people:
                found.append(SharedDay(part.name, column, people, common / people))
    return sorted(found, key=lambda day: (-day.share, day.table, day.column))


def _columns(raw: Mapping[str, RawTable], policy: Policy, by: Generaliser | None) -> Iterator[tuple[RawTable, str]]:
    """The released DATE columns that are shifted as they stand, or generalised `by`."""
    for part in raw.values():
        for column in part.columns:
            rule = policy.rule(part.name, column.name)
            if column.family == "date" and (rule.action == "shift" if by is None else rule.by == by):
                yield part, column.name


def _days(part: RawTable, column: str) -> str:
    """Give the SQL of (person_id, day), each once, of the people who stay."""
    return (
        f'SELECT DISTINCT person_id, t."{column}" AS day FROM {part.view} AS t '
        f'JOIN people USING (person_id) WHERE kept AND t."{column}" IS NOT NULL'
    )
