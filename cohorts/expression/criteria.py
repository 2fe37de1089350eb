"""The eighteen kinds of events that a Circe expression can ask for.

An attribute ending in `_cs` is a concept-set selection; the like-named one without it a plain list of concepts.
`codeset_id` None means every concept. Attributes that circe-be reads but does not apply are noted as such.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from cohorts.expression.base import (
    CodesetRef,
    Concepts,
    ConceptSetSelection,
    Criteria,
    DateAdjustment,
    DateRange,
    Days,
    Flag,
    Model,
    NumericRange,
    Period,
    TextFilter,
)

if TYPE_CHECKING:
    from cohorts.expression.groups import CriteriaGroup, Criterion


class Event(Model):
    """What every criterion has: criteria relative to its own events, and moved dates."""

    correlated_criteria: CriteriaGroup | None = None
    date_adjustment: DateAdjustment | None = None


class _Clinical(Event):
    """Attributes common to the clinical event tables."""

    codeset_id: CodesetRef | None = None
    first: Flag = False
    occurrence_start_date: DateRange | None = None
    age: NumericRange | None = None
    gender: Concepts | None = None
    gender_cs: ConceptSetSelection | None = None


class _Visited(_Clinical):
    """Clinical events that know their provider and visit."""

    provider_specialty: Concepts | None = None
    provider_specialty_cs: ConceptSetSelection | None = None
    visit_type: Concepts | None = None
    visit_type_cs: ConceptSetSelection | None = None


class _Era(Event):
    codeset_id: CodesetRef | None = None
    first: Flag = False
    era_start_date: DateRange | None = None
    era_end_date: DateRange | None = None
    era_length: NumericRange | None = None
    age_at_start: NumericRange | None = None
    age_at_end: NumericRange | None = None
    gender: Concepts | None = None
    gender_cs: ConceptSetSelection | None = None


class ConditionEra(_Era):
    occurrence_count: NumericRange | None = None


class ConditionOccurrence(_Visited):
    occurrence_end_date: DateRange | None = None
    condition_type: Concepts | None = None
    condition_type_cs: ConceptSetSelection | None = None
    condition_type_exclude: Flag = False
    stop_reason: TextFilter | None = None
    condition_source_concept: CodesetRef | None = None
    condition_status: Concepts | None = None
    condition_status_cs: ConceptSetSelection | None = None


class Death(Event):
    codeset_id: CodesetRef | None = None
    occurrence_start_date: DateRange | None = None
    death_type: Concepts | None = None
    death_type_cs: ConceptSetSelection | None = None
    death_type_exclude: Flag = False
    death_source_concept: CodesetRef | None = None
    age: NumericRange | None = None
    gender: Concepts | None = None
    gender_cs: ConceptSetSelection | None = None


class DeviceExposure(_Visited):
    occurrence_end_date: DateRange | None = None
    device_type: Concepts | None = None
    device_type_cs: ConceptSetSelection | None = None
    device_type_exclude: Flag = False
    unique_device_id: TextFilter | None = None
    quantity: NumericRange | None = None
    device_source_concept: CodesetRef | None = None


class DoseEra(_Era):
    unit: Concepts | None = None
    unit_cs: ConceptSetSelection | None = None
    dose_value: NumericRange | None = None


class DrugEra(_Era):
    occurrence_count: NumericRange | None = None
    gap_days: NumericRange | None = None


class DrugExposure(_Visited):
    occurrence_end_date: DateRange | None = None
    drug_type: Concepts | None = None
    drug_type_cs: ConceptSetSelection | None = None
    drug_type_exclude: Flag = False
    stop_reason: TextFilter | None = None
    refills: NumericRange | None = None
    quantity: NumericRange | None = None
    days_supply: NumericRange | None = None
    route_concept: Concepts | None = None
    route_concept_cs: ConceptSetSelection | None = None
    effective_drug_dose: NumericRange | None = None
    dose_unit: Concepts | None = None
    dose_unit_cs: ConceptSetSelection | None = None
    lot_number: TextFilter | None = None
    drug_source_concept: CodesetRef | None = None


class CustomEra(Event):
    """Eras made of other criteria's events. circe-be does not apply its CorrelatedCriteria, nor does GapDays do anything."""

    criteria_list: Criteria[Criterion] = Field(min_length=1)
    first: Flag = False
    gap_days: Days | None = None
    start_date: DateRange | None = None
    end_date: DateRange | None = None
    age_at_start: NumericRange | None = None
    gender_cs: ConceptSetSelection | None = None
    duration: NumericRange | None = None


class Episode(Event):
    codeset_id: CodesetRef | None = None
    first: Flag = False
    episode_start_date: DateRange | None = None
    episode_end_date: DateRange | None = None
    episode_number: NumericRange | None = None
    age: NumericRange | None = None
    gender_cs: ConceptSetSelection | None = None
    episode_object_concept_cs: ConceptSetSelection | None = None
    episode_type_cs: ConceptSetSelection | None = None


