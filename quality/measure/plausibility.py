"""Figures of plausibility: dates against the calendar, each other, birth, death and the study's window."""

from __future__ import annotations

from datetime import MAXYEAR

from quality.measure.engine import quote, row
from quality.measure.known import both, filled
from quality.measure.opened import Opened, TableView
from quality.measure.probe import PERSON, Probe
from quality.spec import Window

PERIODS = frozenset({"observation_period", "payer_plan_period"})
"""Their rows belong to a window when they have a day in common with it; other rows when they start inside."""


def probes(opened: Opened, view: TableView) -> list[Probe]:
    """Ask for one table, apart from `life`."""
    return [*_calendar(view), *_pairs(view), *_window(opened, view)]


def _calendar(view: TableView) -> list[Probe]:
    names = [name for name in (*view.table.date_columns, *view.table.datetime_columns) if name in view.sound]
    return [
        Probe(
            "plausibility.calendar", name, of=filled(name),
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
                    f"count(*) FILTER (WHERE {a} > {b})", of=both(start or "", end or ""),
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
                    of=both(date, time), combine="excess",
                    settled={date, time} <= {*view.acted("shift")},
                )
            )  # fmt: skip
    return found


def life(opened: Opened, view: TableView) -> list[Probe]:
    """Ask whether events lie within lives; needs what `whole_rows` leaves.

    Births are compared on the extracted side: released years of birth are coarser than a year. Days before everybody's
    birth or after nobody's death are told from others by a file's own limits, which the first halves of both conditions ask.
    """
    start = view.table.start_date
    if start not in view.shared or not view.person:
        return []
    column, what = f"t.{quote(start or '')}", f"the table {view.name}"
    born, youngest = row(
        opened.con,
        "SELECT coalesce(sum(rows), 0)::BIGINT, max(year_of_birth) FROM raw_rows JOIN raw_people USING (person_id) "
        "WHERE year_of_birth IS NOT NULL",
        what,
    )
    latest = f"{column} < DATE '{youngest:04d}-01-01' AND " if born and 0 < youngest <= MAXYEAR else ""
    found = [
        Probe(
            "plausibility.not_before_birth", start or "", of=str(born), combine="raw", joins=PERSON,
            where=f"{latest}year({column}) < p.year_of_birth" if born else "",
        )
    ]  # fmt: skip
    if view.name != "death":
        dead, first = row(
            opened.con,
            "SELECT coalesce(sum(rows), 0)::BIGINT, min(death_date) FROM deid_rows JOIN deid_people USING (person_id) "
            "WHERE death_date IS NOT NULL",
            what,
        )
        found.append(
            Probe(
                "plausibility.not_after_death", start or "", of=str(dead), joins=PERSON,
                where=f"{column} > DATE '{first}' AND p.death_date IS NOT NULL AND {column} > p.death_date + 60" if dead else "",
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
