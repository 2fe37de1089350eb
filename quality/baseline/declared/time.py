"""Whether dates stand in an order that a life allows: birth, start, end, death, visit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cdm.schema import Table
from cdm.source import CdmVersion
from quality.baseline.declared.check import Check
from quality.baseline.declared.structure import checked_tables

THRESHOLD = 1.0
BIRTH = "birth"
"""Stands for the birth of the row's person, as plausibleTemporalAfter reckons it."""
# The dashboard's older checks of order: dates that are not compared with birth, and those compared with it only in 5.3.
NOT_AFTER_BIRTH = frozenset(
    {"measurement.measurement_datetime", "payer_plan_period.payer_plan_period_start_date"}
)  # fmt: skip
OTHER_STARTS: Mapping[str, str] = {
    "dose_era.dose_era_end_date": BIRTH,
    "drug_exposure.verbatim_end_date": "drug_exposure_start_date",
    "cdm_source.cdm_release_date": "source_release_date",
    "procedure_occurrence.procedure_end_date": "procedure_date",
    "procedure_occurrence.procedure_end_datetime": "procedure_datetime",
}
BIRTH_IN_53 = "condition_era.condition_era_end_date"
NO_ORDER = frozenset({"person", "note_nlp", "metadata"})
NOT_DURING_LIFE = frozenset(
    {"measurement", "note", "observation", "specimen", "payer_plan_period", "death", "person"}
)  # fmt: skip
ERAS = frozenset({"condition_era", "drug_era", "dose_era"})
# Start and end that the names alone do not tell.
PAIRS: Mapping[str, str] = {
    "procedure_occurrence.procedure_date": "procedure_end_date",
    "procedure_occurrence.procedure_datetime": "procedure_end_datetime",
    # The dashboard compares the release of the source with itself.
    "cdm_source.source_release_date": "source_release_date",
}
NONE_TOLERATED = frozenset({"observation_period", "cdm_source", "drug_strength", "source_to_concept_map"})
WITHIN_VISIT: Mapping[str, float] = {
    "condition_occurrence.condition_start_date": 5, "device_exposure.device_exposure_start_date": 5,
    "drug_exposure.drug_exposure_start_date": 5, "measurement.measurement_date": 5, "note.note_date": 5,
    "observation.observation_date": 5, "procedure_occurrence.procedure_date": 5,
    "visit_detail.visit_detail_start_date": 1, "visit_detail.visit_detail_end_date": 1,
}  # fmt: skip


def declared(version: CdmVersion) -> Iterator[Check]:
    """Yield the checks."""
    for table in checked_tables(version):
        for name in table.date_columns + table.datetime_columns:
            yield from _checks(table, name)
            yield from _superseded(version, table, name)


def _superseded(version: CdmVersion, table: Table, name: str) -> Iterator[Check]:
    """Yield the older checks that the ones below were made to replace."""
    if after := _after(version, table, name):
        tolerated = 0.0 if table.name in NONE_TOLERATED - {"observation_period"} else THRESHOLD
        yield Check("plausibleTemporalAfter", table.name, name, threshold=tolerated, asks=(after,))
    end_of_era = table.name in ERAS and name.endswith("_end_date")
    if table.person_key and table.name not in NOT_DURING_LIFE and not end_of_era:
        yield Check("plausibleDuringLife", table.name, name, threshold=THRESHOLD)


def _after(version: CdmVersion, table: Table, name: str) -> str | None:
    place = f"{table.name}.{name}"
    if table.name in NO_ORDER or (place in NOT_AFTER_BIRTH and (version == "5.3" or "payer" not in place)):
        return None
    if place in OTHER_STARTS:
        return OTHER_STARTS[place]
    if version == "5.3" and place == BIRTH_IN_53:
        return BIRTH
    start = name.replace("_end_", "_start_")
    if start != name:
        return start if start in table.names else None
    return BIRTH if table.person_key else None


def _checks(table: Table, name: str) -> Iterator[Check]:
    place = f"{table.name}.{name}"
    if end := _end(table, name):
        tolerated = 0.0 if table.name in NONE_TOLERATED else THRESHOLD
        yield Check("plausibleStartBeforeEnd", table.name, name, threshold=tolerated, asks=(end,))
    if table.person_key and table.name != "person":
        yield Check("plausibleAfterBirth", table.name, name, threshold=THRESHOLD)
        if table.name != "death":
            yield Check("plausibleBeforeDeath", table.name, name, threshold=THRESHOLD)
    if place in WITHIN_VISIT:
        yield Check("withinVisitDates", table.name, name, threshold=WITHIN_VISIT[place])


def _end(table: Table, name: str) -> str | None:
    end = PAIRS.get(f"{table.name}.{name}") or (name.replace("_start_", "_end_") if "_start_" in name else None)
    return end if end in table.names else None
