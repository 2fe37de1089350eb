"""Dates against the lives of people and the days of visits: one join per table, with a small table each."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from quality.baseline.declared import Check
from quality.baseline.measure.database import Database
from quality.baseline.measure.figure import Figure
from quality.baseline.measure.fused import answers
from quality.measure.engine import quote

DAYS_AFTER_DEATH, DAYS_AROUND_VISIT = 60, 7
PERSON = ("person_id", "gender_concept_id", "birth_datetime", "year_of_birth", "month_of_birth", "day_of_birth")
PEOPLE, DEATHS, VISITS = "known_people", "known_deaths", "known_visits"
OF_PEOPLE = frozenset(
    {
        "plausibleAfterBirth", "plausibleTemporalAfter", "measurePersonCompleteness", "plausibleGender",
        "plausibleGenderUseDescendants",
    }
)  # fmt: skip
OF_DEATHS = frozenset({"plausibleBeforeDeath", "plausibleDuringLife"})
OF_VISITS = frozenset({"withinVisitDates", "visitOfAnother"})


def prepare(db: Database, types: Collection[str]) -> None:
    """Read who was born when, who died when, and which visit was when, once: what these types of checks ask."""
    parts = db.attach("person", PERSON) if OF_PEOPLE & set(types) else ()
    if "person_id" in parts:
        db.run(f"CREATE OR REPLACE TEMP TABLE {PEOPLE} AS SELECT {_person(parts)} FROM cdm.person")
    dead = db.attach("death", ("person_id", "death_date")) if OF_DEATHS & set(types) else ()
    if set(dead) == {"person_id", "death_date"}:
        db.run(
            f"CREATE OR REPLACE TEMP TABLE {DEATHS} AS SELECT person_id, "
            f"CAST(death_date + INTERVAL {DAYS_AFTER_DEATH} DAY AS DATE) AS last FROM cdm.death"
        )
    wanted = {"visit_occurrence_id", "visit_start_date", "visit_end_date"}
    shown = set(db.attach("visit_occurrence", [*sorted(wanted), "person_id"])) if OF_VISITS & set(types) else set()
    if wanted <= shown:
        db.run(
            f"CREATE OR REPLACE TEMP TABLE {VISITS} AS SELECT visit_occurrence_id, "
            f"CAST(visit_start_date - INTERVAL {DAYS_AROUND_VISIT} DAY AS DATE) AS first, "
            f"CAST(visit_end_date + INTERVAL {DAYS_AROUND_VISIT} DAY AS DATE) AS last, "
            f"{'person_id' if 'person_id' in shown else 'NULL::BIGINT'} AS owner "
            "FROM cdm.visit_occurrence WHERE visit_occurrence_id IS NOT NULL"
        )


def _person(parts: Sequence[str]) -> str:
    year, month, day = (
        f"CAST({name} AS VARCHAR)" if name in parts else "NULL" for name in ("year_of_birth", "month_of_birth", "day_of_birth")
    )  # fmt: skip
    birth = "CAST(birth_datetime AS DATE)" if "birth_datetime" in parts else "NULL"
    sex = "gender_concept_id" if "gender_concept_id" in parts else "NULL"
    return (
        f"person_id, coalesce({birth}, TRY_CAST({year} || '-' || coalesce({month}, '1') || '-' || coalesce({day}, '1') "
        f"AS DATE)) AS born, coalesce({birth}, TRY_CAST({year} || '-06-01' AS DATE)) AS middle, {sex}::BIGINT AS sex"
    )


def known(db: Database, name: str) -> bool:
    """Whether `prepare` could make this table."""
    return bool(db.rows_of("SELECT 1 FROM duckdb_tables() WHERE table_name = ?", [name]))


def births(db: Database, checks: Sequence[Check]) -> dict[Check, Figure]:
    """Count rows dated before birth: with the date of birth as known, or (plausibleTemporalAfter) June where only the year is."""
    if not known(db, PEOPLE):
        return {check: Figure(0, 0, "person.person_id is missing") for check in checks}
    asked = {
        check: f"count_if({db.day(check.field)} < p.{'born' if check.type == 'plausibleAfterBirth' else 'middle'})"
        for check in checks
    }
    counted = answers(db, asked.values(), _joined(db, PEOPLE, "p"))
    return {
        check: Figure(counted[sql], db.filled(check.field) if check.type == "plausibleAfterBirth" else db.rows)
        for check, sql in asked.items()
    }


def deaths(db: Database, checks: Sequence[Check]) -> dict[Check, Figure]:
    """Count rows dated long after death, out of the rows of people who died."""
    if not known(db, DEATHS):
        return {check: Figure(0, 0, "death.person_id or death.death_date is missing") for check in checks}
    late = {check: f"count_if({db.day(check.field)} > d.last)" for check in checks}
    of = {check: f"count(t.{quote(check.field)})" for check in checks}
    counted = answers(db, ["count(*)", *late.values(), *of.values()], _joined(db, DEATHS, "d"))
    everything = counted["count(*)"]
    if db.one(f"SELECT count(*) > count(DISTINCT person_id) FROM {DEATHS}")[0]:
        # Who died twice is joined twice, and yet owns each row once.
        (everything,) = db.one(
            f"SELECT count(*) FROM {db.name} AS t WHERE t.person_id IN (SELECT person_id FROM {DEATHS})"
        )
    return {
        check: Figure(counted[late[check]], counted[of[check]] if check.type == "plausibleBeforeDeath" else everything)
        for check in checks
    }


def visits(db: Database, checks: Sequence[Check]) -> dict[Check, Figure]:
    """Count, out of the rows whose visit exists, those dated more than a week outside it, and those of another person."""
    if not known(db, VISITS) or "visit_occurrence_id" not in db.fields:
        return {check: Figure(0, 0, "the visit or its dates are missing") for check in checks}
    asked = {check: _outside(db, check.field) for check in checks if check.type == "withinVisitDates"}
    mine = "person_id" in db.fields
    asked |= {c: "count_if(t.person_id <> v.owner)" for c in checks if c.type == "visitOfAnother" and mine}
    found = {check: Figure(0, 0, f"{check.table}.person_id is missing") for check in checks if check not in asked}
    counted = answers(
        db, ["count(*)", *asked.values()], f"JOIN {VISITS} AS v ON t.visit_occurrence_id = v.visit_occurrence_id"
    )
    return found | {check: Figure(counted[sql], counted["count(*)"]) for check, sql in asked.items()}


def _outside(db: Database, field: str) -> str:
    return f"count_if({db.day(field)} < v.first OR {db.day(field)} > v.last)"


def _joined(db: Database, name: str, alias: str) -> str:
    key = db.schema(db.table).person_key or "person_id"
    return f"JOIN {name} AS {alias} ON t.{quote(key)} = {alias}.person_id"
