"""The concepts in a field that violate a rule of the vocabulary; where there is none, what kind of rows lack it."""

from __future__ import annotations

from collections.abc import Sequence

from quality.baseline.declared import Check
from quality.baseline.evidence.cell import Cell, Drill, shown
from quality.baseline.measure import Database, concepts
from quality.baseline.status import Result
from quality.measure.engine import quote


def measure(db: Database, failed: Sequence[Result]) -> dict[Check, Drill]:
    """Look into failures about the concepts of a field of the open table."""
    if concepts.CONCEPTS not in db.made:
        return {}
    return {result.check: _field(db, result) for result in failed if concepts.is_asked(result.check)}


def _field(db: Database, result: Result) -> Drill:
    check, table = result.check, db.schema(db.table)
    # Of rows that are mapped to nothing the concept tells nothing, but the kind of record does.
    kinds = (name for name in table.concept_columns if name.endswith("type_concept_id") and name in db.fields)
    by = next(kinds, "") if check.type in concepts.COMPLETENESS else check.field
    if not by:
        return Drill()
    person = table.person_key if table.person_key in db.fields else None
    counted = db.rows_of(
        f"SELECT q.told, count(*), {'count(DISTINCT q.person)' if person else 'NULL'} FROM (SELECT t.{quote(check.field)} AS id, "
        f"t.{quote(by)} AS told, {f't.{quote(person)}' if person else 'NULL::BIGINT'} AS person FROM {db.name} AS t "
        f"WHERE t.{quote(check.field)} IS NOT NULL AND t.{quote(by)} IS NOT NULL) AS q "
        f"LEFT JOIN {concepts.CONCEPTS} AS c ON q.id = c.concept_id WHERE {concepts.violating(check)} GROUP BY 1"
    )
    cells, more = shown((Cell(int(one), rows, people) for one, rows, people in counted), result.figure.violated)
    return Drill(by, cells, more)
