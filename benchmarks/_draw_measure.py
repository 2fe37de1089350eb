"""One draw, measured in a process of its own."""

from __future__ import annotations

import resource
import time
from pathlib import Path
from typing import Any

from cdm import open_source
from cohorts.draw.drawing import draw
from cohorts.draw.spec import DrawSpec


def _import_model() -> None:
    """Import what scikit-learn imports at the first fit of a process: plug-ins of data frames, the list of thread pools."""
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    threadpool_limits(limits=1)
    LogisticRegression(solver="newton-cholesky").fit([[0.0], [1.0], [2.0], [3.0]], [0, 1, 0, 1])


def measure(database: str, cohort: str, asked: DrawSpec) -> dict[str, Any]:
    """Draw in a process of its own, everything imported before: CPU and wall seconds, peak and initial memory."""
    if asked.design == "propensity":
        _import_model()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    folder = Path(database).parent
    cpu, wall = time.process_time(), time.perf_counter()
    with open_source(f"duckdb://{database}?schema=cdm", folder) as source:
        report = draw(source, Path(cohort), asked, folder / "draw.parquet")
    known = [b.smd_after for b in report.balance if b.covariate != "follow_up" and b.smd_after is not None]
    return {
        "cpu_s": round(time.process_time() - cpu, 2),
        "wall_s": round(time.perf_counter() - wall, 2),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "imports_mb": before // 1024,
        "cases_drawn": report.drawn.cases,
        "pairs": report.drawn.controls,
        "pairs_by_repair": report.pairs_by_repair,
        "pairs_exchanged": report.pairs_exchanged,
        "covariates": len(known),
        "max_smd": max(map(abs, known), default=0.0),
    }
