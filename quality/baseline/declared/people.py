"""Whether the people of the database have what people of a hospital have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cdm.source import CdmVersion
from quality.baseline.declared.check import Check
from quality.baseline.declared.structure import checked_tables

# Share of people who may be without any row. Who was never ill is no error; who was never observed is.
WITHOUT_ROWS: Mapping[str, float] = {
    "observation_period": 0, "visit_occurrence": 95, "condition_occurrence": 95, "drug_exposure": 95,
    "procedure_occurrence": 95, "measurement": 95, "observation": 95, "drug_era": 95, "condition_era": 95,
    "device_exposure": 100, "visit_detail": 100, "note": 100, "specimen": 100, "payer_plan_period": 100,
    "dose_era": 100, "death": 100,
}  # fmt: skip


def declared(version: CdmVersion) -> Iterator[Check]:
    """Yield the checks."""
    for table in checked_tables(version):
        if table.name in WITHOUT_ROWS:
            yield Check("measurePersonCompleteness", table.name, threshold=WITHOUT_ROWS[table.name])
    yield Check("measureConditionEraCompleteness", "condition_era")
    yield Check("measureObservationPeriodOverlap", "observation_period")
