"""OMOP rows as MEDS events: which tables, which time, which code, which value, as one SQL query.

An event is known when its day is over unless its time of day is known: a datetime of midnight is what a CDM writes for
"no time", so such an event stands at the day's last second (a visit's start at its first). Otherwise a lab result of the
evening would be there for a prediction at noon.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cdm import schema
from cdm.source import CdmVersion
from extract.relations import main_concept
from extract.sql import quote

BIRTH = "MEDS_BIRTH"
DEATH = "MEDS_DEATH"
END = "//END"
# Keys of codes are integers, which join several times faster than texts: a concept id; -1 - id for the end of a visit.
BIRTH_KEY = -(1 << 62)
DEATH_KEY = BIRTH_KEY + 1
# Eras and periods are derived from the events themselves.
LEFT_OUT = ("condition_era", "drug_era", "dose_era", "observation_period", "payer_plan_period", "person", "death")
VISITS = ("visit_occurrence", "visit_detail")
STATIC = ("gender_concept_id", "race_concept_id", "ethnicity_concept_id")


@dataclass(frozen=True)
class EventSource:
    """Rows that become events. key: SQL of the code's integer key in code_of; others: SQL per MEDS column."""

    table: str
    subject: str
    time: str
    key: str
    where: str
    numeric: str = "NULL"
    text: str = "NULL"
    unit: str = "NULL"
    visit: str = "NULL"


def event_sources(tables: Mapping[str, Sequence[str]], version: CdmVersion) -> tuple[EventSource, ...]:
    """Give the events of the tables (name -> delivered columns) in a fixed order."""
    found: list[EventSource] = []
    for name, table in schema.tables(version).items():
        columns = tables.get(name)
        if columns is None or table.person_key is None or table.person_key not in columns:
            continue
        if name == "person":
            found += _of_person(columns)
        elif name == "death":
            found += _of_death(table, columns)
        elif name not in LEFT_OUT:
            found += _of_events(table, columns)
    return tuple(found)


def _of_events(table: schema.Table, columns: Sequence[str]) -> list[EventSource]:
    main = main_concept(table)
    start = _time(table.start_datetime, table.start_date, columns, end_of_day=table.name not in VISITS)
    if main is None or main not in columns or start is None:
        return []
    subject = quote(str(table.person_key))
    visit = "visit_occurrence_id" if "visit_occurrence_id" in columns else "NULL"
    value = "value_as_string" if "value_as_string" in columns else "note_text" if "note_text" in columns else "NULL"
    events = EventSource(
        table=table.name,
        subject=subject,
        time=start,
        key=f"CAST({quote(main)} AS BIGINT)",
        where=f"{quote(main)} IS NOT NULL AND {_known(table.start_datetime, table.start_date, columns)}",
        numeric="value_as_number" if "value_as_number" in columns else "NULL",
        text=value,
        unit="unit_concept_id" if "unit_concept_id" in columns else "NULL",
        visit=visit,
    )
    end = _time(table.end_datetime, table.end_date, columns, end_of_day=True)
    if table.name not in VISITS or end is None:
        return [events]
    ends = EventSource(
        table=table.name,
        subject=subject,
        time=end,
        key=f"-1 - CAST({quote(main)} AS BIGINT)",
        where=f"{quote(main)} IS NOT NULL AND {_known(table.end_datetime, table.end_date, columns)}",
        visit=visit,
    )
    return [events, ends]


def _of_person(columns: Sequence[str]) -> list[EventSource]:
    """Birth at the start of the year (generalised years are texts that begin with one), sex and the like without time."""
    found = []
    if "year_of_birth" in columns:
        year = "TRY_CAST(substr(CAST(year_of_birth AS VARCHAR), 1, 4) AS BIGINT)"
        time = f"make_timestamp({year}, 1, 1, 0, 0, 0.0)"
        found.append(EventSource("person", "person_id", time, str(BIRTH_KEY), f"{year} BETWEEN 1800 AND 2200"))
    for column in STATIC:
        if column in columns:
            known = f"{column} IS NOT NULL AND {column} <> 0"
            found.append(
                EventSource("person", "person_id", "CAST(NULL AS TIMESTAMP)", f"CAST({column} AS BIGINT)", known)
            )
    return found


def _of_death(table: schema.Table, columns: Sequence[str]) -> list[EventSource]:
    time = _time(table.start_datetime, table.start_date, columns, end_of_day=True)
    if time is None:
        return []
    known = _known(table.start_datetime, table.start_date, columns)
    return [EventSource("death", quote(str(table.person_key)), time, str(DEATH_KEY), known)]


def _time(exact: str | None, day: str | None, columns: Sequence[str], *, end_of_day: bool) -> str | None:
    """Give the SQL of an event's time from its datetime and date columns, None when it has neither."""
    late = "INTERVAL 86399 SECOND" if end_of_day else "INTERVAL 0 SECOND"
    on_day = f"CAST({quote(day)} AS TIMESTAMP) + {late}" if day in columns and day else None
    if exact is None or exact not in columns:
        return on_day
    stamp = f"CAST({quote(exact)} AS TIMESTAMP)"
    timed = f"CASE WHEN {stamp} = date_trunc('day', {stamp}) THEN {stamp} + {late} ELSE {stamp} END"
    return f"coalesce({timed}, {on_day})" if on_day else timed


def _known(exact: str | None, day: str | None, columns: Sequence[str]) -> str:
    """Give the SQL of whether an event has a time at all, without computing it."""
    return "(" + " OR ".join(f"{quote(name)} IS NOT NULL" for name in (exact, day) if name in columns and name) + ")"
