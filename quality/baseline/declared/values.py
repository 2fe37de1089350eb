"""Numbers and dates that no row can hold, whatever the concept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cdm.schema import Table
from cdm.source import CdmVersion
from quality.baseline.declared.check import Check
from quality.baseline.declared.structure import checked_tables

THRESHOLD = 1.0
TOMORROW = "tomorrow"
NEXT_YEAR = "next year"
"""Limits that move with the day of the run."""

LOW: Mapping[str, float] = {
    "person.year_of_birth": 1850, "person.month_of_birth": 1, "person.day_of_birth": 1,
    "condition_era.condition_occurrence_count": 1, "drug_era.drug_exposure_count": 1, "drug_era.gap_days": 0,
    "dose_era.dose_value": 0, "drug_exposure.days_supply": 1, "drug_exposure.quantity": 0.0000001,
    "drug_exposure.refills": 0, "device_exposure.quantity": 1, "procedure_occurrence.quantity": 1,
}  # fmt: skip
SPECIMEN_QUANTITY: Mapping[CdmVersion, float] = {"5.3": 0, "5.4": 1}
HIGH: Mapping[str, float | str] = {
    "person.year_of_birth": NEXT_YEAR, "person.month_of_birth": 12, "person.day_of_birth": 31,
    "drug_exposure.days_supply": 365, "drug_exposure.refills": 24,
}  # fmt: skip
FIRST_DAY = "1950-01-01"
FIRST_DAYS: Mapping[str, str] = {
    "person.birth_datetime": "1850-01-01",
    "cdm_source.cdm_release_date": "2000-01-01",
    "cdm_source.source_release_date": "2000-01-01",
}
# Dates that are no event's: when a vocabulary entry is valid, when a text was read.
UNDATED = frozenset({"drug_strength", "source_to_concept_map", "metadata"})
NO_LIMIT: Mapping[CdmVersion, frozenset[str]] = {
    "5.3": frozenset(
        {
            "note_nlp.nlp_date", "measurement.measurement_datetime",
            "payer_plan_period.payer_plan_period_start_date", "payer_plan_period.payer_plan_period_end_date",
        }
    ),
    "5.4": frozenset({"note_nlp.nlp_date"}),
}  # fmt: skip


def declared(version: CdmVersion) -> Iterator[Check]:
    """Yield the checks."""
    low = {**LOW, "specimen.quantity": SPECIMEN_QUANTITY[version]}
    for table in checked_tables(version):
        for name in table.names:
            place = f"{table.name}.{name}"
            dated = _dated(table, name) and place not in NO_LIMIT[version]
            lowest: float | str | None = FIRST_DAYS.get(place, FIRST_DAY) if dated else low.get(place)
            highest: float | str | None = TOMORROW if dated else HIGH.get(place)
            if lowest is not None:
                yield Check("plausibleValueLow", table.name, name, threshold=THRESHOLD, asks=(lowest,))
            if highest is not None:
                yield Check("plausibleValueHigh", table.name, name, threshold=THRESHOLD, asks=(highest,))


def _dated(table: Table, name: str) -> bool:
    return table.name not in UNDATED and name in table.date_columns + table.datetime_columns
