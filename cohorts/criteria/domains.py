"""The kinds of events, one small declaration each (CDM 5.3 and 5.4).

Where circe-be 1.12 has its own ways, they are noted where they stand: DrugExposure.OccurrenceEndDate looks at the
start; VisitDetail.Age looks at the end; VisitOccurrence.VisitType is visit_type_concept_id and VisitType elsewhere the
visit's visit_concept_id; integer ranges are cut; Specimen knows no DateAdjustment; Death's ignores StartWith and EndWith.
"""

from __future__ import annotations

from collections.abc import Mapping

from cohorts.criteria.declare import (
    ERA_PERSON,
    PERIOD,
    PERSON,
    PROVIDER,
    VISIT,
    Domain,
    abnormal,
    column,
    concept_set,
    concepts,
    dates,
    numbers,
    refused,
    text,
)
from cohorts.plan.filters import AGE_AT_END, DURATION, END, START, Column, Operand, Value

ONE = Value("one")
_NO_HISTORY = "the CDM keeps no history of locations (LOCATION_HISTORY came with CDM 6.0)"
_NO_DOSE = "drug_exposure holds no effective dose and no dose unit since CDM 5.0"
_PLACE = Column("care_site", "place_of_service_concept_id")


def _counts(**further: Operand) -> dict[str, Operand]:
    return {name.upper(): operand for name, operand in further.items()}


CONDITION_ERA = Domain(
    "ConditionEra", "condition_era", "condition_era_id", "condition_era_start_date", ("condition_era_end_date",),
    concept="condition_concept_id",
    rules=(
        dates("era_start_date", START), dates("era_end_date", END),
        numbers("occurrence_count", column("condition_occurrence_count")), numbers("era_length", DURATION), *ERA_PERSON,
    ),
    counts=_counts(
        domain_concept=column("condition_concept_id"), era_occurrences=column("condition_occurrence_count"),
        duration=DURATION,
    ),
)  # fmt: skip

CONDITION_OCCURRENCE = Domain(
    "ConditionOccurrence", "condition_occurrence", "condition_occurrence_id", "condition_start_date",
    ("condition_end_date",), next_day=True, visit=True,
    concept="condition_concept_id", source=("condition_source_concept", "condition_source_concept_id"),
    source_value="condition_source_value",
    rules=(
        dates("occurrence_start_date", START), dates("occurrence_end_date", END),
        concepts("condition_type", column("condition_type_concept_id"), "condition_type_exclude"),
        text("stop_reason", column("stop_reason")),
        concepts("condition_status", column("condition_status_concept_id")), *PERSON, *PROVIDER, *VISIT,
    ),
    counts=_counts(
        domain_concept=column("condition_concept_id"), domain_source_concept=column("condition_source_concept_id"),
        duration=DURATION, visit_detail_id=column("visit_detail_id"),
    ),
)  # fmt: skip

DEATH = Domain(
    "Death", "death", "person_id", "death_date", next_day=True, adjust="fixed",
    concept="cause_concept_id", source=("death_source_concept", "cause_source_concept_id"),
    source_value="cause_source_value",
    rules=(
        dates("occurrence_start_date", START),
        concepts("death_type", column("death_type_concept_id"), "death_type_exclude"), *PERSON,
    ),
    counts=_counts(
        domain_concept=Value("cause_or_zero"), domain_source_concept=column("cause_source_concept_id"), duration=ONE,
    ),
)  # fmt: skip

DEVICE_EXPOSURE = Domain(
    "DeviceExposure", "device_exposure", "device_exposure_id", "device_exposure_start_date",
    ("device_exposure_end_date",), next_day=True, visit=True,
    concept="device_concept_id", source=("device_source_concept", "device_source_concept_id"),
    source_value="device_source_value",
    rules=(
        dates("occurrence_start_date", START), dates("occurrence_end_date", END),
        concepts("device_type", column("device_type_concept_id"), "device_type_exclude"),
        text("unique_device_id", column("unique_device_id")), numbers("quantity", column("quantity")),
        *PERSON, *PROVIDER, *VISIT,
    ),
    counts=_counts(
        domain_concept=column("device_concept_id"), domain_source_concept=column("device_source_concept_id"),
        quantity=column("quantity"), duration=DURATION, visit_detail_id=column("visit_detail_id"),
    ),
)  # fmt: skip

