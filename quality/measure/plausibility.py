"""Figures of plausibility: dates against the calendar, each other, birth, death and the study's window."""

from __future__ import annotations

from quality.measure.engine import quote
from quality.measure.opened import Opened, TableView
from quality.measure.probe import PERSON, Probe
from quality.spec import Window

PERIODS = frozenset({"observation_period", "payer_plan_period"})
"""Their rows belong to a window when they have a day in common with it; other rows when they start inside."""


def probes(opened: Opened, view: TableView) -> list[Probe]:
    """Ask for one table."""
    return [*_calendar(view), *_pairs(view), *_life(view), *_window(opened, view)]


def _calendar(view: TableView) -> list[Probe]:
    names = [name for name in (*view.table.date_columns, *view.table.datetime_columns) if name in view.sound]
    return [
        Probe(
            "plausibility.calendar", name, of=f"count(t.{quote(name)})",
            where=f"t.{quote(name)} < DATE '1900-01-01' OR t.{quote(name)} >= DATE '2101-01-01'",
        )
        for name in names
    ]  # fmt: skip


def _pairs(view: TableView) -> list[Probe]:
    """Start and end; and a date with the datetime of the same name."""
    table, found = view.table, []
    for start, end in ((table.start_date, table.end_date), (table.start_datetime, table.end_datetime)):
        if start in view.sound and end in view.sound:
            a, b = f"t.{quote(start or '')}", f"t.{quote(end or '')}"
            found.append(
                Probe(
                    "plausibility.start_not_after_end", end or "",
                    f"count(*) FILTER (WHERE {a} > {b})", of=f"count(*) FILTER (WHERE {a} IS NOT NULL AND {b} IS NOT NULL)",
                )
            )  # fmt: skip
    for date in table.date_columns:
        time = f"{date}time"
        if date in view.shared and time in view.shared and view.person:
            a, b = f"t.{quote(date)}", f"t.{quote(time)}"
            found.append(
                Probe(
                    "plausibility.date_agrees_with_time", time,
                    f"count(*) FILTER (WHERE {a} <> CAST({b} AS DATE))",
                    of=f"count(*) FILTER (WHERE {a} IS NOT NULL AND {b} IS NOT NULL)", combine="excess",
                    settled={date, time} <= {*view.acted("shift")},
                )
            )  # fmt: skip
    return found


def _life(view: TableView) -> list[Probe]:
    """Births are compared on the extracted side: released years of birth are coarser than a year."""
    start = view.table.start_date
    if start not in view.shared or not view.person:
        return []
    column = f"t.{quote(start or '')}"
    known = "count(*) FILTER (WHERE p.{0} IS NOT NULL)"
    found = [
        Probe(
            "plausibility.not_before_birth", start or "", f"count(*) FILTER (WHERE year({column}) < p.year_of_birth)",
            of=known.format("year_of_birth"), combine="raw", joins=PERSON,
        )
    ]  # fmt: skip
    if view.name != "death":
        found.append(
            Probe(
                "plausibility.not_after_death", start or "", f"count(*) FILTER (WHERE {column} > p.death_date + 60)",
                of=known.format("death_date"), joins=PERSON,
            )
        )  # fmt: skip
    return found


def _window(opened: Opened, view: TableView) -> list[Probe]:
    window = opened.inputs.expectations.windows.get(view.name)
    start = view.table.start_date
    if window is None or start not in view.sound or not view.person:
        return []
    outside = " OR ".join(_outside(view, start or "", window))
    if not outside:
        return []
    return [Probe("plausibility.inside_window", start or "", f"count(*) FILTER (WHERE {outside})", joins=PERSON)]


def _outside(view: TableView, start: str, window: Window) -> list[str]:
    end = view.table.end_date if view.name in PERIODS and view.table.end_date in view.sound else start
    found = []
    if window.from_days is not None:
        found.append(f"t.{quote(end or start)} < p.first_index + ({int(window.from_days)})")
    if window.to_days is not None:
        found.append(f"t.{quote(start)} > p.last_index + ({int(window.to_days)})")
    return found
