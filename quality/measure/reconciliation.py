"""Figures of the reconciliation: people and rows of the extraction against those of the release."""

from __future__ import annotations

import json
from collections.abc import Mapping

from quality.measure.engine import row
from quality.measure.opened import Opened, TableView
from quality.measure.people import PerPerson, unexplained
from quality.verdict import Metric


def people(opened: Opened) -> list[Metric]:
    """Measure whether everybody who was drawn is accounted for."""
    con = opened.con
    (wrong,) = row(
        con,
        "WITH numbers AS (SELECT person_id, count(*) AS times FROM crosswalk GROUP BY person_id), "
        "subjects AS (SELECT subject_id, count(*) AS times FROM crosswalk WHERE kept GROUP BY subject_id) "
        "SELECT (SELECT count(*) FROM numbers WHERE times > 1) + (SELECT count(*) FROM subjects WHERE times > 1) "
        "+ (SELECT count(*) FROM crosswalk WHERE kept AND (subject_id IS NULL OR person_id IS NULL)) "
        "+ (SELECT count(*) FROM (SELECT DISTINCT person_id FROM draw) d ANTI JOIN crosswalk c USING (person_id)) "
        "+ (SELECT count(*) FROM crosswalk c ANTI JOIN draw d USING (person_id))",
        "the crosswalk",
    )
    stayed, missing, strangers = row(
        con,
        "SELECT (SELECT count(*) FROM raw_people), "
        "(SELECT count(*) FROM raw_people r ANTI JOIN deid_people d ON d.person_id = r.subject_id), "
        "(SELECT count(*) FROM deid_people d ANTI JOIN raw_people r ON d.person_id = r.subject_id)",
        "the cohort",
    )
    return [
        # Out of those who stayed: how many were drawn would tell how few were suppressed.
        Metric("reconciliation.crosswalk", "cohort", "subject_id", wrong, stayed),
        Metric("reconciliation.people", "cohort", "subject_id", missing + strangers, max(stayed, opened.people)),
        *_person_rows(opened),
    ]


def _person_rows(opened: Opened) -> list[Metric]:
    view = opened.views.get("person")
    if view is None or "person_id" not in view.sound:
        return []
    (wrong,) = row(
        opened.con,
        "SELECT count(*) FROM (SELECT person_id, count(*) AS times FROM deid.person GROUP BY person_id) b "
        "FULL JOIN deid_people d USING (person_id) WHERE b.times IS DISTINCT FROM 1 OR d.person_id IS NULL",
        "the table person",
    )
    return [Metric("reconciliation.person_rows", "person", "person_id", wrong, opened.people)]


def rows(opened: Opened, view: TableView, found: PerPerson, dates: Mapping[str, str]) -> list[Metric]:
    """Measure whether the rows of those who stayed are all there, in total and person by person, with their values."""
    removed = removed_rows(opened).get(view.name, 0)
    off = abs(found.raw_rows - removed - found.deid_rows)
    per_person = found.more if removed else found.more + found.fewer
    changed = unexplained(opened, view, dates, values=True) if found.changed else 0
    return [
        Metric("reconciliation.values_kept", view.name, "", changed, found.deid_rows if view.acted("keep") else 0),
        Metric("reconciliation.rows", view.name, "", off, found.deid_rows or found.raw_rows),
        Metric("reconciliation.rows_per_person", view.name, "", per_person, found.people),
    ]


def removed_rows(opened: Opened) -> dict[str, int]:
    """Read the number of rows that recorded rules took out of each table: `rows_removed` of risk.json."""
    path = opened.inputs.deid / "risk.json"
    try:
        recorded = json.loads(path.read_text(encoding="utf-8")).get("rows_removed", {})
        return {str(table): int(count) for table, count in recorded.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        # Without a record nothing was removed by rule: what is missing shows up as missing.
        return {}
