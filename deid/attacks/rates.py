"""From successes of an attack to its risk: what it gains over guessing about people who are in no release.

Giomi, Boenisch, Wehmeyer and Tasnádi, A Unified Framework for Quantifying Privacy Risk in Synthetic Data, PoPETs 2023:
risk = (rate - control) / (1 - control), rates by Wilson's score with 95 % confidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

Z = 1.959964


@dataclass(frozen=True)
class Rate:
    """A share and half the width of its interval."""

    value: float
    error: float

    @classmethod
    def of(cls, successes: float, attacks: int) -> Rate:
        """Wilson's score interval; successes may be expected ones, so no whole number."""
        share, wide = successes / attacks, Z * Z / attacks
        centre = (share + wide / 2) / (1 + wide)
        return cls(centre, Z * sqrt(share * (1 - share) / attacks + wide / (4 * attacks)) / (1 + wide))


@dataclass(frozen=True)
class Gain:
    """A risk from 0 to 1 and its interval."""

    value: float
    low: float
    high: float

    @classmethod
    def over(cls, rate: Rate, control: Rate) -> Gain:
        """What an attack gains over the same attack on the control group."""
        left = 1 - control.value
        value = (rate.value - control.value) / left
        error = sqrt((rate.error / left) ** 2 + ((rate.value - 1) / left**2 * control.error) ** 2)
        return cls(_clip(value), _clip(value - error), _clip(value + error))


def _clip(value: float) -> float:
    return min(max(value, 0.0), 1.0)
