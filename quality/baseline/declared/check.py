"""What one check of a baseline database is: a rule, asked of one table, field or concept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Level = Literal["TABLE", "FIELD", "CONCEPT"]
Severity = Literal["fatal", "convention", "characterization"]


@dataclass(frozen=True)
class CheckType:
    """A kind of check, by the name that DataQualityDashboard gives it.

    context, category, subcategory: Kahn's terms, as the dashboard files it. en, ko: what violates it, in a sentence.
    superseded_by: the type that asks better; the dashboard still runs both. own: the dashboard does not ask it.
    """

    name: str
    level: Level
    severity: Severity
    context: Literal["Verification", "Validation"]
    category: Literal["Conformance", "Completeness", "Plausibility"]
    subcategory: str
    en: str
    ko: str
    superseded_by: str = ""
    own: bool = False


@dataclass(frozen=True)
class Check:
    """One check. `asks` is what its type needs to know: a referenced table and field, a domain, a limit ...

    threshold: the tolerated percentage of violating rows; 0 tolerates none. concept: the concept ids that it is about,
    separated by commas, or empty.
    """

    type: str
    table: str
    field: str = ""
    concept: str = ""
    threshold: float = 0
    asks: tuple[str | float | int, ...] = ()

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What tells it from every other one."""
        return (self.type, self.table, self.field, self.concept)

    def tolerating(self, threshold: float) -> Check:
        """Give the same check with another threshold."""
        return replace(self, threshold=threshold)
