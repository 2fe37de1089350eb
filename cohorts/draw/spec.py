"""What a study says about its draw: how many cases and controls, alike in what, with which index date."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cohorts.draw.declared import FACTORS, SCALES, Caliper, Covariate, Name, Propensity

__all__ = ["Caliper", "Covariate", "DrawSpec", "Propensity"]


class DrawSpec(BaseModel):
    """How cases and controls are drawn from the cohorts.

    cases, controls: wanted numbers; controls is a whole multiple of cases (1:k). Fewer are drawn where fewer
        exist, unless `shortfall` is 'refuse'. controls = 0 draws cases alone.
    pool: name of the cohort that controls come from; the cohort 'case' is never the pool.
    design: 'exact' takes controls from people who never are a case; 'risk_set' (incidence density) takes them
        from the pool's members at risk and under observation on the case's index date; 'propensity' takes, of those of
        'exact', some whose propensity score lies within a caliper of the case's, so that both sides come out alike.
    match: factors on which a control equals its case (sex, birth_year, index_year, care_setting, region, race,
        ethnicity, or a covariate's name); `birth_year` in bands of `birth_year_band` years.
    covariates: further facts out of the CDM, to match on or to compare.
    calipers: distances within which a control lies.
    propensity: of the design 'propensity': model and caliper.
    index_date: of a control, 'own' (start of its first qualifying entry) or 'case' (the date of its case,
        when it must have entered the pool and be under observation). 'risk_set' is always 'case', 'propensity' 'own'.
    prior_observation_days: days of observation that cases and controls need before the index date.
    replacement: may a control serve several cases. A set never holds a person twice.
    future_cases: 'risk_set' only: may a later case be a control before its own event. Such a person can be
        drawn twice, once as a control and once as a case. Without them incidence density sampling is biased (Lubin and
        Gail 1984), so they may unless it says false.
    objective: when controls are short, 'most_cases' gives as many cases as possible one control before any
        gets a second (and reaches the most pairs); 'most_full_sets' fills whole 1:k sets first.
    seed: of every random order.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    cases: Annotated[int, Field(ge=1, le=10_000_000)]
    controls: Annotated[int, Field(ge=0, le=100_000_000)]
    pool: Name = "control"
    design: Literal["exact", "risk_set", "propensity"] = "exact"
    match: tuple[Name, ...] = ("sex", "birth_year")
    birth_year_band: Annotated[int, Field(ge=1, le=120)] = 5
    covariates: tuple[Covariate, ...] = ()
    calipers: tuple[Caliper, ...] = ()
    propensity: Propensity | None = None
    index_date: Literal["own", "case"] | None = None
    prior_observation_days: Annotated[int, Field(ge=0, le=36_525)] = 0
    replacement: bool = False
    future_cases: bool | None = None
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
        if self.pool == "case":
            raise ValueError("`pool` is the cohort of the cases itself: name another cohort for the controls")
        if len({c.name for c in self.covariates}) < len(self.covariates):
            raise ValueError("`covariates` name one twice: give each a name of its own")
        if len(set(self.match)) < len(self.match):
            raise ValueError("`match` names a factor twice: name each once")
        if len({c.on for c in self.calipers}) < len(self.calipers):
            raise ValueError("`calipers` name one scale twice: keep the narrower one")
        self._names_are_known()
        self._design_fits()
        self._no_factor_of_the_date()
        return self

    def _names_are_known(self) -> None:
        declared = {c.name: c for c in self.covariates}
        for name in self.match:
            if name not in (*FACTORS, *declared):
                raise ValueError(f"`match` names '{name}': known are {', '.join((*FACTORS, *declared))}")
            if name in declared and declared[name].value == "latest" and declared[name].is_number:
                raise ValueError(f"'{name}' is a measured number, hardly ever equal: give a caliper on it instead")
        for caliper in self.calipers:
            if caliper.on in SCALES:
                continue
            if caliper.on not in declared:
                raise ValueError(f"a caliper is on '{caliper.on}': known are {', '.join((*sorted(SCALES), *declared))}")
            if not declared[caliper.on].is_number:
                raise ValueError(f"a caliper needs a number, and '{caliper.on}' is none: name it under `match`")

    def _design_fits(self) -> None:
        if self.design == "risk_set" and self.index_date == "own":
            raise ValueError(
                "a risk set is taken at the case's index date: leave `index_date` out, or use design: exact"
            )
        if self.future_cases and self.design != "risk_set":
            raise ValueError("`future_cases` has a meaning with design: risk_set only; remove it")
        if self.propensity is not None and self.design != "propensity":
            raise ValueError("`propensity` has a meaning with design: propensity only; remove it")
        if self.design == "propensity" and self.index_date == "case":
            raise ValueError(
                "a propensity score is made of what precedes a person's own index date: leave `index_date` out"
            )

    def _no_factor_of_the_date(self) -> None:
        """With the case's date as index date, these are either always equal or change with every pair."""
        if not self.index_from_case:
            return
        undated = {c.name for c in self.covariates if c.table == "person"}
        of_date = [f for f in self.match if f in ("index_year", "care_setting")]
        of_date += [c.on for c in self.calipers if c.on in ("index_date", "prior_observation")]
        declared = {c.name for c in self.covariates} - undated
        of_date += [name for name in (*self.match, *(c.on for c in self.calipers)) if name in declared]
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

    @property
    def until_own_event(self) -> bool:
        """Whether a later case may be a control before its own event."""
        return self.design == "risk_set" and self.future_cases is not False

    @property
    def repeats(self) -> bool:
        """Whether somebody may be drawn more than once."""
        return self.replacement or self.until_own_event

    @property
    def score(self) -> Propensity:
        """The propensity score as declared, or by default."""
        return self.propensity or Propensity()
