"""The kinds of criteria: where their events are, how they end, and what each attribute looks at.

What can be looked at, besides a column of the event's own row:
    start, end               the event's dates
    length                   days from start to end; a point in time (measurement ...) counts as `one`
    age at start, age at end year minus year of birth, on any day of the year
    person.X visit.X         a column of its person, or of its visit; an event without one is lost, whatever is asked
    care_site.X              likewise of its place
    provider.X               a column of its provider; without one, NULL
    value / X                a measured value in parts of a bound of its range
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Columns = Mapping[str, str]


@dataclass(frozen=True)
class Kind:
    """Attributes by how they are compared.

    dates, whole, decimal: ranges of dates, of whole numbers, of numbers with four digits. texts: text filters.
    concepts: lists of concepts; `XCS` is a selection on the same column, and `XExclude` turns the list around.
    sets: numbers of concept sets that the column has to be in.
    ends: columns of which the first filled one is the end; `+ X` adds X days to the start.
    counts: what "distinct" can count, beside START_DATE, END_DATE and VISIT_ID.
    """

    table: str
    id: str
    start: str
    ends: tuple[str, ...] = ()
    concept: str | None = None
    source: tuple[str, str] | None = None
    visit: bool = False
    dates: Columns = field(default_factory=dict)
    whole: Columns = field(default_factory=dict)
    decimal: Columns = field(default_factory=dict)
    texts: Columns = field(default_factory=dict)
    concepts: Columns = field(default_factory=dict)
    sets: Columns = field(default_factory=dict)
    counts: Columns = field(default_factory=dict)


GENDER = {"Gender": "person.gender_concept_id"}
AGE = {"Age": "age at start"}
ERA_AGES = {"AgeAtStart": "age at start", "AgeAtEnd": "age at end"}
SPECIALTY = {"ProviderSpecialty": "provider.specialty_concept_id"}
VISIT_TYPE = {"VisitType": "visit.visit_concept_id"}  # of the visit: inpatient, outpatient ...
VISITED = GENDER | SPECIALTY | VISIT_TYPE
ERA_DATES = {"EraStartDate": "start", "EraEndDate": "end"}
STARTS = {"OccurrenceStartDate": "start"}
PERIOD_DATES = {"PeriodStartDate": "start", "PeriodEndDate": "end"}

KINDS: Mapping[str, Kind] = {
    "ConditionEra": Kind(
        "condition_era", "condition_era_id", "condition_era_start_date", ("condition_era_end_date",),
        concept="condition_concept_id", dates=ERA_DATES, concepts=GENDER,
        whole={"OccurrenceCount": "condition_occurrence_count", "EraLength": "length"} | ERA_AGES,
        counts={"DOMAIN_CONCEPT": "condition_concept_id", "ERA_OCCURRENCES": "condition_occurrence_count",
                "DURATION": "length"},
    ),
    "ConditionOccurrence": Kind(
        "condition_occurrence", "condition_occurrence_id", "condition_start_date", ("condition_end_date", "+ 1"),
        concept="condition_concept_id", source=("ConditionSourceConcept", "condition_source_concept_id"), visit=True,
        dates=STARTS | {"OccurrenceEndDate": "end"}, whole=AGE, texts={"StopReason": "stop_reason"},
        concepts=VISITED | {"ConditionType": "condition_type_concept_id", "ConditionStatus": "condition_status_concept_id"},
        counts={"DOMAIN_CONCEPT": "condition_concept_id", "DOMAIN_SOURCE_CONCEPT": "condition_source_concept_id",
                "DURATION": "length", "VISIT_DETAIL_ID": "visit_detail_id"},
    ),
    "Death": Kind(
        "death", "person_id", "death_date", ("+ 1",),
        concept="cause_concept_id", source=("DeathSourceConcept", "cause_source_concept_id"),
        dates=STARTS, whole=AGE, concepts=GENDER | {"DeathType": "death_type_concept_id"},
        counts={"DOMAIN_CONCEPT": "cause or 0", "DOMAIN_SOURCE_CONCEPT": "cause_source_concept_id", "DURATION": "one"},
    ),
    "DeviceExposure": Kind(
        "device_exposure", "device_exposure_id", "device_exposure_start_date", ("device_exposure_end_date", "+ 1"),
        concept="device_concept_id", source=("DeviceSourceConcept", "device_source_concept_id"), visit=True,
        dates=STARTS | {"OccurrenceEndDate": "end"}, whole={"Quantity": "quantity"} | AGE,
        texts={"UniqueDeviceId": "unique_device_id"}, concepts=VISITED | {"DeviceType": "device_type_concept_id"},
        counts={"DOMAIN_CONCEPT": "device_concept_id", "DOMAIN_SOURCE_CONCEPT": "device_source_concept_id",
                "QUANTITY": "quantity", "DURATION": "length", "VISIT_DETAIL_ID": "visit_detail_id"},
    ),
    "DoseEra": Kind(
        "dose_era", "dose_era_id", "dose_era_start_date", ("dose_era_end_date",),
        concept="drug_concept_id", dates=ERA_DATES, whole={"EraLength": "length"} | ERA_AGES,
        decimal={"DoseValue": "dose_value"}, concepts=GENDER | {"Unit": "unit_concept_id"},
        counts={"DOMAIN_CONCEPT": "drug_concept_id", "DURATION": "length", "UNIT": "unit_concept_id",
                "VALUE_AS_NUMBER": "dose_value"},
    ),
    "DrugEra": Kind(
        "drug_era", "drug_era_id", "drug_era_start_date", ("drug_era_end_date",),
        concept="drug_concept_id", dates=ERA_DATES, concepts=GENDER,
        whole={"OccurrenceCount": "drug_exposure_count", "EraLength": "length", "GapDays": "gap_days"} | ERA_AGES,
        counts={"DOMAIN_CONCEPT": "drug_concept_id", "ERA_OCCURRENCES": "drug_exposure_count", "GAP_DAYS": "gap_days",
                "DURATION": "length"},
    ),
    "DrugExposure": Kind(
        "drug_exposure", "drug_exposure_id", "drug_exposure_start_date",
        ("drug_exposure_end_date", "+ days_supply", "+ 1"),
        concept="drug_concept_id", source=("DrugSourceConcept", "drug_source_concept_id"), visit=True,
        dates=STARTS | {"OccurrenceEndDate": "start"},  # the start: circe-be's own
        whole={"Refills": "refills", "DaysSupply": "days_supply"} | AGE, decimal={"Quantity": "quantity"},
        texts={"StopReason": "stop_reason", "LotNumber": "lot_number"},
        concepts=VISITED | {"DrugType": "drug_type_concept_id", "RouteConcept": "route_concept_id"},
        counts={"DOMAIN_CONCEPT": "drug_concept_id", "DOMAIN_SOURCE_CONCEPT": "drug_source_concept_id",
                "DAYS_SUPPLY": "days_supply", "DURATION": "length", "QUANTITY": "quantity", "REFILLS": "refills",
                "VISIT_DETAIL_ID": "visit_detail_id"},
    ),
    "Episode": Kind(
        "episode", "episode_id", "episode_start_date", ("episode_end_date",), concept="episode_concept_id",
        dates={"EpisodeStartDate": "start", "EpisodeEndDate": "end"}, whole={"EpisodeNumber": "episode_number"} | AGE,
        concepts=GENDER | {"EpisodeObjectConcept": "episode_object_concept_id", "EpisodeType": "episode_type_concept_id"},
        counts={"DOMAIN_CONCEPT": "episode_concept_id", "DURATION": "length"},
    ),
    "Measurement": Kind(
        "measurement", "measurement_id", "measurement_date", ("+ 1",),
        concept="measurement_concept_id", source=("MeasurementSourceConcept", "measurement_source_concept_id"), visit=True,
        dates=STARTS, whole=AGE,
        decimal={"ValueAsNumber": "value_as_number", "RangeLow": "range_low", "RangeHigh": "range_high",
                 "RangeLowRatio": "value / range_low", "RangeHighRatio": "value / range_high"},
        concepts=VISITED | {"MeasurementType": "measurement_type_concept_id", "Operator": "operator_concept_id",
                            "ValueAsConcept": "value_as_concept_id", "Unit": "unit_concept_id"},
        counts={"DOMAIN_CONCEPT": "measurement_concept_id", "DOMAIN_SOURCE_CONCEPT": "measurement_source_concept_id",
                "DURATION": "one", "VALUE_AS_NUMBER": "value_as_number", "RANGE_HIGH": "range_high",
                "RANGE_LOW": "range_low", "UNIT": "unit_concept_id", "VISIT_DETAIL_ID": "visit_detail_id"},
    ),
    "Observation": Kind(
        "observation", "observation_id", "observation_date", ("+ 1",),
        concept="observation_concept_id", source=("ObservationSourceConcept", "observation_source_concept_id"), visit=True,
        dates=STARTS, whole=AGE, decimal={"ValueAsNumber": "value_as_number"},
        texts={"ValueAsString": "value_as_string"},
        concepts=VISITED | {"ObservationType": "observation_type_concept_id", "ValueAsConcept": "value_as_concept_id",
                            "Qualifier": "qualifier_concept_id", "Unit": "unit_concept_id"},
        counts={"DOMAIN_CONCEPT": "observation_concept_id", "DOMAIN_SOURCE_CONCEPT": "observation_source_concept_id",
                "VALUE_AS_NUMBER": "value_as_number", "DURATION": "one", "UNIT": "unit_concept_id",
                "VISIT_DETAIL_ID": "visit_detail_id"},
    ),
    "ObservationPeriod": Kind(
        "observation_period", "observation_period_id", "observation_period_start_date",
        ("observation_period_end_date",), dates=PERIOD_DATES, whole={"PeriodLength": "length"} | ERA_AGES,
        concepts={"PeriodType": "period_type_concept_id"},
        counts={"DOMAIN_CONCEPT": "period_type_concept_id", "DURATION": "length"},
    ),
    "PayerPlanPeriod": Kind(
        "payer_plan_period", "payer_plan_period_id", "payer_plan_period_start_date", ("payer_plan_period_end_date",),
        dates=PERIOD_DATES, whole={"PeriodLength": "length"} | ERA_AGES, concepts=GENDER,
        sets={"PayerConcept": "payer_concept_id", "PlanConcept": "plan_concept_id",
              "SponsorConcept": "sponsor_concept_id", "StopReasonConcept": "stop_reason_concept_id",
              "PayerSourceConcept": "payer_source_concept_id", "PlanSourceConcept": "plan_source_concept_id",
              "SponsorSourceConcept": "sponsor_source_concept_id",
              "StopReasonSourceConcept": "stop_reason_source_concept_id"},
        counts={"DOMAIN_CONCEPT": "payer_concept_id", "DURATION": "length"},
    ),
    "ProcedureOccurrence": Kind(
        "procedure_occurrence", "procedure_occurrence_id", "procedure_date", ("+ 1",),
        concept="procedure_concept_id", source=("ProcedureSourceConcept", "procedure_source_concept_id"), visit=True,
        dates=STARTS, whole={"Quantity": "quantity"} | AGE,
        concepts=VISITED | {"ProcedureType": "procedure_type_concept_id", "Modifier": "modifier_concept_id"},
        counts={"DOMAIN_CONCEPT": "procedure_concept_id", "DOMAIN_SOURCE_CONCEPT": "procedure_source_concept_id",
                "DURATION": "one", "QUANTITY": "quantity", "VISIT_DETAIL_ID": "visit_detail_id"},
    ),
    "Specimen": Kind(
        "specimen", "specimen_id", "specimen_date", ("+ 1",), concept="specimen_concept_id",
        dates=STARTS, whole=AGE, decimal={"Quantity": "quantity"}, texts={"SourceId": "specimen_source_id"},
        concepts=GENDER | {"SpecimenType": "specimen_type_concept_id", "Unit": "unit_concept_id",
                           "AnatomicSite": "anatomic_site_concept_id", "DiseaseStatus": "disease_status_concept_id"},
        counts={"DOMAIN_CONCEPT": "specimen_concept_id", "DURATION": "one", "QUANTITY": "quantity",
                "UNIT": "unit_concept_id"},
    ),
    "VisitDetail": Kind(
        "visit_detail", "visit_detail_id", "visit_detail_start_date", ("visit_detail_end_date",),
        concept="visit_detail_concept_id", source=("VisitDetailSourceConcept", "visit_detail_source_concept_id"), visit=True,
        dates={"VisitDetailStartDate": "start", "VisitDetailEndDate": "end"},
        whole={"VisitDetailLength": "length", "Age": "age at end"},  # the end: circe-be's own
        concepts=GENDER | SPECIALTY | {"VisitDetailType": "visit_detail_type_concept_id",
                                       "PlaceOfService": "care_site.place_of_service_concept_id"},
        counts={"DOMAIN_CONCEPT": "visit_detail_concept_id", "DOMAIN_SOURCE_CONCEPT": "visit_detail_source_concept_id",
                "DURATION": "length", "VISIT_DETAIL_ID": "visit_detail_id"},
    ),
    "VisitOccurrence": Kind(
        "visit_occurrence", "visit_occurrence_id", "visit_start_date", ("visit_end_date",),
        concept="visit_concept_id", source=("VisitSourceConcept", "visit_source_concept_id"), visit=True,
        dates=STARTS | {"OccurrenceEndDate": "end"}, whole={"VisitLength": "length"} | AGE,
        concepts=GENDER | SPECIALTY | {"VisitType": "visit_type_concept_id",  # where the record comes from
                                       "PlaceOfService": "care_site.place_of_service_concept_id"},
        counts={"DOMAIN_CONCEPT": "visit_concept_id", "DOMAIN_SOURCE_CONCEPT": "visit_source_concept_id",
                "DURATION": "length"},
    ),
    "CustomEra": Kind(
        "", "", "", dates={"StartDate": "start", "EndDate": "end"},
        whole={"AgeAtStart": "age at start", "Duration": "length"}, concepts=GENDER, counts={"DURATION": "length"},
    ),
}  # fmt: skip

DEMOGRAPHIC = Kind(
    "", "", "", dates={"OccurrenceStartDate": "start", "OccurrenceEndDate": "end"}, whole=AGE,
    concepts=GENDER | {"Race": "person.race_concept_id", "Ethnicity": "person.ethnicity_concept_id"},
)  # fmt: skip
