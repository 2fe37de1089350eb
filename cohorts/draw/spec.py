"""What a study says about its draw: how many cases and controls, alike in what, with which index date."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Factor = Literal["sex", "birth_year", "index_year", "care_setting", "region", "race", "ethnicity"]
Coordinate = Literal["birth", "index_date", "prior_observation"]
Unit = Literal["days", "months", "years"]

TEXTS = {"sex", "care_setting", "region", "race", "ethnicity", "gender"}


class Caliper(BaseModel):
    """How far a control may lie from its case on one scale, inclusive.

    on: 'birth' (unit years: year of birth; months: year and month; days: date of birth), 'index_date' or
    'prior_observation' (days under observation before the index date; both in days, 30 to a month, 365 to a
    year).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    on: Coordinate
    within: Annotated[int, Field(ge=0, le=36_525)]
    unit: Unit = "years"

    @model_validator(mode="before")
    @classmethod
    def _a_scale(cls, given: object) -> object:
        if isinstance(given, dict) and given.get("on") in TEXTS:
            raise ValueError(
                f"a caliper needs a date or a number, and '{given['on']}' is a category: name it under "
                "`match` (equal values), or give a caliper on birth, index_date or prior_observation"
            )
        return given

    @property
    def days(self) -> int:
        """Width in days, for the scales that are counted in days."""
        return self.within * {"days": 1, "months": 30, "years": 365}[self.unit]


class DrawSpec(BaseModel):
    """How cases and controls are drawn from the cohort.

    cases, controls: wanted numbers; controls is a whole multiple of cases (1:k). Fewer are drawn where fewer
        exist, unless `shortfall` is 'refuse'. controls = 0 draws cases alone.
    design: 'exact' takes controls from people who never are a case; 'risk_set' (incidence density) takes them
        from the control cohort's members at risk and under observation on the case's index date.
    match: factors on which a control equals its case; `birth_year` in bands of `birth_year_band` years.
    calipers: distances within which a control lies.
    index_date: of a control, 'own' (start of its first qualifying entry) or 'case' (the date of its case,
        when it must have entered the control cohort and be under observation). 'risk_set' is always 'case'.
    prior_observation_days: days of observation that cases and controls need before the index date.
    replacement: may a control serve several cases. A set never holds a person twice.
    future_cases: 'risk_set' only: may a later case be a control before its own event. Such a person can be
        drawn twice, once as a control and once as a case.
    objective: when controls are short, 'most_cases' gives as many cases as possible one control before any
        gets a second (and reaches the most pairs); 'most_full_sets' fills whole 1:k sets first.
    seed: of every random order.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    cases: Annotated[int, Field(ge=1, le=10_000_000)]
    controls: Annotated[int, Field(ge=0, le=100_000_000)]
    design: Literal["exact", "risk_set"] = "exact"
    match: tuple[Factor, ...] = ("sex", "birth_year")
    birth_year_band: Annotated[int, Field(ge=1, le=120)] = 5
    calipers: tuple[Caliper, ...] = ()
    index_date: Literal["own", "case"] | None = None
    prior_observation_days: Annotated[int, Field(ge=0, le=36_525)] = 0
    replacement: bool = False
    future_cases: bool = False
    objective: Literal["most_cases", "most_full_sets"] = "most_cases"
    shortfall: Literal["accept", "refuse"] = "accept"
    seed: Annotated[int, Field(ge=0, lt=2**53)] = 1

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.controls % self.cases:
            raise ValueError(
                f"controls ({self.controls}) must be a whole multiple of cases ({self.cases}), 1:k: "
                f"for example {self.cases * max(1, round(self.controls / self.cases))}"
            )
        if len(set(self.match)) < len(self.match):
            raise ValueError("`match` names a factor twice: name each once")
        if len({c.on for c in self.calipers}) < len(self.calipers):
            raise ValueError("`calipers` name one scale twice: keep the narrower one")
        if self.design == "risk_set" and self.index_date == "own":
            raise ValueError(
                "a risk set is taken at the case's index date: leave `index_date` out, or use design: exact"
            )
        if self.future_cases and self.design != "risk_set":
            raise ValueError("`future_cases` has a meaning with design: risk_set only; remove it")
        self._no_factor_of_the_date()
        return self

    def _no_factor_of_the_date(self) -> None:
        """With the case's date as index date, these are either always equal or change with every pair."""
        if not self.index_from_case:
            return
        of_date: list[str] = [f for f in self.match if f in ("index_year", "care_setting")]
        of_date += [c.on for c in self.calipers if c.on in ("index_date", "prior_observation")]
        if of_date:
            raise ValueError(
                f"`{of_date[0]}` depends on the index date, and a control takes its case's date here: "
                "remove it (the date itself is equal already), or use design: exact with index_date: own"
            )

    @property
    def ratio(self) -> int:
        """Controls wanted for a case (k of 1:k)."""
        return self.controls // self.cases

    @property
    def index_from_case(self) -> bool:
        """Whether a control takes its case's index date."""
        return self.design == "risk_set" or self.index_date == "case"
