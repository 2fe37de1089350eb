"""Who: run the two definitions against the hospital's CDM."""

from __future__ import annotations

import json
from pathlib import Path

from cdm.errors import BadInput
from cdm.source import Source
from cohorts import engine
from flows import progress
from flows.run import Run
from flows.stages.folder import Facts
from flows.withdrawals import without_withdrawn


def work(run: Run, folder: Path) -> Facts:
    """Write cohort.parquet (role, subject_id, cohort_start_date, cohort_end_date) and attrition.json."""
    with opened(run) as source:
        attrition = engine.generate(
            source,
            run.study.definitions,
            folder / "cohort.parquet",
            key="role",
            limits=run.site.limits(run.home),
            kept=run.home.concept_sets,
        )
    without_withdrawn(run.home, run.site.id, folder / "cohort.parquet")
    told = {role: steps.to_json() for role, steps in attrition.items()}
    (folder / "attrition.json").write_text(
        json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True), encoding="utf-8"
    )
    return {}


def opened(run: Run) -> Source:
    """The hospital's database, in the very state for which the run was planned.

    Raises BadInput where the database has changed since: half a run on one state and half on another is no run.
    """
    progress.tell("open", "begun", run.site.id)
    source = run.site.open(run.home)
    if source.release().digest != run.cdm.digest:
        source.close()
        raise BadInput(
            f"site '{run.site.id}': its database changed while the study ran; run the same command again to work on the new state"
        )
    return source
