"""What everything else looks at: a hospital's tables as lists of rows, and the definition's concept sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

Json = Mapping[str, Any]
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Hospital:
    """A CDM: rows by table. A table that is not there has no rows."""

    tables: Mapping[str, Sequence[Row]]

    def rows(self, table: str) -> Sequence[Row]:
        return self.tables.get(table, ())

    @cached_property
    def person(self) -> Mapping[int, Row]:
        return {row["person_id"]: row for row in self.rows("person")}

    @cached_property
    def visit(self) -> Mapping[tuple[int, int], Row]:
        """A visit by its id and its person: an event that names another person's visit has none."""
        return {(row["visit_occurrence_id"], row["person_id"]): row for row in self.rows("visit_occurrence")}

    @cached_property
    def provider(self) -> Mapping[int, Row]:
        return {row["provider_id"]: row for row in self.rows("provider")}

    @cached_property
    def care_site(self) -> Mapping[int, Row]:
        return {row["care_site_id"]: row for row in self.rows("care_site")}

    @cached_property
    def _periods(self) -> Mapping[int, Sequence[tuple[date, date]]]:
        found: dict[int, list[tuple[date, date]]] = {}
        for row in self.rows("observation_period"):
            period = row["observation_period_start_date"], row["observation_period_end_date"]
            found.setdefault(row["person_id"], []).append(period)
        return found

    def periods_with(self, person: int, day: date) -> list[tuple[date, date]]:
        """The person's observation periods that hold this day: none, one, or (if they overlap) several."""
        return [(start, end) for start, end in self._periods.get(person, ()) if start <= day <= end]


@dataclass(frozen=True)
class Event:
    """One event of a criterion.

    start, end: after DateAdjustment, and as shown by a user-defined period. sort_date: what orders primary events; a
    user-defined period does not change it. row: the CDM's row (eras made by the definition have none).
    """

    person: int
    id: int
    start: date
    end: date | None
    visit: int | None
    sort_date: date
    row: Row = field(default_factory=dict)


@dataclass
class Setting:
    """A hospital, and what the definition's concept sets hold in it.

    found: the events of criteria already looked at, by the identity of the criterion's JSON object.
    """

    hospital: Hospital
    concept_sets: Mapping[int, frozenset[int]]
    found: dict[int, Mapping[int, Sequence[Event]]] = field(default_factory=dict)
