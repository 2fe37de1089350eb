"""Cases and their matched controls, drawn from the cohort."""

from __future__ import annotations

import json
from pathlib import Path

from cohorts.draw import draw
from flows.run import Run
from flows.stages.cohort import opened
from flows.stages.folder import Facts


def work(run: Run, folder: Path) -> Facts:
    """Write draw.parquet (person_id, role, index_date, set_id, weight), balance.json, and the love plot as SVG."""
    with opened(run) as source:
        report = draw(
            source, run.output("cohort") / "cohort.parquet", run.study.spec.draw, folder / "draw.parquet",
            limits=run.site.limits(run.home),
        )  # fmt: skip
    (folder / "balance.json").write_text(
        json.dumps(report.to_json(), ensure_ascii=False, indent=1, sort_keys=True), encoding="utf-8"
    )
    for lang in ("ko", "en"):
        (folder / f"balance.{lang}.svg").write_text(report.love_plot(lang), encoding="utf-8")
    return {}
