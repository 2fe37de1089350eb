"""How many of the hospital's own codes are mapped, each code counted once, however often it occurs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cdm.schema import Table
from cdm.source import CdmVersion
from quality.baseline.declared.check import Check
from quality.baseline.declared.structure import checked_tables

# Fields that carry a study; of every other one any share is tolerated.
STRICT = 10.0
STRICTLY = frozenset(
    {
        "condition_occurrence.condition_source_value", "measurement.measurement_source_value",
        "procedure_occurrence.procedure_source_value", "drug_exposure.drug_source_value",
        "visit_occurrence.visit_source_value", "death.cause_source_value",
    }
)  # fmt: skip
# The dashboard looks at the source concept of a cause of death, not at the standard one.
MAPPED_TO: Mapping[str, str] = {
    "death.cause_source_value": "cause_source_concept_id",
    "visit_occurrence.admitting_source_value": "admitting_source_concept_id",
    "visit_detail.admitting_source_value": "admitting_source_concept_id",
}
# Source values that are not asked about.
UNASKED: Mapping[CdmVersion, frozenset[str]] = {
    "5.3": frozenset({"care_site.place_of_service_source_value"}),
    "5.4": frozenset(
        {
            "care_site.place_of_service_source_value", "episode.episode_source_value", "location.country_source_value",
            "visit_detail.visit_detail_source_value",
        }
    ),
}  # fmt: skip
NOT_CODES = frozenset({"cost"})


def declared(version: CdmVersion) -> Iterator[Check]:
    """Yield the checks."""
    for table in checked_tables(version):
        for name in table.names:
            place = f"{table.name}.{name}"
            mapped = _mapped(table, name)
            if mapped and place not in UNASKED[version]:
                threshold = STRICT if place in STRICTLY else 100.0
                yield Check("sourceValueCompleteness", table.name, name, threshold=threshold, asks=(mapped,))


def _mapped(table: Table, name: str) -> str | None:
    if not name.endswith("_source_value") or table.name in NOT_CODES:
        return None
    asked = MAPPED_TO.get(f"{table.name}.{name}", f"{name.removesuffix('_source_value')}_concept_id")
    return asked if asked in table.names else None
