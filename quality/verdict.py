"""From figures to a verdict: one finding for each metric, and whether the whole passes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from quality.checks import CATALOGUE
from quality.checks.declaration import Check, Severity
from quality.spec import GateSpec

Status = Literal["passed", "failed", "not_applicable"]


@dataclass(frozen=True)
class Metric:
    """One measured figure; a row of the metrics table.

    measured, denominator: violating things and all things, or a statistic and the number of things it is over.
    threshold, severity: the metric's own ones where they do not come from the check or the study.
    detail: what is meant beside table and column; never a value out of a patient's row.
    private: the figure counts people or rows that stay in the hospital, so small ones are not shown.
    """

    check: str
    table: str
    column: str
    measured: float
    denominator: float
    threshold: float | None = None
    severity: Severity | None = None
    detail: str = ""
    private: bool = False


@dataclass(frozen=True)
class Finding:
    """A metric with its verdict. `value` is what was compared with `threshold`, in the check's unit.

    small_cell: the smallest count that may be shown, where the figure is private.
    """

    check: str
    rule: Check
    table: str
    column: str
    detail: str
    measured: float
    denominator: float
    value: float
    threshold: float
    severity: Severity
    status: Status
    small_cell: int | None = None

    @property
    def hidden(self) -> bool:
        """Whether the figure is a small count of what stays in the hospital, and so must not be shown."""
        return self.small_cell is not None and 0 < self.measured < self.small_cell

    @property
    def place(self) -> str:
        """Table and column, as far as the finding is about one."""
        return ".".join(part for part in (self.table, self.column) if part)

    @property
    def failed(self) -> bool:
        """Whether the rule does not hold."""
        return self.status == "failed"

    @property
    def blocks(self) -> bool:
        """Whether the release must not leave because of this."""
        return self.failed and self.severity == "block"

    @property
    def shown(self) -> str:
        """The compared figure in words, as far as it may be shown."""
        return f"<{self.small_cell}" if self.hidden else in_unit(self.value, self.rule)

    def message(self, language: Literal["en", "ko"] = "en") -> str:
        """Say in one line where which rule holds or not, and by which figure."""
        rule = self.rule.ko if language == "ko" else self.rule.en
        sign = "≥" if self.rule.bound == "at_least" else "≤"
        about = f" [{self.detail}]" if self.detail else ""
        return f"{self.place or 'release'}{about}: {rule} ({self.shown}; {sign} {in_unit(self.threshold, self.rule)})"

    def to_json(self) -> dict[str, Any]:
        """Give the finding as plain JSON; a hidden figure is null and `below` says what it is smaller than."""
        return {
            "check": self.check,
            "group": self.rule.group,
            "table": self.table,
            "column": self.column,
            "detail": self.detail,
            "severity": self.severity,
            "status": self.status,
            "measured": None if self.hidden else number(self.measured),
            "below": self.small_cell if self.hidden else None,
            "denominator": number(self.denominator),
            "value": None if self.hidden else number(self.value),
            "unit": self.rule.unit,
            "bound": self.rule.bound,
            "threshold": number(self.threshold),
        }


def number(value: float) -> int | float:
    """Round to what the figures mean, and write whole numbers as integers, so that reports have the same bytes."""
    rounded = round(value, 6)
    return int(rounded) if rounded == int(rounded) else rounded


def in_unit(value: float, check: Check) -> str:
    """Write a figure in the check's unit."""
    match check.unit:
        case "percent":
            return f"{value:,.4g} %"
        case "distance":
            return f"{value:.4f}"
        case _:
            return f"{number(value):,}"


def judge(
    metrics: Iterable[Metric], spec: GateSpec | None = None, catalogue: Mapping[str, Check] = CATALOGUE
) -> tuple[Finding, ...]:
    """Give every metric its verdict, in the order of the catalogue, then of table, column and detail."""
    order = {name: position for position, name in enumerate(catalogue)}
    ranked = sorted(metrics, key=lambda metric: (order[metric.check], metric.table, metric.column, metric.detail))
    return tuple(_judge(metric, catalogue[metric.check], spec or GateSpec()) for metric in ranked)


def passed(findings: Iterable[Finding]) -> bool:
    """Whether nothing blocks."""
    return not any(finding.blocks for finding in findings)


def _judge(metric: Metric, check: Check, spec: GateSpec) -> Finding:
    threshold = check.threshold if metric.threshold is None else metric.threshold
    threshold = spec.thresholds.get(check.id, threshold)
    severity: Severity = "block" if check.id in spec.block else metric.severity or check.severity
    value = _value(check, metric)
    return Finding(
        check=check.id,
        rule=check,
        table=metric.table,
        column=metric.column,
        detail=metric.detail,
        measured=metric.measured,
        denominator=metric.denominator,
        value=value,
        threshold=threshold,
        severity=severity,
        status=_status(check, metric, value, threshold),
        small_cell=spec.small_cell if metric.private else None,
    )


def _value(check: Check, metric: Metric) -> float:
    if check.unit != "percent":
        return float(metric.measured)
    return 100.0 * metric.measured / metric.denominator if metric.denominator else 0.0


def _status(check: Check, metric: Metric, value: float, threshold: float) -> Status:
    if check.bound == "at_least":
        if check.unit == "percent" and not metric.denominator:
            return "not_applicable"
        return "passed" if value >= threshold else "failed"
    # Nothing to look at is no success; but something wrong among nothing (a reference gone astray) still is wrong.
    if not metric.denominator and not metric.measured:
        return "not_applicable"
    if not metric.denominator and check.unit == "percent":
        return "failed"
    return "passed" if value <= threshold else "failed"


@dataclass(frozen=True)
class GateResult:
    """The verdict and all that it rests on. passed: no check of severity 'block' failed."""

    passed: bool
    findings: tuple[Finding, ...]

    @property
    def failures(self) -> tuple[Finding, ...]:
        """The failed findings, those that block first."""
        failed = [finding for finding in self.findings if finding.status == "failed"]
        return tuple(sorted(failed, key=lambda finding: finding.severity != "block"))

    def to_json(self) -> dict[str, Any]:
        """Give the result as plain JSON, as in quality.json: no patient's value, no small count of suppressed people."""
        status = [finding.status for finding in self.findings]
        return {
            "passed": self.passed,
            "checks": len(status),
            "failed_block": sum(finding.blocks for finding in self.findings),
            "failed_warn": sum(finding.status == "failed" and not finding.blocks for finding in self.findings),
            "not_applicable": status.count("not_applicable"),
            "findings": [finding.to_json() for finding in self.findings],
        }
