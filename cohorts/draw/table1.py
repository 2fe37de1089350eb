"""Table 1: the drawn cases and controls side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from cohorts.draw.balance import Floats, Sample, level_name, moments


@dataclass(frozen=True)
class Row:
    """One line.

    kind 'count': cases and controls are people, and the levels of a covariate add up to the
    total ('all'); kind 'mean': mean and standard deviation (controls weighted so that each set counts once).
    """

    covariate: str
    level: str | None
    kind: str
    cases: float
    controls: float
    cases_sd: float | None = None
    controls_sd: float | None = None


def table1(after: Sample) -> tuple[Row, ...]:
    """People, sex, age group (ten years), index year and other categories as counts; the numeric covariates as mean and SD."""
    case = after.case
    rows = [Row("people", None, "count", int(case.sum()), int((~case).sum()))]
    for name, values in after.columns.items():
        kind = after.kinds.get(name)
        if kind == "category":
            rows += _counts(name, values, after, partial(level_name, name))
        elif kind == "flag":
            rows += _counts(name, values, after, lambda v: "yes" if v else "no")
        elif name == "index_year":
            rows += _counts("index_year", values, after, lambda v: str(int(v)))
        else:
            if name == "age":
                decade = np.clip(values // 10 * 10, 0, 90)
                rows += _counts("age_group", decade, after, _decade)
            m1, v1 = moments(values[case], after.weight[case])
            m0, v0 = moments(values[~case], after.weight[~case])
            rows.append(Row(name, None, "mean", *(_tidy(x) for x in (m1, m0, v1**0.5, v0**0.5))))
            if np.isnan(values).any():
                lacking = np.where(np.isnan(values), np.nan, 1.0)
                rows += _counts(name, lacking, after, lambda v: "known")
    return tuple(rows)


def _decade(start: float) -> str:
    return "90+" if start >= 90 else f"{int(start)}-{int(start) + 9}"


def _tidy(value: float) -> float:
    return 0.0 if np.isnan(value) else round(value, 4)


def _counts(name: str, values: Floats, after: Sample, text: Callable[[float], str]) -> list[Row]:
    """Count people of each level, and last those without a value."""
    levels = [(text(level), values == level) for level in np.unique(values[~np.isnan(values)])]
    if np.isnan(values).any():
        levels.append(("missing", np.isnan(values)))
    return [Row(name, level, "count", int(at[after.case].sum()), int(at[~after.case].sum())) for level, at in levels]
