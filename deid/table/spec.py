"""What is asked of a flat table: its quasi-identifiers and sensitive attributes, k, limits, and the loss to minimise."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cdm.errors import BadInput

MetricName = Literal["loss-am", "loss-gm", "discernibility", "average-class-size", "nonuniform-entropy"]
Positive = Annotated[float, Field(gt=0)]


class _Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class QuasiSpec(_Spec):
    """How one quasi-identifier is made coarser: exactly one of these.

    hierarchy: a CSV file of values and groups. intervals: widths of nested bands of whole numbers, with an open band
    from `top` on. parts: a separator; texts are shortened part by part from the end. tree: nested groups.
    suppress: the value or nothing.
    """

    hierarchy: Path | None = None
    intervals: tuple[Annotated[int, Field(gt=1)], ...] | None = None
    top: int | None = None
    parts: Annotated[str, Field(min_length=1)] | None = None
    tree: dict[str, object] | None = None
    suppress: Literal[True] | None = None

    @model_validator(mode="after")
    def _one(self) -> QuasiSpec:
        ways = (self.hierarchy, self.intervals, self.parts, self.tree, self.suppress)
        if sum(way is not None for way in ways) != 1:
            raise ValueError("give exactly one of hierarchy, intervals, parts, tree, suppress")
        if self.top is not None and self.intervals is None:
            raise ValueError("top belongs to intervals")
        return self


class DistinctSpec(_Spec):
    """At least l different values."""

    model: Literal["distinct-l"]
    l: Positive  # noqa: E741  # the field's name


class EntropySpec(_Spec):
    """Entropy at least log l."""

    model: Literal["entropy-l"]
    l: Annotated[float, Field(ge=1)]  # noqa: E741  # the field's name


class RecursiveSpec(_Spec):
    """The commonest value rarer than c times all from the l-th commonest on."""

    model: Literal["recursive-l"]
    c: Positive
    l: Annotated[int, Field(ge=1)]  # noqa: E741  # the field's name


class EqualSpec(_Spec):
    """Distance to the whole table at most t, all values equally far apart."""

    model: Literal["t-equal"]
    t: Annotated[float, Field(ge=0, lt=1)]


class HierarchicalSpec(_Spec):
    """Distance to the whole table at most t, values as far apart as a hierarchy says."""

    model: Literal["t-hierarchical"]
    t: Annotated[float, Field(ge=0, lt=1)]
    hierarchy: Path


SensitiveSpec = Annotated[
    DistinctSpec | EntropySpec | RecursiveSpec | EqualSpec | HierarchicalSpec, Field(discriminator="model")
]


class TableSpec(_Spec):
    """The whole of it. keep: columns that leave as they are; every column not named here stays behind."""

    quasi_identifiers: Annotated[Mapping[str, QuasiSpec], Field(min_length=1)]
    sensitive: Mapping[str, SensitiveSpec] = Field(default_factory=dict)
    keep: tuple[str, ...] = ()
    k: Annotated[int, Field(ge=1)]
    suppression_limit: Annotated[float, Field(ge=0, le=1)] = 0.0
    metric: MetricName = "loss-am"

    @property
    def columns(self) -> tuple[str, ...]:
        """List the columns that leave, in their order."""
        return (*self.quasi_identifiers, *self.sensitive, *self.keep)

    @model_validator(mode="after")
    def _once(self) -> TableSpec:
        twice = sorted({name for name in self.columns if self.columns.count(name) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)}: a column can have one part only")
        return self


def read_spec(path: Path) -> TableSpec:
    """Read a specification; hierarchies are sought from its folder on. Raises BadInput naming the place of a mistake."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise BadInput(f"{path}: this specification cannot be read; give a YAML file in UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise BadInput(f"{path}{line}: this is no YAML; mend the line") from None
    try:
        return TableSpec.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"]) or "the file"
        raise BadInput(f"{path}: {place}: {first['msg'].removeprefix('Value error, ')}") from None
