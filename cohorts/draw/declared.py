"""The parts of a draw's specification: covariates out of the CDM, calipers, the propensity score."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from cdm import schema

CATEGORIES = {"sex", "care_setting", "region", "race", "ethnicity", "gender"}
SCALES = {"birth", "index_date", "prior_observation"}
FACTORS = ("sex", "birth_year", "index_year", "care_setting", "region", "race", "ethnicity")
MEASURED = ("age", "prior_observation", "follow_up", "visits", "inpatient_visits", "conditions", "drugs")

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class Covariate(BaseModel):
    """Something of a person that the CDM tells, up to the day before the index date; to match on, or to compare.

    name: how `match` and `calipers` call it. table: a CDM table of people's rows; or person, for a fact without a date.
    concepts: only rows of these concepts count; none means every row. descendants: of the concepts too. value: 'present'
    (whether there is a row), 'count' (how many rows), 'latest' (of the last row, the content of `column`). column: a
    number or a concept, for 'latest'; value_as_number where the table has one. days: how far back it looks; null means the
    whole record.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    table: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    concepts: tuple[Annotated[int, Field(ge=0, lt=2**31)], ...] = ()
    descendants: bool = True
    value: Literal["present", "count", "latest"] = "present"
    column: Annotated[str, StringConstraints(min_length=1, max_length=60)] | None = None
    days: Annotated[int, Field(ge=1, le=36_525)] | None = 365

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.name in (*FACTORS, *MEASURED, *SCALES, "people", "age_group"):
            raise ValueError(f"covariate '{self.name}': Naru knows something by this name already; choose another")
        known = schema.tables("5.4").get(self.table) or schema.tables("5.3").get(self.table)
        dated = known is not None and known.person_key is not None and (known.start_date or self.table == "person")
        if known is None or not dated:
            raise ValueError(
                f"covariate '{self.name}': '{self.table}' is no CDM table of dated rows of people (nor person); "
                "name one such as condition_occurrence, drug_exposure, measurement, observation, visit_occurrence"
            )
        if self.table == "person" and (self.value != "latest" or self.concepts):
            raise ValueError(
                f"covariate '{self.name}': of person, one `column` can be looked at: write value: latest and "
                "column: NAME, without concepts"
            )
        if self.concepts and self.concept_column is None:
            raise ValueError(f"covariate '{self.name}': rows of {self.table} have no concept; leave `concepts` out")
        self._column_can_be_read(known)
        return self

    def _column_can_be_read(self, known: schema.Table) -> None:
        if self.value != "latest":
            if self.column is not None:
                raise ValueError(f"covariate '{self.name}': `column` goes with value: latest; leave it out")
            return
        column = self.read_column
        if column is None or column not in known.names:
            named = f"no column {column}" if column else "no value_as_number"
            raise ValueError(f"covariate '{self.name}': {self.table} has {named}; name one of its columns")
        if known.column(column).family not in ("integer", "number"):
            raise ValueError(
                f"covariate '{self.name}': {self.table}.{column} is a {known.column(column).family} column; "
                "a covariate needs a number or a concept"
            )

    @property
    def read_column(self) -> str | None:
        """The column of 'latest'."""
        if self.column is not None or self.table == "person":
            return self.column
        return "value_as_number"

    @property
    def concept_column(self) -> str | None:
        """The column that tells what a row is about; None where the table has none."""
        return concept_column(self.table)

    @property
    def is_number(self) -> bool:
        """Whether its values have distances: not those of a concept, an id, or a yes or no."""
        return self.value == "count" or (self.value == "latest" and not str(self.read_column).endswith("_id"))


def concept_column(table: str) -> str | None:
    """Name the column that tells what a row of a CDM table is about; None where there is none."""
    known = schema.tables("5.4").get(table) or schema.tables("5.3").get(table)
    if known is None:
        return None
    stem = table.removesuffix("_occurrence").removesuffix("_exposure").removesuffix("_era").removesuffix("_detail")
    for name in (f"{table}_concept_id", f"{stem}_concept_id", "drug_concept_id", "cause_concept_id"):
        if name in known.names:
            return name
    return None


class Caliper(BaseModel):
    """How far a control may lie from its case on one scale, inclusive.

    on: 'birth' (unit years: year of birth; months: year and month; days: date of birth), 'index_date' or
    'prior_observation' (days under observation before the index date; both in days, 30 to a month, 365 to a
    year), or the name of a covariate that is a number (in its own unit; a person without a value has no match).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    on: Name
    within: Annotated[float, Field(ge=0, le=1e9)]
    unit: Literal["days", "months", "years"] | None = None

    @model_validator(mode="after")
    def _a_scale(self) -> Self:
        if self.on in CATEGORIES:
            raise ValueError(
                f"a caliper needs a date or a number, and '{self.on}' is a category: name it under "
                "`match` (equal values), or give a caliper on birth, index_date, prior_observation or a covariate"
            )
        if self.on in SCALES and (self.within != int(self.within) or self.within > 36_525):
            raise ValueError(f"the caliper on {self.on} is a whole number of {self.counted_in}, at most 36525")
        if self.on not in SCALES and self.unit is not None:
            raise ValueError(f"the caliper on {self.on} is in the covariate's own unit: leave `unit` out")
        return self

    @property
    def counted_in(self) -> str:
        """The unit of a scale of dates: years unless it says otherwise."""
        return self.unit or "years"

    @property
    def days(self) -> int:
        """Width in days, for the scales that are counted in days."""
        return int(self.within) * {"days": 1, "months": 30, "years": 365}[self.counted_in]


class Propensity(BaseModel):
    """How the propensity score is made, and how close a control's must be.

    caliper: in standard deviations of the logit of the score (0.2: Austin 2011). most_frequent: so many of the most
    frequent concepts of conditions, and as many of drugs, are in the model, beside age, sex, calendar time, observation,
    counts of visits, conditions and drugs, and the declared covariates. target: matched controls are exchanged for others
    within the caliper until no standardised mean difference of a covariate is larger (where that can be had); null leaves
    them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    caliper: Annotated[float, Field(gt=0, le=10)] = 0.2
    most_frequent: Annotated[int, Field(ge=0, le=64)] = 32
    target: Annotated[float, Field(gt=0, le=1)] | None = 0.02
