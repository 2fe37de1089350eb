"""The release gate: may this release leave, as far as its data are concerned?"""

from __future__ import annotations

from pathlib import Path

from cdm.engine import Limits
from quality.inputs import GateInputs
from quality.measure import measure_release
from quality.report import write_report
from quality.spec import GateSpec
from quality.verdict import Finding, GateResult, judge, passed

__all__ = ["Finding", "GateInputs", "GateResult", "GateSpec", "check_release", "judge_release"]


def judge_release(inputs: GateInputs, limits: Limits | None = None) -> GateResult:
    """Measure and judge, without writing any report. Raises BadInput when a file of the run cannot be read."""
    findings = judge(measure_release(inputs, limits), inputs.expectations)
    return GateResult(passed(findings), findings)


def check_release(inputs: GateInputs, out: Path, limits: Limits | None = None, *, data_docs: bool = True) -> GateResult:
    """Judge a release and write out/quality.json, out/quality.html and, with data_docs, out/gx/ (Great Expectations).

    `out` exists. The first two have the same bytes for the same inputs. Great Expectations validates the same metrics
    by itself; should it ever disagree, RuntimeError. Raises BadInput when a file of the run cannot be read.
    """
    result = judge_release(inputs, limits)
    write_report(result, out)
    if data_docs:
        # The import takes seconds, so only here.
        from quality.expectations import validate

        validate(result.findings, out / "gx")
    return result
