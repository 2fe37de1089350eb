"""Dates and people against the visits that rows belong to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from quality.baseline.declared import Check
from quality.baseline.measure.database import Database
from quality.baseline.measure.figure import Figure
from quality.baseline.measure.fused import answers
from quality.measure.engine import quote

DAYS_AROUND_VISIT = 7
VISITS = "known_visits"
JOINED = f"JOIN {VISITS} AS v ON t.visit_occurrence_id = v.visit_occurrence_id"
TYPES = frozenset({"withinVisitDates", "visitOfAnother"})


def prepare(db: Database, types: Collection[str]) -> None:
    """Read which visit was when and whose, once, where these types of checks ask."""
    wanted = {"visit_occurrence_id", "visit_start_date", "visit_end_date"}
    shown = set(db.attach("visit_occurrence", [*sorted(wanted), "person_id"])) if TYPES & set(types) else set()
    if wanted <= shown:
        db.make(
            VISITS,
            f"SELECT visit_occurrence_id, visit_start_date - {DAYS_AROUND_VISIT} AS first, "
            f"visit_end_date + {DAYS_AROUND_VISIT} AS last, "
            f"{'person_id' if 'person_id' in shown else 'NULL::BIGINT'} AS owner "
            "FROM cdm.visit_occurrence WHERE visit_occurrence_id IS NOT NULL",
        )


def at_once(db: Database, by_table: Mapping[str, Sequence[Check]]) -> dict[Check, Figure]:
    """Count what `measure` does for all tables together, so that the visits are made ready for a look-up only once.

    What cannot be counted so is left out: a table or field that is missing, or tables that are copies.
    """
    if VISITS not in db.made or not db.shows_views:
        return {}
    parts: list[str] = []
    checks_of: dict[int, tuple[Sequence[Check], list[str]]] = {}
    for table, checks in by_table.items():
        shown = db.attach(table, db.present.get(table, ()))
        dates = [check.field for check in checks if check.type == "withinVisitDates"]
        if {"visit_occurrence_id", "person_id", *dates} <= set(shown):
            days = [db.day(date, table) for date in dates] + ["NULL::DATE"] * (2 - len(dates))
            parts.append(
                f"SELECT {len(parts)} AS source, t.visit_occurrence_id AS visit, t.person_id AS person, {days[0]} AS d0, {days[1]} AS d1 "
                f"FROM cdm.{quote(table)} AS t WHERE t.visit_occurrence_id IS NOT NULL"
            )
            checks_of[len(parts) - 1] = (checks, dates)
    if not parts:
        return {}
    late = ", ".join(f"count_if({day} < v.first OR {day} > v.last)" for day in ("d0", "d1"))
    counted = db.rows_of(
        f"SELECT source, count(*), {late}, count_if(person <> v.owner) FROM ({' UNION ALL '.join(parts)}) "
        f"JOIN {VISITS} AS v ON visit = v.visit_occurrence_id GROUP BY source"
    )
    figures: dict[int, list[int]] = {source: counts for source, *counts in counted}
    found = {}
    for source, (checks, dates) in checks_of.items():
        rows, first, second, others = figures.get(source, [0, 0, 0, 0])
        by_date = dict(zip(dates, (first, second), strict=False))
        for check in checks:
            found[check] = Figure(others if check.type == "visitOfAnother" else by_date[check.field], rows)
    return found


def measure(db: Database, checks: Sequence[Check]) -> dict[Check, Figure]:
    """Count, out of the rows whose visit exists, those dated more than a week outside it, and those of another person."""
    if VISITS not in db.made or "visit_occurrence_id" not in db.fields:
        return {check: Figure(0, 0, "the visit or its dates are missing") for check in checks}
    asked = {check: f"count_if({outside(db, check)})" for check in checks if check.type == "withinVisitDates"}
    mine = "person_id" in db.fields
    asked |= {c: "count_if(t.person_id <> v.owner)" for c in checks if c.type == "visitOfAnother" and mine}
    found = {check: Figure(0, 0, f"{check.table}.person_id is missing") for check in checks if check not in asked}
    counted = answers(db, ["count(*)", *asked.values()], JOINED)
    return found | {check: Figure(counted[sql], counted["count(*)"]) for check, sql in asked.items()}


def outside(db: Database, check: Check) -> str:
    """SQL of whether a row, joined with its visit `v`, is dated more than a week outside it."""
    return f"{db.day(check.field)} < v.first OR {db.day(check.field)} > v.last"
