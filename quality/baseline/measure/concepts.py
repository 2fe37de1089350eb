"""Concepts: how often each occurs in a field is counted once; every rule is then asked of concepts, not of rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from quality.baseline.declared import Check
from quality.baseline.measure.database import Database
from quality.baseline.measure.figure import Figure
from quality.baseline.measure.fused import answers
from quality.measure.engine import literal, quote

CONCEPTS = "known_concepts"
COMPLETENESS = frozenset({"standardConceptRecordCompleteness", "sourceConceptRecordCompleteness"})
TYPES = COMPLETENESS | {"fkDomain", "fkClass", "isStandardValidConcept"}


def prepare(db: Database) -> None:
    """Read the vocabulary's concepts once."""
    wanted = ("concept_id", "domain_id", "concept_class_id", "standard_concept", "invalid_reason")
    if set(db.attach("concept", wanted)) == set(wanted):
        db.run(
            f"CREATE OR REPLACE TEMP TABLE {CONCEPTS} AS SELECT concept_id, domain_id, concept_class_id, "
            "standard_concept IS NOT DISTINCT FROM 'S' AND invalid_reason IS NULL AS standard FROM cdm.concept "
            "WHERE concept_id IS NOT NULL"
        )


def is_asked(check: Check) -> bool:
    """Whether a check is about the concepts of a field."""
    return check.type in TYPES or (check.type == "isForeignKey" and check.asks == ("concept", "concept_id"))


def measure(db: Database, checks: Sequence[Check], *, vocabulary: bool) -> dict[Check, Figure]:
    """Count rows by what their concept is. vocabulary: whether the table of concepts could be read."""
    by_field: dict[str, list[Check]] = defaultdict(list)
    for check in checks:
        by_field[check.field].append(check)
    unmapped = _without_concept(db, [check for check in checks if check.asks and check.type in COMPLETENESS])
    found: dict[Check, Figure] = {}
    for field, asked in by_field.items():
        found |= _field(db, field, asked, unmapped, vocabulary=vocabulary)
    return found


def _field(
    db: Database, field: str, checks: Sequence[Check], unmapped: dict[Check, int], *, vocabulary: bool
) -> dict[Check, Figure]:
    filled = db.filled(field)
    if not vocabulary:
        missing = {check: Figure(0, 0, "the table concept is missing") for check in checks}
        checks = [check for check in checks if check.type in COMPLETENESS]
    violated = dict.fromkeys(checks, 0)
    if filled and checks:
        tests = [f"coalesce(sum(q.n) FILTER ({_violating(check)}), 0)::BIGINT" for check in checks]
        join = f"LEFT JOIN {CONCEPTS} AS c ON q.id = c.concept_id" if vocabulary else ""
        counted = db.one(
            f"SELECT {', '.join(tests)} FROM (SELECT {quote(field)} AS id, count(*) AS n FROM {db.name} "
            f"WHERE {quote(field)} IS NOT NULL GROUP BY 1) AS q {join}"
        )
        violated = dict(zip(checks, counted, strict=True))
    figures = {
        check: Figure(count + unmapped.get(check, 0), _rows(db, check, filled) + unmapped.get(check, 0))
        for check, count in violated.items()
    }
    return figures if vocabulary else missing | figures


def _rows(db: Database, check: Check, filled: int) -> int:
    return filled if check.type in COMPLETENESS or check.type == "isStandardValidConcept" else db.rows


def _violating(check: Check) -> str:
    if check.type in COMPLETENESS:
        return "q.id = 0"
    if check.type == "isForeignKey":
        return "c.concept_id IS NULL"
    if check.type == "isStandardValidConcept":
        return "c.concept_id <> 0 AND NOT c.standard"
    column = "c.domain_id" if check.type == "fkDomain" else "c.concept_class_id"
    accepted = ", ".join(literal(str(name)) for name in check.asks)
    return f"c.concept_id <> 0 AND {column} NOT IN ({accepted})"


def _without_concept(db: Database, checks: Sequence[Check]) -> dict[Check, int]:
    """Count rows that have a source value and no concept at all: what an optional field leaves unmapped."""
    asked = {
        check: f"count_if(t.{quote(check.field)} IS NULL AND t.{quote(str(check.asks[0]))} IS NOT NULL)"
        for check in checks
        if check.asks[0] in db.fields and db.filled(check.field) < db.rows
    }
    counted = answers(db, asked.values())
    return {check: counted[sql] for check, sql in asked.items()}
