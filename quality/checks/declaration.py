"""What a check is: a rule in words, what it is measured in, how much is tolerated, and what a failure means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["block", "warn"]
Group = Literal[
    "contract",
    "reconciliation",
    "deidentification",
    "draw",
    "completeness",
    "plausibility",
    "fidelity",
    "study",
]
Unit = Literal["count", "percent", "distance"]
Bound = Literal["at_most", "at_least"]


@dataclass(frozen=True)
class Check:
    """One rule of the release gate; it is measured once for every table and column that it concerns.

    unit: 'count' compares the number of violating things, 'percent' 100 * violating / denominator, 'distance' a
        statistic in 0..1.
    bound: whether the compared figure has to be at most or at least the threshold.
    adjustable: whether a study may declare another threshold. What protects people or proves that the release is
        what the source held is not adjustable.
    en, ko: the rule as a sentence that holds when the check passes. why_en, why_ko: why it matters.
    """

    id: str
    severity: Severity
    threshold: float
    en: str
    ko: str
    why_en: str
    why_ko: str
    unit: Unit = "count"
    bound: Bound = "at_most"
    adjustable: bool = False

    @property
    def group(self) -> str:
        """The part of the catalogue before the dot."""
        return self.id.split(".", 1)[0]
