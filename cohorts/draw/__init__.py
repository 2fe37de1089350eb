"""Cases and controls: eligible people, matched sets, balance."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cdm.engine import Limits
    from cdm.source import Source
    from cohorts.draw.report import DrawReport
    from cohorts.draw.spec import DrawSpec

__all__ = ["draw"]


def draw(
    source: Source, cohort: Path, spec: DrawSpec, out: Path, limits: Limits | None = None, weight_unit: int = 10
) -> DrawReport:
    """Draw matched cases and controls from a cohort, and write them: see `cohorts.draw.drawing.draw`."""
    # NumPy, Arrow and DuckDB load when something is drawn, not with the specification.
    from cohorts.draw.drawing import draw as whole

    return whole(source, cohort, spec, out, limits, weight_unit)
