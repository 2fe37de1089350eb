"""Is it good: the release gate over raw and de-identified tables. Its verdict decides whether the release is submitted."""

from __future__ import annotations

from pathlib import Path

from flows.run import Run
from flows.stages.folder import Facts
from quality.gate import check_release
from quality.inputs import GateInputs
from quality.spec import GateSpec, Window


def work(run: Run, folder: Path) -> Facts:
    """Write quality.json, quality.html and the Great Expectations Data Docs; note the verdict by names of checks."""
    result = check_release(
        GateInputs(
            raw=run.output("extract") / "raw",
            deid=run.output("deidentify") / "deid",
            draw=run.output("draw") / "draw.parquet",
            crosswalk=run.output("deidentify") / "private" / "crosswalk.parquet",
            cdm_version=run.cdm.cdm_version,
            expectations=_expectations(run),
        ),
        folder,
        run.site.limits(run.home),
    )
    failed = result.failures
    return {
        "passed": result.passed,
        "blocking": sorted({f.check for f in failed if f.severity == "block"}),
        "warnings": sorted({f.check for f in failed if f.severity != "block"}),
    }


def _expectations(run: Run) -> GateSpec:
    """What the study declares, with the windows of its extraction and the hospital's threshold."""
    extract = run.study.spec.extract
    windows = {name: Window(**extract.window_of(name).model_dump()) for name in extract.tables}
    declared = run.study.spec.quality
    update = {
        "windows": {**windows, **declared.windows},
        "small_cell": max(run.site.threshold, declared.small_cell),
        "allow_repeats": declared.allow_repeats or run.study.spec.draw.repeats,
    }
    return declared.model_copy(update=update)
