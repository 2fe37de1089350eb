"""The violating rows of a table, by its main concept and by year."""

from __future__ import annotations

from collections.abc import Sequence

from quality.baseline.declared import Check
from quality.baseline.declared.time import BIRTH
from quality.baseline.evidence.cell import Cell, Drill, shown
from quality.baseline.measure import Database, lives, scan, sexes, visits
from quality.baseline.status import Result
from quality.measure.engine import literal, quote

# Fewer cells than the table's all: a century of years.
MOST_YEARS = 100


def measure(db: Database, failed: Sequence[Result]) -> dict[Check, Drill]:
    """Look into the failures of the open table whose rows can be told by one condition."""
    found: dict[Check, Drill] = {}
    by_join: dict[str, list[tuple[Result, str]]] = {}
    for result in failed:
        if condition := _condition(db, result.check):
            by_join.setdefault(condition[0], []).append((result, condition[1]))
    for join, asked in by_join.items():
        table, columns = db.schema(db.table), [f"({sql}) AS v{i}" for i, (_, sql) in enumerate(asked)]
        concept, start, person = (
            name if name in db.fields else None for name in (table.main_concept, table.start_date, table.person_key)
        )
        told = [
            f"t.{quote(concept)} AS concept" if concept else "NULL::BIGINT AS concept",
            f"year(t.{quote(start)}) AS year" if start else "NULL::BIGINT AS year",
            f"t.{quote(person)} AS person" if person else "NULL::BIGINT AS person",
        ]
        violated = " OR ".join(f"({sql})" for _, sql in asked)
        db.run(
            f"CREATE OR REPLACE TEMP TABLE violating AS SELECT {', '.join([*told, *columns])} FROM {db.name} AS t {join} "
            f"WHERE {violated}"
        )
        for i, (result, _) in enumerate(asked):
            every = result.figure.violated
            cells, more = shown(_cells(db, "concept", f"v{i}", person) if concept else (), every)
            years, _ = shown(_cells(db, "year", f"v{i}", person) if start else (), every, MOST_YEARS)
            found[result.check] = Drill(concept or "", cells, more, tuple(sorted(years, key=lambda one: one.id)))
    return found


def _cells(db: Database, by: str, condition: str, person: str | None) -> list[Cell]:
    people = "count(DISTINCT person)" if person else "NULL"
    counted = db.rows_of(
        f"SELECT {by}, count(*), {people} FROM violating WHERE {condition} AND {by} IS NOT NULL GROUP BY 1"
    )
    return [Cell(int(one), rows, people) for one, rows, people in counted]


def _condition(db: Database, check: Check) -> tuple[str, str] | None:  # noqa: C901, PLR0912  # a line for each kind
    """SQL of a join and of the condition that a row violates a check; None where it is not about rows one by one."""
    field = f"t.{quote(check.field)}"
    lived = lives.LIVES if lives.LIVES in db.made else lives.PEOPLE
    died = lives.LIVES if lives.LIVES in db.made else lives.DEATHS
    match check.type:
        case "isRequired" | "measureValueCompleteness":
            return "", f"{field} IS NULL"
        case "plausibleValueLow" | "plausibleValueHigh":
            return "", scan.beyond(db, check)
        case "plausibleStartBeforeEnd":
            return "", scan.out_of_order(db, check)
        case "plausibleTemporalAfter" if check.asks[0] != BIRTH:
            return "", scan.out_of_order(db, check)
        case "plausibleAfterBirth" | "plausibleTemporalAfter" if lived in db.made:
            return lives.joined(db, lived), lives.before_birth(db, check)
        case "plausibleBeforeDeath" | "plausibleDuringLife" if died in db.made:
            return lives.joined(db, died), lives.after_death(db, check)
        case "withinVisitDates" if visits.VISITS in db.made:
            return visits.JOINED, visits.outside(db, check)
        case "visitOfAnother" if visits.VISITS in db.made:
            return visits.JOINED, "t.person_id <> v.owner"
        case "plausibleGender" if lives.PEOPLE in db.made:
            return lives.joined(db, lives.PEOPLE), f"{field} = {int(check.concept)} AND p.sex <> {int(check.asks[0])}"
        case "plausibleGenderUseDescendants" if {lives.PEOPLE, sexes.FAMILIES} <= db.made:
            family = f"SELECT id FROM {sexes.FAMILIES} WHERE family = {literal(check.concept)}"
            return lives.joined(db, lives.PEOPLE), f"{field} IN ({family}) AND p.sex <> {int(check.asks[0])}"
        case "timeOfDay":
            return "", f"CAST({field} AS TIME) = TIME '00:00:00'"
        case "dateOfTime":
            return "", f"CAST({field} AS DATE) <> {db.day(str(check.asks[0]))}"
        case "isPrimaryKey":
            again = f"SELECT {quote(check.field)} FROM {db.name} GROUP BY 1 HAVING count(*) > 1"
            return "", f"{field} IN ({again})"
        case "isForeignKey":
            return _astray(db, check, field)
    return None


def _astray(db: Database, check: Check, field: str) -> tuple[str, str] | None:
    target, key = str(check.asks[0]), str(check.asks[1])
    if not db.attach(target, (key,)):
        return None
    known = f"SELECT {quote(key)} FROM cdm.{quote(target)} WHERE {quote(key)} IS NOT NULL"
    return "", f"{field} IS NOT NULL AND {field} NOT IN ({known})"