DOSE_ERA = Domain(
    "DoseEra", "dose_era", "dose_era_id", "dose_era_start_date", ("dose_era_end_date",), concept="drug_concept_id",
    rules=(
        dates("era_start_date", START), dates("era_end_date", END), concepts("unit", column("unit_concept_id")),
        numbers("dose_value", column("dose_value"), decimal=True), numbers("era_length", DURATION), *ERA_PERSON,
    ),
    counts=_counts(
        domain_concept=column("drug_concept_id"), duration=DURATION, unit=column("unit_concept_id"),
        value_as_number=column("dose_value"),
    ),
)  # fmt: skip

DRUG_ERA = Domain(
    "DrugEra", "drug_era", "drug_era_id", "drug_era_start_date", ("drug_era_end_date",), concept="drug_concept_id",
    rules=(
        dates("era_start_date", START), dates("era_end_date", END),
        numbers("occurrence_count", column("drug_exposure_count")), numbers("era_length", DURATION),
        numbers("gap_days", column("gap_days")), *ERA_PERSON,
    ),
    counts=_counts(
        domain_concept=column("drug_concept_id"), era_occurrences=column("drug_exposure_count"),
        gap_days=column("gap_days"), duration=DURATION,
    ),
)  # fmt: skip

DRUG_EXPOSURE = Domain(
    "DrugExposure", "drug_exposure", "drug_exposure_id", "drug_exposure_start_date", ("drug_exposure_end_date",),
    supply="days_supply", next_day=True, visit=True,
    concept="drug_concept_id", source=("drug_source_concept", "drug_source_concept_id"),
    source_value="drug_source_value",
    rules=(
        dates("occurrence_start_date", START),
        dates("occurrence_end_date", START),  # as circe-be has it
        concepts("drug_type", column("drug_type_concept_id"), "drug_type_exclude"),
        text("stop_reason", column("stop_reason")), numbers("refills", column("refills")),
        numbers("quantity", column("quantity"), decimal=True), numbers("days_supply", column("days_supply")),
        concepts("route_concept", column("route_concept_id")), refused("effective_drug_dose", _NO_DOSE),
        refused("dose_unit", _NO_DOSE), text("lot_number", column("lot_number")), *PERSON, *PROVIDER, *VISIT,
    ),
    counts=_counts(
        domain_concept=column("drug_concept_id"), domain_source_concept=column("drug_source_concept_id"),
        days_supply=column("days_supply"), duration=DURATION, quantity=column("quantity"), refills=column("refills"),
        visit_detail_id=column("visit_detail_id"),
    ),
)  # fmt: skip

EPISODE = Domain(
    "Episode", "episode", "episode_id", "episode_start_date", ("episode_end_date",), concept="episode_concept_id",
    source_value="episode_source_value",
    rules=(
        dates("episode_start_date", START), dates("episode_end_date", END),
        numbers("episode_number", column("episode_number")),
        concepts("episode_object_concept", column("episode_object_concept_id")),
        concepts("episode_type", column("episode_type_concept_id")), *PERSON,
    ),
    counts=_counts(domain_concept=column("episode_concept_id"), duration=DURATION),
)  # fmt: skip

