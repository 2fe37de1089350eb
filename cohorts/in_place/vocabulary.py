"""Concept sets resolved.

circe-be 1.12: a concept named directly counts if it is in CONCEPT, invalid or not; a descendant only if valid; with
'mapped', concepts that 'Maps to' any of them, wherever they are; what the excluded lines give is taken out.
"""

from __future__ import annotations

from collections.abc import Mapping

from cdm.source import Kind
from cohorts.in_place.trees import (
    Query,
    Select,
    Tree,
    all_of,
    column,
    columns,
    compare,
    derived,
    inner,
    is_null,
    largest,
    select,
    table,
    whole,
    word,
)

SET_ITEM: Mapping[str, Kind] = {
    "set_id": "int", "concept_id": "long", "excluded": "int", "descendants": "int", "mapped": "int",
}  # fmt: skip
MEMBER: Mapping[str, Kind] = {"set_id": "int", "concept_id": "long"}
_MAPS_TO = "Maps to"


def members(mapped: bool) -> Query:
    """`member` of `set_item`; mapped: whether any line asks for mapped concepts."""
    wanted = all_of([_known(descendants=False), _known(descendants=True), *(_mapped() if mapped else ())])
    kept = select(
        {"set_id": column("w.set_id"), "concept_id": column("w.concept_id"), "out": largest(column("w.excluded"))},
        derived(wanted, "w"),
        group_by=["w.set_id", "w.concept_id"],
    )
    return select(columns("k", MEMBER), derived(kept, "k"), where=[compare(column("k.out"), "=", whole(0))])


def _known(descendants: bool, only: tuple[Tree, ...] = ()) -> Select:
    """(set_id, excluded, concept_id) of the concepts named, or of their valid descendants, that are in CONCEPT."""
    joins = []
    concept, where = "i.concept_id", list(only)
    if descendants:
        concept = "a.descendant_concept_id"
        above = compare(column("a.ancestor_concept_id"), "=", column("i.concept_id"))
        joins.append(inner(table("cdm_concept_ancestor", "a"), above))
        where += [_is(column("i.descendants"), 1), is_null(column("c.invalid_reason"))]
    joins.append(inner(table("cdm_concept", "c"), compare(column("c.concept_id"), "=", column(concept))))
    named = {**columns("i", ["set_id", "excluded"]), "concept_id": column(concept)}
    return select(named, table("set_item", "i"), joins=joins, where=where)


def _mapped() -> list[Select]:
    found = []
    for descendants in (False, True):
        known = _known(descendants, (_is(column("i.mapped"), 1),))
        to_it = compare(column("r.concept_id_2"), "=", column("k.concept_id"))
        maps = compare(column("r.relationship_id"), "=", word(_MAPS_TO))
        found.append(
            select(
                {**columns("k", ["set_id", "excluded"]), "concept_id": column("r.concept_id_1")},
                derived(known, "k"),
                joins=[inner(table("cdm_concept_relationship", "r"), to_it)],
                where=[maps, is_null(column("r.invalid_reason"))],
            )
        )
    return found


def _is(tree: Tree, number: int) -> Tree:
    return compare(tree, "=", whole(number))
