"""People without rows, without eras, with periods that overlap."""

from __future__ import annotations

from collections.abc import Sequence

from quality.baseline.declared import Check
from quality.baseline.measure.database import Database
from quality.baseline.measure.figure import Figure
from quality.baseline.measure.keys import Keys
from quality.baseline.measure.lives import PEOPLE

ILL = "known_ill"


def prepare(db: Database) -> None:
    """Read who has a condition that is mapped, once."""
    wanted = ("person_id", "condition_concept_id")
    if set(db.attach("condition_occurrence", wanted)) == set(wanted):
        db.make(
            ILL,
            "SELECT DISTINCT person_id FROM cdm.condition_occurrence "
            "WHERE condition_concept_id <> 0 AND person_id IS NOT NULL",
        )


def without_rows(db: Database, checks: Sequence[Check], keys: Keys | None) -> dict[Check, Figure]:
    """Count people without any row in the open table. keys: the ids of people."""
    if PEOPLE not in db.made or "person_id" not in db.fields:
        return {check: Figure(0, 0, "person_id is missing") for check in checks}
    everybody = db.fact(f"SELECT count(*) FROM {PEOPLE}")
    if keys is not None and keys.bits and keys.distinct == keys.filled == everybody:
        lo, hi = f"{keys.lo}::BIGINT", f"{keys.hi}::BIGINT"
        (with_rows,) = db.one(
            f"SELECT coalesce(bit_count(bitstring_agg(person_id::BIGINT, {lo}, {hi}) FILTER (person_id BETWEEN {lo} AND {hi}) "
            f"& (SELECT bits FROM {keys.name})), 0) FROM {db.name}"
        )
        return {check: Figure(everybody - with_rows, everybody) for check in checks}
    (lacking,) = db.one(f"SELECT count(*) FROM {PEOPLE} AS p ANTI JOIN {db.name} AS t ON p.person_id = t.person_id")
    return {check: Figure(lacking, everybody) for check in checks}


def without_eras(db: Database, checks: Sequence[Check]) -> dict[Check, Figure]:
    """Count people with a mapped condition who have no era, out of those with one."""
    if ILL not in db.made or "person_id" not in db.fields:
        return {check: Figure(0, 0, "condition_occurrence or condition_era.person_id is missing") for check in checks}
    lacking, every = db.one(
        f"SELECT (SELECT count(*) FROM {ILL} AS p ANTI JOIN {db.name} AS t ON p.person_id = t.person_id), "
        f"(SELECT count(*) FROM {ILL})"
    )
    return {check: Figure(lacking, every) for check in checks}


def overlapping(db: Database, checks: Sequence[Check]) -> dict[Check, Figure]:
    """Count people two of whose periods share a day, or follow each other without a day between."""
    wanted = {"person_id", "observation_period_id", "observation_period_start_date", "observation_period_end_date"}
    if not wanted <= set(db.fields):
        return {check: Figure(0, 0, "a field of observation_period is missing") for check in checks}
    several = (
        "(SELECT person_id, observation_period_id AS id, observation_period_start_date AS first, "
        f"observation_period_end_date AS last FROM {db.name} "
        "QUALIFY count(*) OVER (PARTITION BY person_id) > 1)"
    )
    overlapping, every = db.one(
        f"WITH p AS MATERIALIZED {several} SELECT (SELECT count(DISTINCT a.person_id) FROM p AS a JOIN p AS b "
        "ON a.person_id = b.person_id AND a.id <> b.id AND (a.first <= b.last AND a.last >= b.first "
        "OR a.last + INTERVAL 1 DAY = b.first OR b.last + INTERVAL 1 DAY = a.first)), "
        f"(SELECT count(DISTINCT person_id) FROM {db.name})"
    )
    return {check: Figure(overlapping, every) for check in checks}
