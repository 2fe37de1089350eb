"""In which form: policy, pseudonyms, shifted dates, k-anonymous people."""

from __future__ import annotations

from pathlib import Path

from deid.apply import deidentify
from flows import known_names
from flows.run import Run
from flows.stages.folder import Facts


def work(run: Run, folder: Path) -> Facts:
    """Write deid/<table>.parquet, deid/cohort.parquet, columns.json, risk.json, and private/crosswalk.parquet."""
    out, private = folder / "deid", folder / "private"
    out.mkdir(mode=0o700)
    private.mkdir(mode=0o700)
    deidentify(
        run.output("extract") / "raw", run.output("draw") / "draw.parquet", run.policy, run.keys, run.site.id, run.cdm.cdm_version,
        out, private, run.output("extract"), limits=run.site.limits(run.home),
        names=known_names.read(run.site) if run.policy.text_approved else None,
    )  # fmt: skip
    return {}