MEASUREMENT = Domain(
    "Measurement", "measurement", "measurement_id", "measurement_date", next_day=True, visit=True,
    concept="measurement_concept_id", source=("measurement_source_concept", "measurement_source_concept_id"),
    source_value="measurement_source_value",
    rules=(
        dates("occurrence_start_date", START),
        concepts("measurement_type", column("measurement_type_concept_id"), "measurement_type_exclude"),
        concepts("operator", column("operator_concept_id")),
        numbers("value_as_number", column("value_as_number"), decimal=True),
        concepts("value_as_concept", column("value_as_concept_id")), concepts("unit", column("unit_concept_id")),
        numbers("range_low", column("range_low"), decimal=True),
        numbers("range_high", column("range_high"), decimal=True),
        numbers("range_low_ratio", Value("ratio_to_low"), decimal=True),
        numbers("range_high_ratio", Value("ratio_to_high"), decimal=True), abnormal("abnormal"),
        *PERSON, *PROVIDER, *VISIT,
    ),
    counts=_counts(
        domain_concept=column("measurement_concept_id"), domain_source_concept=column("measurement_source_concept_id"),
        duration=ONE, value_as_number=column("value_as_number"), range_high=column("range_high"),
        range_low=column("range_low"), unit=column("unit_concept_id"), visit_detail_id=column("visit_detail_id"),
    ),
)  # fmt: skip

OBSERVATION = Domain(
    "Observation", "observation", "observation_id", "observation_date", next_day=True, visit=True,
    concept="observation_concept_id", source=("observation_source_concept", "observation_source_concept_id"),
    source_value="observation_source_value",
    rules=(
        dates("occurrence_start_date", START),
        concepts("observation_type", column("observation_type_concept_id"), "observation_type_exclude"),
        numbers("value_as_number", column("value_as_number"), decimal=True),
        text("value_as_string", column("value_as_string")),
        concepts("value_as_concept", column("value_as_concept_id")), concepts("qualifier", column("qualifier_concept_id")),
        concepts("unit", column("unit_concept_id")), *PERSON, *PROVIDER, *VISIT,
    ),
    counts=_counts(
        domain_concept=column("observation_concept_id"), domain_source_concept=column("observation_source_concept_id"),
        value_as_number=column("value_as_number"), duration=ONE, unit=column("unit_concept_id"),
        visit_detail_id=column("visit_detail_id"),
    ),
)  # fmt: skip

OBSERVATION_PERIOD = Domain(
    "ObservationPeriod", "observation_period", "observation_period_id", "observation_period_start_date",
    ("observation_period_end_date",),
    rules=(
        *PERIOD, concepts("period_type", column("period_type_concept_id")), numbers("period_length", DURATION),
        *ERA_PERSON,
    ),
    counts=_counts(domain_concept=column("period_type_concept_id"), duration=Value("shown_duration")),
)  # fmt: skip

_PAYER: Mapping[str, str] = {
    name: f"{name}_id"
    for name in (
        "payer_concept", "plan_concept", "sponsor_concept", "stop_reason_concept", "payer_source_concept",
        "plan_source_concept", "sponsor_source_concept", "stop_reason_source_concept",
    )
}  # fmt: skip
PAYER_PLAN_PERIOD = Domain(
    "PayerPlanPeriod", "payer_plan_period", "payer_plan_period_id", "payer_plan_period_start_date",
    ("payer_plan_period_end_date",),
    rules=(
        *PERIOD, numbers("period_length", DURATION), *ERA_PERSON,
        *(concept_set(attribute, column(name)) for attribute, name in _PAYER.items()),
    ),
    counts=_counts(domain_concept=column("payer_concept_id"), duration=Value("shown_duration")),
)  # fmt: skip

PROCEDURE_OCCURRENCE = Domain(
    "ProcedureOccurrence", "procedure_occurrence", "procedure_occurrence_id", "procedure_date", next_day=True, visit=True,
    concept="procedure_concept_id", source=("procedure_source_concept", "procedure_source_concept_id"),
    source_value="procedure_source_value",
    rules=(
        dates("occurrence_start_date", START),
        concepts("procedure_type", column("procedure_type_concept_id"), "procedure_type_exclude"),
        concepts("modifier", column("modifier_concept_id")), numbers("quantity", column("quantity")),
        *PERSON, *PROVIDER, *VISIT,
    ),
    counts=_counts(
        domain_concept=column("procedure_concept_id"), domain_source_concept=column("procedure_source_concept_id"),
        duration=ONE, quantity=column("quantity"), visit_detail_id=column("visit_detail_id"),
    ),
)  # fmt: skip

