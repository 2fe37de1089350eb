"""Tiny hospitals as files, and the engine on them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

import cdm
from cdm.engine import Limits
from cohorts.engine import generate
from cohorts.expression import parse
from tests.cohorts import oracle
from tests.cohorts.generative.answers import place


def hospital(seed: int) -> tuple[Path, Mapping[str, pa.Table]]:
    """A tiny CDM as a DuckDB file (kept for the test session) and as tables."""
    return place(seed).file, place(seed).tables


def ours(path: Path, expression: Mapping[str, Any], out: Path) -> oracle.Rows:
    """(subject_id, start, end), sorted, as our engine finds them."""
    with cdm.open_source(f"duckdb://{path}?schema=cdm", path.parent) as source:
        generate(source, {"1": parse(json.dumps(expression), "generated")}, out, limits=Limits(threads=1))
    return duckdb.sql(f"SELECT subject_id, cohort_start_date, cohort_end_date FROM '{out}' ORDER BY ALL").fetchall()
