"""One definition, found by us and by circe-be's SQL."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

import cdm
from cdm.engine import Limits
from cohorts.engine import generate
from cohorts.expression import parse
from tests.cohorts import oracle, tiny


@cache
def hospital(seed: int) -> tuple[Path, Mapping[str, pa.Table]]:
    """A tiny CDM as a DuckDB file (kept for the test session) and as tables."""
    folder = Path(tempfile.mkdtemp(prefix="tiny-cdm-"))
    tables = tiny.tables(seed)
    return tiny.write(folder / "tiny.duckdb", tables), tables


def ours(path: Path, expression: Mapping[str, Any], out: Path) -> oracle.Rows:
    """(subject_id, start, end), sorted, as our engine finds them."""
    with cdm.open_source(f"duckdb://{path}?schema=cdm", path.parent) as source:
        generate(source, {"1": parse(json.dumps(expression), "generated")}, out, limits=Limits(threads=1))
    return duckdb.sql(f"SELECT subject_id, cohort_start_date, cohort_end_date FROM '{out}' ORDER BY ALL").fetchall()


def depends_on_order(tables: Mapping[str, pa.Table], expression: Mapping[str, Any], found: oracle.Rows) -> bool:
    """Whether circe's own answer changes with the physical order of rows, or is ours in some order."""
    answers = [oracle.rows(tiny.shuffled(tables, seed), expression) for seed in range(8)]
    return found in answers or any(answer != answers[0] for answer in answers)