class LocationRegion(Event):
    codeset_id: CodesetRef | None = None
    start_date: DateRange | None = None
    end_date: DateRange | None = None


class Measurement(_Visited):
    measurement_type: Concepts | None = None
    measurement_type_cs: ConceptSetSelection | None = None
    measurement_type_exclude: Flag = False
    operator: Concepts | None = None
    operator_cs: ConceptSetSelection | None = None
    value_as_number: NumericRange | None = None
    value_as_concept: Concepts | None = None
    value_as_concept_cs: ConceptSetSelection | None = None
    unit: Concepts | None = None
    unit_cs: ConceptSetSelection | None = None
    range_low: NumericRange | None = None
    range_high: NumericRange | None = None
    range_low_ratio: NumericRange | None = None
    range_high_ratio: NumericRange | None = None
    abnormal: Flag = False
    measurement_source_concept: CodesetRef | None = None


class Observation(_Visited):
    observation_type: Concepts | None = None
    observation_type_cs: ConceptSetSelection | None = None
    observation_type_exclude: Flag = False
    value_as_number: NumericRange | None = None
    value_as_string: TextFilter | None = None
    value_as_concept: Concepts | None = None
    value_as_concept_cs: ConceptSetSelection | None = None
    qualifier: Concepts | None = None
    qualifier_cs: ConceptSetSelection | None = None
    unit: Concepts | None = None
    unit_cs: ConceptSetSelection | None = None
    observation_source_concept: CodesetRef | None = None


class _UserPeriod(Event):
    first: Flag = False
    period_start_date: DateRange | None = None
    period_end_date: DateRange | None = None
    user_defined_period: Period | None = None
    period_length: NumericRange | None = None
    age_at_start: NumericRange | None = None
    age_at_end: NumericRange | None = None


class ObservationPeriod(_UserPeriod):
    period_type: Concepts | None = None
    period_type_cs: ConceptSetSelection | None = None


class PayerPlanPeriod(_UserPeriod):
    gender: Concepts | None = None
    gender_cs: ConceptSetSelection | None = None
    payer_concept: CodesetRef | None = None
    plan_concept: CodesetRef | None = None
    sponsor_concept: CodesetRef | None = None
    stop_reason_concept: CodesetRef | None = None
    payer_source_concept: CodesetRef | None = None
    plan_source_concept: CodesetRef | None = None
    sponsor_source_concept: CodesetRef | None = None
    stop_reason_source_concept: CodesetRef | None = None


class ProcedureOccurrence(_Visited):
    procedure_type: Concepts | None = None
    procedure_type_cs: ConceptSetSelection | None = None
    procedure_type_exclude: Flag = False
    modifier: Concepts | None = None
    modifier_cs: ConceptSetSelection | None = None
    quantity: NumericRange | None = None
    procedure_source_concept: CodesetRef | None = None


class Specimen(_Clinical):
    """circe-be reads DateAdjustment and SpecimenSourceConcept of a specimen, but does not apply them."""

    specimen_type: Concepts | None = None
    specimen_type_cs: ConceptSetSelection | None = None
    specimen_type_exclude: Flag = False
    quantity: NumericRange | None = None
    unit: Concepts | None = None
    unit_cs: ConceptSetSelection | None = None
    anatomic_site: Concepts | None = None
    anatomic_site_cs: ConceptSetSelection | None = None
    disease_status: Concepts | None = None
    disease_status_cs: ConceptSetSelection | None = None
    source_id: TextFilter | None = None
    specimen_source_concept: CodesetRef | None = None


class VisitDetail(Event):
    codeset_id: CodesetRef | None = None
    first: Flag = False
    visit_detail_start_date: DateRange | None = None
    visit_detail_end_date: DateRange | None = None
    visit_detail_type_cs: ConceptSetSelection | None = None
    visit_detail_source_concept: CodesetRef | None = None
    visit_detail_length: NumericRange | None = None
    age: NumericRange | None = None
    gender_cs: ConceptSetSelection | None = None
    provider_specialty_cs: ConceptSetSelection | None = None
    place_of_service_cs: ConceptSetSelection | None = None
    place_of_service_location: CodesetRef | None = None


class VisitOccurrence(_Clinical):
    occurrence_end_date: DateRange | None = None
    visit_type: Concepts | None = None
    visit_type_cs: ConceptSetSelection | None = None
    visit_type_exclude: Flag = False
    visit_source_concept: CodesetRef | None = None
    visit_length: NumericRange | None = None
    provider_specialty: Concepts | None = None
    provider_specialty_cs: ConceptSetSelection | None = None
    place_of_service: Concepts | None = None
    place_of_service_cs: ConceptSetSelection | None = None
    place_of_service_location: CodesetRef | None = None
