"""Concept sets resolved, all at once.

circe-be 1.12: a concept named directly counts if it is in CONCEPT, invalid or not; a descendant only if valid; with
'mapped', concepts that 'Maps to' any of them, wherever they are; what the excluded lines give is taken out.
"""

from __future__ import annotations

_DESCENDANTS = """
    UNION ALL
    SELECT i.set_id, i.excluded, i.mapped, a.descendant_concept_id, FALSE
    FROM cdm.concept_ancestor a JOIN set_item i ON a.ancestor_concept_id = i.concept_id
    WHERE i.descendants"""

_MAPPED = """
    UNION
    SELECT k.set_id, k.excluded, r.concept_id_1
    FROM known k JOIN cdm.concept_relationship r ON r.concept_id_2 = k.concept_id
    WHERE k.mapped AND r.relationship_id = 'Maps to' AND r.invalid_reason IS NULL"""


def members(*, descendants: bool, mapped: bool) -> str:
    """(set_id, concept_id) from `set_item` (set_id, concept_id, excluded, descendants, mapped), in order of both."""
    return f"""WITH found AS (
    SELECT set_id, excluded, mapped, concept_id, TRUE AS named FROM set_item{_DESCENDANTS if descendants else ""}
), known AS (
    SELECT f.set_id, f.excluded, f.mapped, f.concept_id
    FROM found f JOIN cdm.concept c ON c.concept_id = f.concept_id
    WHERE f.named OR c.invalid_reason IS NULL
), wanted AS (
    SELECT set_id, excluded, concept_id FROM known{_MAPPED if mapped else ""}
)
SELECT set_id, concept_id FROM wanted GROUP BY set_id, concept_id HAVING NOT bool_or(excluded) ORDER BY ALL"""
