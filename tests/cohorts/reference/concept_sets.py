"""Which concepts a set holds.

A concept that is named counts if CONCEPT has it, even if it is invalid; a descendant only if it is valid. "Mapped" adds
the source concepts that map to any of them, wherever they are. What the excluded lines give, by the same rules, is taken
out.
"""

from __future__ import annotations

from collections.abc import Iterable

from tests.cohorts.reference.setting import Hospital, Json


def concept_sets(definition: Json, hospital: Hospital) -> dict[int, frozenset[int]]:
    """The concepts of every set of a definition, by the set's number."""
    return {one["id"]: concepts(one["expression"]["items"], hospital) for one in definition.get("ConceptSets") or ()}


def concepts(items: Iterable[Json], hospital: Hospital) -> frozenset[int]:
    included: set[int] = set()
    excluded: set[int] = set()
    for item in items:
        (excluded if item.get("isExcluded") else included).update(_line(item, hospital))
    return frozenset(included - excluded)


def _line(item: Json, hospital: Hospital) -> set[int]:
    number = item["concept"]["CONCEPT_ID"]
    known = {row["concept_id"]: row["invalid_reason"] for row in hospital.rows("concept")}
    found = {number} & known.keys()
    if item.get("includeDescendants"):
        found |= {concept for concept in _descendants(number, hospital) if concept in known and known[concept] is None}
    if item.get("includeMapped"):
        found |= _mapped_to(found, hospital)
    return found


def _descendants(ancestor: int, hospital: Hospital) -> set[int]:
    """CONCEPT_ANCESTOR names a concept among its own descendants, too."""
    rows = hospital.rows("concept_ancestor")
    return {row["descendant_concept_id"] for row in rows if row["ancestor_concept_id"] == ancestor}


def _mapped_to(targets: set[int], hospital: Hospital) -> set[int]:
    return {
        row["concept_id_1"]
        for row in hospital.rows("concept_relationship")
        if row["relationship_id"] == "Maps to" and row["invalid_reason"] is None and row["concept_id_2"] in targets
    }
