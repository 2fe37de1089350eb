"""Does the database have the shape of the CDM? Nearly everything follows from `cdm.schema`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cdm.schema import Column, Table, tables
from cdm.source import CdmVersion
from quality.baseline.declared.check import Check

# Kept with the vocabularies, whose makers check them; the dashboard leaves them out too.
VOCABULARY = frozenset(
    {"concept", "vocabulary", "domain", "concept_class", "concept_relationship", "relationship", "concept_synonym", "concept_ancestor"}
)  # fmt: skip
# What the dashboard's tables of thresholds leave out, beyond the vocabularies.
LEFT_OUT: Mapping[CdmVersion, frozenset[str]] = {
    "5.3": frozenset({"cdm_source", "metadata", "drug_strength", "source_to_concept_map"}),
    "5.4": frozenset(),
}
# The CDM lets one person die once, though it declares no key.
ONE_ROW_EACH: Mapping[CdmVersion, frozenset[tuple[str, str]]] = {
    "5.3": frozenset(),
    "5.4": frozenset({("death", "person_id")}),
}
# Whole numbers whose type the dashboard does not look at: its tables spell the type otherwise there.
TYPE_UNSEEN: Mapping[CdmVersion, frozenset[str]] = {
    "5.3": frozenset(
        {
            "person.gender_source_concept_id", "person.race_source_concept_id", "person.ethnicity_source_concept_id",
            "observation_period.period_type_concept_id", "visit_occurrence.visit_type_concept_id",
            "condition_occurrence.condition_occurrence_id", "condition_occurrence.person_id",
            "drug_exposure.drug_exposure_id", "drug_exposure.person_id",
            "device_exposure.device_exposure_id", "device_exposure.person_id",
            "visit_detail.visit_detail_type_concept_id", "visit_detail.visit_detail_source_concept_id",
            "visit_detail.admitting_source_concept_id", "visit_detail.discharge_to_concept_id",
            "visit_detail.preceding_visit_detail_id", "visit_detail.visit_detail_parent_id",
            "visit_detail.visit_occurrence_id", "observation.value_as_concept_id",
            "cost.cost_id", "cost.cost_event_id", "cost.payer_plan_period_id",
        }
    ),
    "5.4": frozenset(
        {
            "observation.value_as_concept_id", "visit_detail.admitted_from_concept_id",
            "visit_detail.visit_detail_source_concept_id", "visit_occurrence.visit_type_concept_id",
        }
    ),
}  # fmt: skip
# References that the CDM's tables of 5.4 do not declare, though its constraints do.
NO_REFERENCE: Mapping[CdmVersion, frozenset[str]] = {
    "5.3": frozenset(),
    "5.4": frozenset({"cost.payer_plan_period_id", "source_to_concept_map.source_vocabulary_id"}),
}


def checked_tables(version: CdmVersion) -> tuple[Table, ...]:
    """The tables of a CDM version that are checked, in CDM order."""
    return tuple(
        table for name, table in tables(version).items() if name not in VOCABULARY and name not in LEFT_OUT[version]
    )


def declared(version: CdmVersion) -> Iterator[Check]:
    """Yield the checks."""
    for table in checked_tables(version):
        yield Check("cdmTable", table.name)
        for column in table.columns:
            yield from _column(version, table, column)


def _column(version: CdmVersion, table: Table, column: Column) -> Iterator[Check]:
    name, place = column.name, f"{table.name}.{column.name}"
    yield Check("cdmField", table.name, name)
    yield Check("measureValueCompleteness", table.name, name, threshold=0 if column.required else 100)
    if column.required:
        yield Check("isRequired", table.name, name)
    if column.family == "integer" and place not in TYPE_UNSEEN[version]:
        yield Check("cdmDatatype", table.name, name)
    if name in table.primary_key or (table.name, name) in ONE_ROW_EACH[version]:
        yield Check("isPrimaryKey", table.name, name)
    if column.references and place not in NO_REFERENCE[version]:
        yield Check("isForeignKey", table.name, name, asks=column.references)
