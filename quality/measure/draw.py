"""Figures of the draw: the cohort of the release against what was drawn."""

from __future__ import annotations

from quality.measure.engine import row
from quality.measure.opened import Opened
from quality.verdict import Metric

ROLES = ("case", "control")
# Check, column, and what has to be the same: of the draw `d` and its people `r`, and of the cohort.
KEPT = (
    ("draw.roles_kept", "role", "d.role", "role"),
    ("draw.weights_kept", "weight", "round(d.weight, 6)", "round(weight, 6)"),
    ("draw.index_date_moved", "index_date", "d.index_date + r.offset_days", "index_date"),
)


def metrics(opened: Opened) -> list[Metric]:
    """Measure the cohort's structure, and whether it is the drawn one without those who were suppressed."""
    return [*_structure(opened), *_sets(opened), *_as_drawn(opened)]


def _structure(opened: Opened) -> list[Metric]:
    entry = "subject_id, set_id" if opened.inputs.expectations.allow_repeats else "subject_id"
    rows, people, roles, twice = row(
        opened.con,
        "SELECT count(*), count(DISTINCT subject_id), "
        "count(*) FILTER (WHERE role IS NULL OR role NOT IN (?, ?)), "
        f"(SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM cohort GROUP BY {entry})) FROM cohort",
        "the cohort",
        ROLES,
    )
    return [
        Metric("draw.roles", "cohort", "role", roles, rows),
        Metric("draw.nobody_twice", "cohort", "subject_id", twice, people),
    ]


def _sets(opened: Opened) -> list[Metric]:
    sets, cases, lonely = row(
        opened.con,
        "SELECT count(*), count(*) FILTER (WHERE cases <> 1), count(*) FILTER (WHERE controls = 0) FROM ("
        "SELECT count(*) FILTER (WHERE role = 'case') AS cases, count(*) FILTER (WHERE role = 'control') AS controls "
        "FROM cohort WHERE set_id IS NOT NULL GROUP BY set_id)",
        "the cohort",
    )
    return [
        Metric("draw.one_case_per_set", "cohort", "set_id", cases, sets),
        Metric("draw.set_has_control", "cohort", "set_id", lonely, sets),
    ]


def _as_drawn(opened: Opened) -> list[Metric]:
    """Compare entry by entry; somebody who is in the draw more than once is compared as a bag of entries."""
    entries = row(opened.con, "SELECT count(*) FROM cohort", "the cohort")[0]
    whole = _differing(opened, ", ".join(drawn for *_, drawn, _ in KEPT), ", ".join(released for *_, released in KEPT))
    metrics = [
        Metric(check, "cohort", column, _differing(opened, drawn, released) if whole else 0, entries)
        for check, column, drawn, released in KEPT
    ]
    mixed, sets = row(
        opened.con,
        "WITH pairs AS (SELECT d.set_id AS drawn, c.set_id AS released FROM cohort c "
        "JOIN raw_people r USING (subject_id) JOIN draw d ON d.person_id = r.person_id AND d.role = c.role "
        "AND d.index_date + r.offset_days IS NOT DISTINCT FROM c.index_date GROUP BY ALL), "
        "once AS (SELECT * FROM pairs WHERE (SELECT NOT ?)) "
        "SELECT (SELECT count(*) FROM (SELECT drawn FROM once GROUP BY drawn HAVING count(*) > 1)) "
        "+ (SELECT count(*) FROM (SELECT released FROM once GROUP BY released HAVING count(*) > 1)), "
        "(SELECT count(DISTINCT released) FROM once)",
        "the cohort",
        [opened.inputs.expectations.allow_repeats],
    )
    return [*metrics, Metric("draw.sets_kept", "cohort", "set_id", mixed, sets)]


def _differing(opened: Opened, drawn: str, released: str) -> int:
    return int(
        row(
            opened.con,
            f"SELECT count(*) FROM (SELECT subject_id, {released} FROM cohort EXCEPT ALL "
            f"SELECT r.subject_id, {drawn} FROM draw d JOIN raw_people r USING (person_id))",
            "the cohort",
        )[0]
    )
