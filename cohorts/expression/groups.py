"""Criteria in relation to an index event: windows, occurrence counts, groups, demographics."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import model_validator

from cohorts.expression import criteria
from cohorts.expression.base import (
    Concepts,
    ConceptSetSelection,
    Count,
    Criteria,
    DateRange,
    Days,
    Flag,
    Model,
    NumericRange,
    exactly_one,
)

CountColumn = Literal[
    "DAYS_SUPPLY",
    "DOMAIN_CONCEPT",
    "DOMAIN_SOURCE_CONCEPT",
    "DURATION",
    "END_DATE",
    "ERA_OCCURRENCES",
    "GAP_DAYS",
    "QUANTITY",
    "RANGE_HIGH",
    "RANGE_LOW",
    "REFILLS",
    "START_DATE",
    "UNIT",
    "VALUE_AS_NUMBER",
    "VISIT_ID",
    "VISIT_DETAIL_ID",
]


class Criterion(Model):
    """One criterion, wrapped in its kind: {"ConditionOccurrence": {...}}."""

    condition_era: criteria.ConditionEra | None = None
    condition_occurrence: criteria.ConditionOccurrence | None = None
    custom_era: criteria.CustomEra | None = None
    death: criteria.Death | None = None
    device_exposure: criteria.DeviceExposure | None = None
    dose_era: criteria.DoseEra | None = None
    drug_era: criteria.DrugEra | None = None
    drug_exposure: criteria.DrugExposure | None = None
    episode: criteria.Episode | None = None
    location_region: criteria.LocationRegion | None = None
    measurement: criteria.Measurement | None = None
    observation: criteria.Observation | None = None
    observation_period: criteria.ObservationPeriod | None = None
    payer_plan_period: criteria.PayerPlanPeriod | None = None
    procedure_occurrence: criteria.ProcedureOccurrence | None = None
    specimen: criteria.Specimen | None = None
    visit_detail: criteria.VisitDetail | None = None
    visit_occurrence: criteria.VisitOccurrence | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_kind(cls, given: Any) -> Any:
        return exactly_one('criterion, such as {"ConditionOccurrence": {...}}')(given)

    @property
    def event(self) -> criteria.Event:
        """The criterion itself."""
        event: criteria.Event = next(
            body for name in self.model_fields_set if (body := getattr(self, name)) is not None
        )
        return event

    @property
    def kind(self) -> str:
        """Its kind as JSON names it."""
        return type(self.event).__name__


class Endpoint(Model):
    """One side of a window: days times coefficient from the index; no days: as far as observation reaches."""

    days: Days | None = None
    coeff: Literal[-1, 0, 1] = 0


class Window(Model):
    """The days in which an event's date has to lie, relative to the index event's date."""

    start: Endpoint
    end: Endpoint
    use_index_end: bool | None = None
    use_event_end: bool | None = None


class Occurrence(Model):
    """How many events: type 0 exactly, 1 at most, 2 at least; distinct values of a column if asked."""

    type: Literal[0, 1, 2]
    count: Count
    is_distinct: Flag = False
    count_column: CountColumn | None = None


class CorrelatedCriteria(Model):
    """A criterion, its windows around the index event, and how often it has to occur."""

    criteria: Criterion
    start_window: Window
    end_window: Window | None = None
    restrict_visit: Flag = False
    ignore_observation_period: Flag = False
    occurrence: Occurrence


class DemographicCriteria(Model):
    """Who the person is on the index date."""

    age: NumericRange | None = None
    gender: Concepts | None = None
    gender_cs: ConceptSetSelection | None = None
    race: Concepts | None = None
    race_cs: ConceptSetSelection | None = None
    ethnicity: Concepts | None = None
    ethnicity_cs: ConceptSetSelection | None = None
    occurrence_start_date: DateRange | None = None
    occurrence_end_date: DateRange | None = None


class CriteriaGroup(Model):
    """Criteria of which all, any, at least or at most `count` have to hold. An empty group holds always."""

    type: Literal["ALL", "ANY", "AT_LEAST", "AT_MOST"]
    count: Count | None = None
    criteria_list: Criteria[CorrelatedCriteria] = ()
    demographic_criteria_list: Criteria[DemographicCriteria] = ()
    groups: Criteria[CriteriaGroup] = ()

    @model_validator(mode="before")
    @classmethod
    def _any_case(cls, given: Any) -> Any:
        if isinstance(given, dict) and isinstance(given.get("Type"), str):
            return {**given, "Type": given["Type"].upper()}
        return given

    @model_validator(mode="after")
    def _counted(self) -> CriteriaGroup:
        if self.type.startswith("AT_") and self.count is None and not self.is_empty:
            raise ValueError(f"a group of type {self.type} needs a Count")
        return self

    @property
    def is_empty(self) -> bool:
        """Whether it asks for nothing."""
        return not (self.criteria_list or self.demographic_criteria_list or self.groups)


# Kinds of events name these two, which name the kinds: each finds the others when it is first used.
vars(criteria).update(CriteriaGroup=CriteriaGroup, Criterion=Criterion)
