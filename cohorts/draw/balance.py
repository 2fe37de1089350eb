"""Are cases and controls alike: standardised mean differences and variance ratios, before and after the draw.

Austin, Balance diagnostics for comparing the distribution of baseline covariates between treatment groups in
propensity-score matched samples, Statistics in Medicine 28 (2009): d = (mean1 - mean0) / sqrt((var1 + var0) /
2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cohorts.draw.covariates import Columns

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

SEXES = {8507: "male", 8532: "female"}


@dataclass(frozen=True)
class Balance:
    """One covariate, or one level of it (kind 'share'; of a yes or no the level 'yes').

    A number that some people lack is compared among those who have it, and has a level 'missing' besides. smd is
    None where a spread is nothing or a side is empty; variance_ratio (cases to controls) also for a share.
    """

    covariate: str
    level: str | None
    kind: str
    smd_before: float | None
    smd_after: float | None
    variance_ratio_before: float | None
    variance_ratio_after: float | None


@dataclass(frozen=True)
class Sample:
    """Covariates of one stage. case: which rows are cases; weight: of every row; kinds: as `Observed.kinds`."""

    columns: Columns
    case: Flags
    weight: Floats
    kinds: Mapping[str, str] = field(default_factory=lambda: {"sex": "category"})


def balance(before: Sample, after: Sample) -> tuple[Balance, ...]:
    """Every covariate of both stages, in the order of the columns; sex by its levels."""
    rows: list[Balance] = []
    for name in after.columns:
        for level, pick in _levels(name, before, after):
            b = _compare(pick(before.columns[name]), before)
            a = _compare(pick(after.columns[name]), after)
            rows.append(Balance(name, level, "share" if level else "mean", b[0], a[0], b[1], a[1]))
    return tuple(rows)


Pick = Callable[[Floats], Floats]


def _levels(name: str, before: Sample, after: Sample) -> list[tuple[str | None, Pick]]:
    kind = after.kinds.get(name)
    if kind == "flag":
        return [("yes", lambda column: column)]
    values = np.append(before.columns[name], after.columns[name])
    if kind == "category":
        known = np.unique(values[~np.isnan(values)])
        levels: list[tuple[str | None, Pick]] = [(level_name(name, v), _equals(v)) for v in known]
    else:
        levels = [(None, lambda column: column)]
    if np.isnan(values).any():
        levels.append(("missing", lambda column: np.isnan(column).astype(np.float64)))
    return levels


def _equals(value: float) -> Pick:
    return lambda column: (column == value).astype(np.float64)


def level_name(covariate: str, value: float) -> str:
    """Say a level in words: a sex, else its number."""
    return sex_name(value) if covariate == "sex" else f"{int(value)}"


def sex_name(concept: float) -> str:
    """Say a concept of sex in a word; another concept by its id."""
    return SEXES.get(int(concept), f"concept {int(concept)}")


def moments(values: Floats, weight: Floats) -> tuple[float, float]:
    """Weighted mean and variance of the values that are there (reliability weights; with weights of 1 the plain ones)."""
    there = ~np.isnan(values)
    if not there.all():
        values, weight = values[there], weight[there]
    total = float(weight.sum())
    if not len(values) or total == 0:
        return float("nan"), float("nan")
    mean = float((values * weight).sum() / total)
    spread = total - float((weight**2).sum()) / total
    variance = float((weight * (values - mean) ** 2).sum()) / spread if spread > 0 else 0.0
    return mean, variance


def _compare(values: Floats, sample: Sample) -> tuple[float | None, float | None]:
    mean1, var1 = moments(values[sample.case], sample.weight[sample.case])
    mean0, var0 = moments(values[~sample.case], sample.weight[~sample.case])
    if np.isnan(mean1) or np.isnan(mean0):
        return None, None
    pooled = np.sqrt((var1 + var0) / 2)
    smd = 0.0 if mean1 == mean0 else None if pooled == 0 else round(float((mean1 - mean0) / pooled), 6)
    return smd, round(var1 / var0, 6) if var0 > 0 else None
