"""Dates against the lives of people: one join per table, with one small table of who was born when and died when."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from quality.baseline.declared import Check
from quality.baseline.measure.database import Database
from quality.baseline.measure.figure import Figure
from quality.baseline.measure.fused import Asking, together
from quality.measure.engine import quote

DAYS_AFTER_DEATH = 60
PERSON = ("person_id", "gender_concept_id", "birth_datetime", "year_of_birth", "month_of_birth", "day_of_birth")
PEOPLE, DEATHS, LIVES = "known_people", "known_deaths", "known_lives"
OF_PEOPLE = frozenset(
    {
        "plausibleAfterBirth", "plausibleTemporalAfter", "measurePersonCompleteness", "plausibleGender",
        "plausibleGenderUseDescendants",
    }
)  # fmt: skip
OF_DEATHS = frozenset({"plausibleBeforeDeath", "plausibleDuringLife"})


def prepare(db: Database, types: Collection[str]) -> None:
    """Read who was born when and who died when, once: what these types of checks ask."""
    parts = db.attach("person", PERSON) if OF_PEOPLE & set(types) else ()
    if "person_id" in parts:
        db.make(PEOPLE, f"SELECT {_person(parts)} FROM cdm.person")
    dead = db.attach("death", ("person_id", "death_date")) if OF_DEATHS & set(types) else ()
    if set(dead) == {"person_id", "death_date"}:
        db.make(
            DEATHS,
            f"SELECT person_id, CAST(death_date + INTERVAL {DAYS_AFTER_DEATH} DAY AS DATE) AS last, true AS died FROM cdm.death",
        )
    unique = [f"SELECT count(person_id) = count(DISTINCT person_id) FROM {name}" for name in (PEOPLE, DEATHS)]
    if {PEOPLE, DEATHS} <= db.made and all(map(db.fact, unique)):
        db.make(LIVES, f"SELECT person_id, born, middle, last, died FROM {PEOPLE} FULL JOIN {DEATHS} USING (person_id)")


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


def measure(db: Database, born: Sequence[Check], late: Sequence[Check]) -> dict[Check, Figure]:
    """Count rows dated before birth, and long after death; together, where everybody is born and dies but once."""
    found: dict[Check, Figure] = {}
    if born and PEOPLE not in db.made:
        found |= {check: Figure(0, 0, "person.person_id is missing") for check in born}
        born = ()
    if late and DEATHS not in db.made:
        found |= {check: Figure(0, 0, "death.person_id or death.death_date is missing") for check in late}
        late = ()
    if LIVES in db.made:
        return found | together(db, births(db, born), deaths(db, late), join=joined(db, LIVES))
    found |= together(db, births(db, born), join=joined(db, PEOPLE))
    return found | together(db, deaths(db, late), join=joined(db, DEATHS))


def births(db: Database, checks: Sequence[Check]) -> Asking:
    """Count rows dated before birth: with the date of birth as known, or (plausibleTemporalAfter) June where only the year is."""
    asked = {check: f"count_if({before_birth(db, check)})" for check in checks}
    counted = yield asked.values()
    return {
        check: Figure(counted[sql], db.filled(check.field) if check.type == "plausibleAfterBirth" else db.rows)
        for check, sql in asked.items()
    }


def before_birth(db: Database, check: Check) -> str:
    """SQL of whether a row, joined with its person `p`, is dated before birth."""
    return f"{db.day(check.field)} < p.{'born' if check.type == 'plausibleAfterBirth' else 'middle'}"


def after_death(db: Database, check: Check) -> str:
    """SQL of whether a row, joined with its person `p`, is dated long after death."""
    return f"{db.day(check.field)} > p.last"


def deaths(db: Database, checks: Sequence[Check]) -> Asking:
    """Count rows dated long after death, out of the rows of people who died."""
    late = {check: f"count_if({after_death(db, check)})" for check in checks}
    of = {check: f"count(t.{quote(check.field)}) FILTER (p.died)" for check in checks}
    counted = yield ["count_if(p.died)", *late.values(), *of.values()] if checks else []
    if not checks:
        return {}
    everything = counted["count_if(p.died)"]
    if db.fact(f"SELECT count(*) > count(DISTINCT person_id) FROM {DEATHS}"):
        # Who died twice is joined twice, and yet owns each row once.
        (everything,) = db.one(
            f"SELECT count(*) FROM {db.name} AS t WHERE t.person_id IN (SELECT person_id FROM {DEATHS})"
        )
    return {
        check: Figure(counted[late[check]], counted[of[check]] if check.type == "plausibleBeforeDeath" else everything)
        for check in checks
    }


def joined(db: Database, name: str) -> str:
    """SQL of the join of the open table `t` with people, or deaths, or both."""
    key = db.schema(db.table).person_key or "person_id"
    return f"JOIN {name} AS p ON t.{quote(key)} = p.person_id"
