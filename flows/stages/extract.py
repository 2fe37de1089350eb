"""What leaves: the drawn people's rows inside their windows, still with source keys, on the hospital's disk alone."""

from __future__ import annotations

import json
from pathlib import Path

from cdm.engine import connect
from extract.rows import extract_rows
from flows.run import Run
from flows.stages.cohort import opened
from flows.stages.concepts import write_concepts
from flows.stages.folder import Facts


def work(run: Run, folder: Path) -> Facts:
    """Write raw/<table>.parquet, rows.json (rows and people per table), concepts.parquet (their names), ancestors.parquet."""
    raw = folder / "raw"
    raw.mkdir(mode=0o700)
    with opened(run) as source:
        report = extract_rows(
            source,
            run.output("draw") / "draw.parquet",
            run.study.spec.extract,
            raw,
            limits=run.site.limits(run.home),
        )
        with connect(run.site.limits(run.home)) as con:
            write_concepts(con, source, raw, folder / "concepts.parquet", folder / "ancestors.parquet")
    (folder / "rows.json").write_text(json.dumps(report.to_json(), indent=1, sort_keys=True), encoding="utf-8")
    return {}
