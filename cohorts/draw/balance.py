"""Are cases and controls alike: standardised mean differences and variance ratios, before and after the draw.

Austin, Balance diagnostics for comparing the distribution of baseline covariates between treatment groups in
propensity-score matched samples, Statistics in Medicine 28 (2009): d = (mean1 - mean0) / sqrt((var1 + var0) /
2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cohorts.draw.covariates import Columns

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

SEXES = {8507: "male", 8532: "female"}


@dataclass(frozen=True)
class Balance:
    """One covariate, or one level of it (kind 'share').

    smd is None where a spread is nothing or a side is
    empty; variance_ratio (cases to controls) also for a share.
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
    """Covariates of one stage. case: which rows are cases; weight: of every row."""

    columns: Columns
    case: Flags
    weight: Floats


def balance(before: Sample, after: Sample) -> tuple[Balance, ...]:
    """Every covariate of both stages, in the order of the columns; sex by its levels."""
    rows: list[Balance] = []
    for name in after.columns:
        for level, pick in _levels(name, before, after):
            b = _compare(pick(before.columns[name]), before)
            a = _compare(pick(after.columns[name]), after)
            rows.append(Balance(name, level, "share" if level else "mean", b[0], a[0], b[1], a[1]))
    return tuple(rows)


class _Level:
    def __init__(self, value: float | None) -> None:
        self.value = value

    def __call__(self, column: Floats) -> Floats:
        return column if self.value is None else (column == self.value).astype(np.float64)


def _levels(name: str, before: Sample, after: Sample) -> list[tuple[str | None, _Level]]:
    if name != "sex":
        return [(None, _Level(None))]
    values = np.unique(np.append(before.columns[name], after.columns[name]))
    return [(sex_name(v), _Level(v)) for v in values]


def sex_name(concept: float) -> str:
    """Say a concept of sex in a word; another concept by its id."""
    return SEXES.get(int(concept), f"concept {int(concept)}")


def moments(values: Floats, weight: Floats) -> tuple[float, float]:
    """Weighted mean and variance (reliability weights; the plain sample variance where all weights are 1)."""
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