SPECIMEN = Domain(
    "Specimen", "specimen", "specimen_id", "specimen_date", next_day=True, adjust="no", concept="specimen_concept_id",
    source_value="specimen_source_value",
    rules=(
        dates("occurrence_start_date", START),
        concepts("specimen_type", column("specimen_type_concept_id"), "specimen_type_exclude"),
        numbers("quantity", column("quantity"), decimal=True), concepts("unit", column("unit_concept_id")),
        concepts("anatomic_site", column("anatomic_site_concept_id")),
        concepts("disease_status", column("disease_status_concept_id")),
        text("source_id", column("specimen_source_id")), *PERSON,
    ),
    counts=_counts(
        domain_concept=column("specimen_concept_id"), duration=ONE, quantity=column("quantity"),
        unit=column("unit_concept_id"),
    ),
)  # fmt: skip

VISIT_DETAIL = Domain(
    "VisitDetail", "visit_detail", "visit_detail_id", "visit_detail_start_date", ("visit_detail_end_date",), visit=True,
    concept="visit_detail_concept_id", source=("visit_detail_source_concept", "visit_detail_source_concept_id"),
    source_value="visit_detail_source_value",
    rules=(
        dates("visit_detail_start_date", START), dates("visit_detail_end_date", END),
        concepts("visit_detail_type", column("visit_detail_type_concept_id")), numbers("visit_detail_length", DURATION),
        numbers("age", AGE_AT_END),  # as circe-be has it
        *PERSON[1:], *PROVIDER, concepts("place_of_service", _PLACE), refused("place_of_service_location", _NO_HISTORY),
    ),
    counts=_counts(
        domain_concept=column("visit_detail_concept_id"), domain_source_concept=column("visit_detail_source_concept_id"),
        duration=DURATION, visit_detail_id=column("visit_detail_id"),
    ),
)  # fmt: skip

VISIT_OCCURRENCE = Domain(
    "VisitOccurrence", "visit_occurrence", "visit_occurrence_id", "visit_start_date", ("visit_end_date",), visit=True,
    concept="visit_concept_id", source=("visit_source_concept", "visit_source_concept_id"),
    source_value="visit_source_value",
    rules=(
        dates("occurrence_start_date", START), dates("occurrence_end_date", END),
        concepts("visit_type", column("visit_type_concept_id"), "visit_type_exclude"),
        numbers("visit_length", DURATION), *PERSON, *PROVIDER, concepts("place_of_service", _PLACE),
        refused("place_of_service_location", _NO_HISTORY),
    ),
    counts=_counts(
        domain_concept=column("visit_concept_id"), domain_source_concept=column("visit_source_concept_id"),
        duration=DURATION,
    ),
)  # fmt: skip

# Eras made of other events have no table; their concept-free filters are declared like the others'.
CUSTOM_ERA = Domain(
    "CustomEra", "", "event_id", "start_date", ("end_date",),
    rules=(
        dates("start_date", START), dates("end_date", END), *ERA_PERSON[:1], *PERSON[1:], numbers("duration", DURATION),
    ),
    counts=_counts(duration=DURATION),
)  # fmt: skip

DOMAINS: Mapping[str, Domain] = {
    domain.kind: domain
    for domain in (
        CONDITION_ERA, CONDITION_OCCURRENCE, DEATH, DEVICE_EXPOSURE, DOSE_ERA, DRUG_ERA, DRUG_EXPOSURE, EPISODE,
        MEASUREMENT, OBSERVATION, OBSERVATION_PERIOD, PAYER_PLAN_PERIOD, PROCEDURE_OCCURRENCE, SPECIMEN, VISIT_DETAIL,
        VISIT_OCCURRENCE, CUSTOM_ERA,
    )
}  # fmt: skip
REFUSED: Mapping[str, str] = {"LocationRegion": _NO_HISTORY}
