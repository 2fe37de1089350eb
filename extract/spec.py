"""What a study takes: tables, columns, windows around the index date, concepts."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Days = Annotated[int, Field(ge=-36_525, le=36_525, strict=True)]


class Window(BaseModel):
    """Days relative to a person's index date, both ends inclusive; `None` is unlimited on that side."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    from_days: Days | None = None
    to_days: Days | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Window:
        if self.from_days is not None and self.to_days is not None and self.from_days > self.to_days:
            raise ValueError(f"the window starts after its end: from_days {self.from_days}, to_days {self.to_days}")
        return self

    @property
    def unlimited(self) -> bool:
        """Whether every row lies inside, dated or not."""
        return self.from_days is None and self.to_days is None


class TableSpec(BaseModel):
    """One table's part.

    columns: None means every column of the CDM version; the table's own key, person key and the dates that
        decide the window always come with it.
    window: None means the study's default window.
    concepts: only rows whose main concept (measurement_concept_id in measurement ...) is one of these.
    include_descendants: also the concepts below them in concept_ancestor.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: tuple[str, ...] | None = None
    window: Window | None = None
    concepts: tuple[Annotated[int, Field(ge=0, lt=2**53, strict=True)], ...] | None = None
    include_descendants: bool = False

    @model_validator(mode="after")
    def _whole(self) -> TableSpec:
        if self.columns is not None and not self.columns:
            raise ValueError("columns is empty: name at least one column, or leave it out for all")
        if self.concepts is not None and not self.concepts:
            raise ValueError("concepts is empty: name at least one concept id, or leave it out for all")
        if self.include_descendants and self.concepts is None:
            raise ValueError("include_descendants without concepts: name the concepts whose descendants are meant")
        return self


class ExtractSpec(BaseModel):
    """The tables of a study; in YAML a list of names, or a mapping of names to parts (which may be empty).

    window: the default for tables that state none: a year up to and including the index date, because what
        comes after the index is the outcome, and a study that wants it has to say so.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    tables: dict[str, TableSpec] = Field(min_length=1)
    window: Window = Window(from_days=-365, to_days=0)

    @field_validator("tables", mode="before")
    @classmethod
    def _short_forms(cls, given: Any) -> Any:
        if isinstance(given, list | tuple):
            if len(set(given)) != len(given):
                raise ValueError("a table is named twice")
            return {name: TableSpec() for name in given}
        if isinstance(given, dict):
            return {name: TableSpec() if part is None else part for name, part in given.items()}
        return given

    def window_of(self, table: str) -> Window:
        """Give the window that holds for a table."""
        return self.tables[table].window or self.window
