"""What a study expects of its release: the part `quality` of a study file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from quality.checks import CATALOGUE

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
ColumnPath = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}\.[a-z][a-z0-9_]{0,62}$")]
ConceptId = Annotated[int, Field(ge=0, le=2**53, strict=True)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Percent = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
People = Annotated[int, Field(ge=0, le=10**9, strict=True)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Window(_Model):
    """Days relative to a person's index date, both ends inclusive; `None` is unlimited on that side."""

    from_days: Annotated[int, Field(ge=-36_525, le=36_525)] | None = None
    to_days: Annotated[int, Field(ge=-36_525, le=36_525)] | None = None


class RequiredConcepts(_Model):
    """At least `min_people` people of the release have a row of `table` whose main concept is one of `concepts`."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    table: Name
    concepts: tuple[ConceptId, ...] = Field(min_length=1)
    min_people: People = 1


class ValueRange(_Model):
    """Filled values of `column` lie in [low, high] for rows with one of `concepts` (all rows without) in one of `units`.

    max_percent: the share of values outside that is tolerated. severity: what a larger share means.
    """

    table: Name = "measurement"
    column: Name = "value_as_number"
    concepts: tuple[ConceptId, ...] = ()
    units: tuple[ConceptId, ...] = ()
    low: Number | None = None
    high: Number | None = None
    max_percent: Percent = 1.0
    severity: Literal["block", "warn"] = "warn"

    @model_validator(mode="after")
    def _a_range(self) -> ValueRange:
        if self.low is None and self.high is None:
            raise ValueError("give low, high, or both")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"low {self.low} is above high {self.high}")
        return self


class GateSpec(_Model):
    """Declared expectations, with defaults that any study can live with.

    completeness: 'table.column' -> the least percentage of its rows that must be filled.
    windows: table -> window in which its rows must lie; flows fills it from the study's extraction.
    approved_text: 'table.column' of text columns that the case approved to be released as they are.
    thresholds: check id -> another threshold, for checks that may be adjusted.
    block: ids of checks that merely warn by default and shall block this study.
    allow_repeats: the design draws people more than once (sampling with replacement, future cases as controls).
    small_cell: counts of suppressed people or rows from 1 to below this are not shown in reports.
    """

    min_cases: People = 1
    min_controls: People = 1
    required_concepts: tuple[RequiredConcepts, ...] = ()
    completeness: dict[ColumnPath, Percent] = Field(default_factory=dict)
    ranges: tuple[ValueRange, ...] = ()
    windows: dict[Name, Window] = Field(default_factory=dict)
    approved_text: tuple[ColumnPath, ...] = ()
    thresholds: dict[str, Number] = Field(default_factory=dict)
    block: tuple[str, ...] = ()
    allow_repeats: bool = False
    small_cell: Annotated[int, Field(ge=1, le=1000, strict=True)] = 10

    @field_validator("thresholds")
    @classmethod
    def _adjustable(cls, given: dict[str, float]) -> dict[str, float]:
        for name in given:
            check = CATALOGUE.get(name)
            if check is None:
                raise ValueError(f"no check '{name}'; the checks with a threshold of your own are {_adjustable()}")
            if not check.adjustable:
                raise ValueError(
                    f"the threshold of '{name}' is fixed; the checks that have one of your own are {_adjustable()}"
                )
        return given

    @field_validator("block")
    @classmethod
    def _known(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for name in given:
            if name not in CATALOGUE:
                raise ValueError(f"no check '{name}'; accepted are {', '.join(sorted(CATALOGUE))}")
        return given


def _adjustable() -> str:
    return ", ".join(sorted(check.id for check in CATALOGUE.values() if check.adjustable))
