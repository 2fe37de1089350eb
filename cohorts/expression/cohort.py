"""The whole expression: who enters when, which rules they keep, when they leave."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from cohorts.expression.base import CodesetRef, Criteria, Days, Entries, Model, Period, exactly_one
from cohorts.expression.concept_sets import ConceptSet
from cohorts.expression.groups import CriteriaGroup, Criterion


class ResultLimit(Model):
    """Which of a person's events are kept; circe-be reads the type in any case."""

    type: Literal["All", "First", "Last"] | None = "First"

    @model_validator(mode="before")
    @classmethod
    def _any_case(cls, given: Any) -> Any:
        if isinstance(given, dict) and isinstance(given.get("Type"), str):
            return {**given, "Type": given["Type"].capitalize()}
        return given


class ObservationWindow(Model):
    """Days of observation required before and after the event."""

    prior_days: Days = 0
    post_days: Days = 0


class PrimaryCriteria(Model):
    """The events that let a person enter."""

    criteria_list: Criteria[Criterion] = Field(min_length=1)
    observation_window: ObservationWindow
    primary_criteria_limit: ResultLimit = ResultLimit()


class InclusionRule(Model):
    """A named rule that every entry has to keep."""

    name: str | None = Field(default=None, alias="name")
    description: str | None = Field(default=None, alias="description")
    expression: CriteriaGroup = Field(alias="expression")


class DateOffset(Model):
    """Leave a fixed number of days after the entry event's start or end."""

    date_field: Literal["StartDate", "EndDate"] = "StartDate"
    offset: Days = 0


class CustomEraExit(Model):
    """Leave when exposure to a drug ends, gaps of up to `gap_days` bridged."""

    drug_codeset_id: CodesetRef
    gap_days: Days = 0
    offset: Days = 0
    days_supply_override: Days | None = None


class EndStrategy(Model):
    """When an entry ends; without one, with its observation period."""

    date_offset: DateOffset | None = None
    custom_era: CustomEraExit | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_kind(cls, given: Any) -> Any:
        return exactly_one("strategy, DateOffset or CustomEra")(given)


class CollapseSettings(Model):
    """Entries of a person that lie at most `era_pad` days apart become one."""

    collapse_type: Literal["ERA"] = "ERA"
    era_pad: Days = 0


class Expression(Model):
    """A cohort definition in Circe's language. Built by `read` or `parse`, which also check references."""

    cdm_version_range: str | None = Field(default=None, alias="cdmVersionRange")
    title: str | None = None
    primary_criteria: PrimaryCriteria
    additional_criteria: CriteriaGroup | None = None
    concept_sets: Criteria[ConceptSet] | None = None
    qualified_limit: ResultLimit = ResultLimit()
    expression_limit: ResultLimit = ResultLimit()
    inclusion_rules: Entries[InclusionRule] = Field(default=(), max_length=62)
    end_strategy: EndStrategy | None = None
    censoring_criteria: Criteria[Criterion] | None = None
    collapse_settings: CollapseSettings = CollapseSettings()
    censor_window: Period | None = None
