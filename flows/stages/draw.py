"""Cases and their matched controls, drawn from the cohort."""

from __future__ import annotations

import json
from pathlib import Path

from cohorts.disclosure import stricter
from cohorts.draw import draw
from flows.run import Run
from flows.stages.cohort import opened
from flows.stages.folder import Facts


def work(run: Run, folder: Path) -> Facts:
    """Write draw.parquet (person_id, role, index_date, set_id, weight) and balance.json (exact counts, for inside only).

    The weights are told in multiples of the smallest count that the hospital gives away.
    """
    with opened(run) as source:
        report = draw(
            source, run.output("cohort") / "cohort.parquet", run.study.draw, folder / "draw.parquet",
            limits=run.site.limits(run.home), weight_unit=stricter(run.site.threshold),
        )  # fmt: skip
    (folder / "balance.json").write_text(
        json.dumps(report.to_json(), ensure_ascii=False, indent=1, sort_keys=True), encoding="utf-8"
    )
    return {}
