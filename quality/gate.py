"""The release gate: may this release leave, as far as its data are concerned?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cdm.engine import Limits
from quality.inputs import GateInputs
from quality.measure import measure_release
from quality.spec import GateSpec
from quality.verdict import Finding, judge, passed

__all__ = ["Finding", "GateInputs", "GateResult", "GateSpec", "check_release", "judge_release"]


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


def judge_release(inputs: GateInputs, limits: Limits | None = None) -> GateResult:
    """Measure and judge, without writing any report. Raises BadInput when a file of the run cannot be read."""
    findings = judge(measure_release(inputs, limits), inputs.expectations)
    return GateResult(passed(findings), findings)


def check_release(inputs: GateInputs, out: Path, limits: Limits | None = None, *, data_docs: bool = True) -> GateResult:
    """Judge a release and write out/quality.json, out/quality.html and, with data_docs, out/gx/ (Great Expectations).

    `out` exists. The first two have the same bytes for the same inputs. Great Expectations validates the same metrics
    by itself; should it ever disagree, RuntimeError. Raises BadInput when a file of the run cannot be read.
    """
    from quality.report import write_report

    result = judge_release(inputs, limits)
    write_report(result, out)
    if data_docs:
        # The import takes seconds, so only here.
        from quality.expectations import validate

        validate(result.findings, out / "gx")
    return result
