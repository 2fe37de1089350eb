"""Concepts: how often each occurs in a field is counted once; every rule is then asked of concepts, not of rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Iterable, Mapping, Sequence

from quality.baseline.declared import Check
from quality.baseline.measure.database import Database
from quality.baseline.measure.figure import Figure
from quality.baseline.measure.fused import Asking, beside
from quality.measure.engine import literal, quote

CONCEPTS = "known_concepts"
COMPLETENESS = frozenset({"standardConceptRecordCompleteness", "sourceConceptRecordCompleteness"})
TYPES = COMPLETENESS | {"fkDomain", "fkClass", "isStandardValidConcept"}


def prepare(db: Database) -> None:
    """Read the vocabulary's concepts once."""
    wanted = ("concept_id", "domain_id", "concept_class_id", "standard_concept", "invalid_reason")
    if set(db.attach("concept", wanted)) == set(wanted):
        db.make(
            CONCEPTS,
            "SELECT concept_id, domain_id, concept_class_id, "
            "standard_concept IS NOT DISTINCT FROM 'S' AND invalid_reason IS NULL AS standard FROM cdm.concept "
            "WHERE concept_id IS NOT NULL",
        )


def is_asked(check: Check) -> bool:
    """Whether a check is about the concepts of a field."""
    return check.type in TYPES or (check.type == "isForeignKey" and check.asks == ("concept", "concept_id"))


def measure(db: Database, checks: Sequence[Check], *, vocabulary: bool) -> Asking:
    """Count rows by what their concept is. vocabulary: whether the table of concepts could be read."""
    by_field: dict[str, list[Check]] = defaultdict(list)
    for check in checks:
        by_field[check.field].append(check)
    unmapped = yield from _without_concept(db, [c for c in checks if c.asks and c.type in COMPLETENESS])
    found: dict[Check, Figure] = {}
    if not vocabulary:
        found = {
            check: Figure(0, 0, "the table concept is missing") for check in checks if check.type not in COMPLETENESS
        }
    counted = _violated(db, by_field, known=[check for check in checks if check not in found], vocabulary=vocabulary)
    return found | {
        check: Figure(count + unmapped.get(check, 0), _rows(db, check, db.filled(check.field)) + unmapped.get(check, 0))
        for check, count in counted.items()
    }


def _violated(
    db: Database, by_field: Mapping[str, Sequence[Check]], *, known: Sequence[Check], vocabulary: bool
) -> dict[Check, int]:
    """Count the violating rows of every check that can be known, field by field."""
    asked = {
        field: [check for check in checks if check in known] for field, checks in by_field.items() if db.filled(field)
    }
    asked = {field: checks for field, checks in asked.items() if checks}
    join = f"LEFT JOIN {CONCEPTS} AS c ON q.id = c.concept_id" if vocabulary else ""
    queries = [
        f"SELECT {', '.join(f'coalesce(sum(q.n) FILTER ({violating(check)}), 0)::BIGINT' for check in checks)} "
        f"FROM (SELECT {quote(field)} AS id, count(*) AS n FROM {db.name} WHERE {quote(field)} IS NOT NULL GROUP BY 1) AS q {join}"
        for field, checks in asked.items()
    ]
    counted = zip(asked.values(), beside(db, queries), strict=True)
    return dict.fromkeys(known, 0) | {
        check: count for checks, counts in counted for check, count in zip(checks, counts, strict=True)
    }


def _rows(db: Database, check: Check, filled: int) -> int:
    return filled if check.type in COMPLETENESS or check.type == "isStandardValidConcept" else db.rows


def violating(check: Check) -> str:
    """SQL of whether a concept `q.id`, joined with the vocabulary's `c`, violates a rule."""
    if check.type in COMPLETENESS:
        return "q.id = 0"
    if check.type == "isForeignKey":
        return "c.concept_id IS NULL"
    if check.type == "isStandardValidConcept":
        return "c.concept_id <> 0 AND NOT c.standard"
    column = "c.domain_id" if check.type == "fkDomain" else "c.concept_class_id"
    accepted = ", ".join(literal(str(name)) for name in check.asks)
    return f"c.concept_id <> 0 AND {column} NOT IN ({accepted})"


def _without_concept(
    db: Database, checks: Sequence[Check]
) -> Generator[Iterable[str], dict[str, int], dict[Check, int]]:
    """Count rows that have a source value and no concept at all: what an optional field leaves unmapped."""
    asked = {
        check: f"count_if(t.{quote(check.field)} IS NULL AND t.{quote(str(check.asks[0]))} IS NOT NULL)"
        for check in checks
        if check.asks[0] in db.fields and db.filled(check.field) < db.rows
    }
    counted = yield asked.values()
    return {check: counted[sql] for check, sql in asked.items()}
