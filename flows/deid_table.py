"""`naru deid table`: outputs that appear whole or not at all."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from deid.table import run
from flows.faults import guarded
from flows.files import appearing, checked_output


def generalise(table: Path, spec: Path, out: Path, report: Path | None) -> dict[str, Any]:
    """Generalise one table; returns the report. Raises BadInput as `deid.table.run` does."""
    checked_output(out, ".parquet")
    if report is not None:
        checked_output(report, ".json")
    with ExitStack() as stack:
        fresh = stack.enter_context(appearing(out))
        told = stack.enter_context(appearing(report)) if report is not None else None
        return guarded("deid table", out, lambda: run(table, spec, fresh, told))
