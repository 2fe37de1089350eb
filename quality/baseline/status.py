"""From figures to verdicts: failed, passed, not applicable, in error; the rules are DataQualityDashboard 2.8's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from quality.baseline.declared import TYPES, Check, CheckType
from quality.baseline.measure.figure import Figure

Status = Literal["failed", "passed", "not_applicable", "error"]


@dataclass(frozen=True)
class Result:
    """One check with its figures and verdict. reason: why it is not applicable, or could not be counted."""

    check: Check
    figure: Figure
    status: Status
    reason: str = ""

    @property
    def type(self) -> CheckType:
        """The kind of check."""
        return TYPES[self.check.type]

    @property
    def percent(self) -> float:
        """The violating share in percent."""
        return 100.0 * self.figure.violated / self.figure.rows if self.figure.rows else 0.0

    @property
    def failed(self) -> bool:
        """Whether more rows violate the rule than are tolerated."""
        return self.status == "failed"


@dataclass(frozen=True)
class _Emptiness:
    """What is missing or empty; every verdict needs it."""

    missing_tables: frozenset[str]
    missing_fields: frozenset[tuple[str, str]]
    empty_tables: frozenset[str]
    empty_fields: frozenset[tuple[str, str]]


def judge(figures: Mapping[Check, Figure]) -> tuple[Result, ...]:
    """Give every check its verdict, in the order given. The checks of tables, fields and completeness must be among them."""
    empty = _emptiness(figures)
    return tuple(_judge(check, figure, empty) for check, figure in figures.items())


def _emptiness(figures: Mapping[Check, Figure]) -> _Emptiness:
    filled = {check: figure for check, figure in figures.items() if check.type == "measureValueCompleteness"}
    counted = {check: figure for check, figure in filled.items() if not figure.error}
    return _Emptiness(
        frozenset(check.table for check, figure in figures.items() if check.type == "cdmTable" and figure.violated),
        frozenset(
            (check.table, check.field)
            for check, figure in figures.items()
            if check.type == "cdmField" and figure.violated
        ),
        frozenset(check.table for check, figure in counted.items() if not figure.rows),
        frozenset((check.table, check.field) for check, figure in counted.items() if figure.violated == figure.rows),
    )


def _judge(check: Check, figure: Figure, empty: _Emptiness) -> Result:
    if reason := _not_applicable(check, figure, empty):
        return Result(check, figure, "not_applicable", reason)
    if figure.error:
        return Result(check, figure, "error", figure.error)
    return Result(check, figure, "failed" if exceeds(check, figure) else "passed")


def exceeds(check: Check, figure: Figure) -> bool:
    """Whether a figure exceeds its threshold; a threshold of 0 tolerates no row at all, even among none."""
    if not check.threshold:
        return figure.violated > 0
    return figure.rows > 0 and 100.0 * figure.violated / figure.rows > check.threshold


def _not_applicable(check: Check, figure: Figure, empty: _Emptiness) -> str:  # noqa: C901  # the order of the rules is the rule
    table, place = check.table, (check.table, check.field)
    if check.type == "cdmTable":
        return ""
    if check.type == "measureConditionEraCompleteness":
        ill = "condition_occurrence"
        return f"{ill} is missing or empty" if ill in empty.missing_tables | empty.empty_tables else ""
    if table in empty.missing_tables:
        return f"{table} is missing"
    if check.type in ("measurePersonCompleteness", "cdmField"):
        return ""
    if place in empty.missing_fields:
        return f"{table}.{check.field} is missing"
    if figure.error:
        return ""
    if table in empty.empty_tables:
        return f"{table} is empty"
    if check.type == "measureValueCompleteness":
        return ""
    if place in empty.empty_fields:
        return f"{table}.{check.field} is empty"
    if TYPES[check.type].level == "CONCEPT" and not figure.rows:
        return f"{table} has no row of {check.field} {check.concept}"
    return ""


def count(results: Sequence[Result]) -> dict[Status, int]:
    """How many results have each status."""
    statuses: tuple[Status, ...] = ("failed", "passed", "not_applicable", "error")
    return {status: sum(result.status == status for result in results) for status in statuses}
