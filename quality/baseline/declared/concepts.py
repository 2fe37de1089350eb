"""What the CDM wants of its concept fields: domain, class, standard concepts, and how much may stay unmapped.

One line for each concept field of which more is asked than that the concept exists:

    field | domain | standard | tolerated share of unmapped rows, standard | ... source

`standard` says that a standard, valid concept (or 0) is wanted. `-`: not asked. Thresholds are percentages and those of
DataQualityDashboard 2.8 (its documentation tells why: type concepts and eras 0, most events 5, what depends on the
hospital's habits 100).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cdm.schema import Column, Table
from cdm.source import CdmVersion
from quality.baseline.declared.check import Check
from quality.baseline.declared.concept_fields import BOTH, ONLY
from quality.baseline.declared.structure import checked_tables

# Classes of concepts that a field holds.
CLASSES: Mapping[str, tuple[str, ...]] = {
    "drug_era.drug_concept_id": ("Ingredient",),
    "dose_era.drug_concept_id": ("Ingredient",),
    "drug_strength.ingredient_concept_id": ("Ingredient", "Precise Ingredient"),
}
# Source concepts whose absence beside a source value counts as unmapped; of every other one only a 0 does.
SOURCES_BESIDE = frozenset({"unit_source", "cause_source", "specialty_source", "admitting_source"})


@dataclass(frozen=True)
class Asked:
    """What is asked of one concept field."""

    domain: str | None
    standard: bool
    mapped: float | None
    source: float | None


def fields(version: CdmVersion) -> dict[str, Asked]:
    """Map table.field to what is asked of it."""
    asked = {}
    for line in filter(None, (BOTH + ONLY[version]).splitlines()):
        place, domain, standard, mapped, source = (part.strip() for part in line.split("|"))
        asked[place] = Asked(
            None if domain == "-" else domain, standard == "yes", _number(mapped), _number(source)
        )  # fmt: skip
    return asked


def declared(version: CdmVersion) -> Iterator[Check]:
    """Yield the checks."""
    asked = fields(version)
    for table in checked_tables(version):
        for column in table.columns:
            place = f"{table.name}.{column.name}"
            if place in asked:
                yield from _checks(table, column, asked[place])
            if place in CLASSES:
                yield Check("fkClass", table.name, column.name, asks=CLASSES[place])


def _checks(table: Table, column: Column, asked: Asked) -> Iterator[Check]:
    if asked.domain:
        yield Check("fkDomain", table.name, column.name, asks=(asked.domain,))
    if asked.standard:
        yield Check("isStandardValidConcept", table.name, column.name)
    beside = _beside(table, column)
    if asked.mapped is not None:
        yield Check("standardConceptRecordCompleteness", table.name, column.name, threshold=asked.mapped, asks=beside)
    if asked.source is not None:
        yield Check("sourceConceptRecordCompleteness", table.name, column.name, threshold=asked.source, asks=beside)


def _beside(table: Table, column: Column) -> tuple[str, ...]:
    """Name the source value that an optional concept field has beside it; a filled value without a concept is unmapped."""
    if column.required:
        return ()
    stem = column.name.removesuffix("_concept_id")
    if stem.endswith("_source") and stem not in SOURCES_BESIDE:
        return ()
    for name in (f"{stem}_source_value", f"{stem}_value"):
        if name in table.names:
            return (name,)
    return ()


def _number(text: str) -> float | None:
    return None if text == "-" else float(text)
