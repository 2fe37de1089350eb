"""What the synthetic hospital knows: diagnoses, drugs, procedures, measurements, departments, regions (CSV files)."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from itertools import count
from typing import Any

import pyarrow as pa

NAMES = (
    "conditions",
    "drugs",
    "prescriptions",
    "procedures",
    "orders",
    "measurements",
    "departments",
    "regions",
    "listed_concepts",
    "hierarchy",
)
TEXTS = {"kcd", "edi", "code", "snomed", "rxnorm", "loinc", "concept_code"}


@cache
def load(name: str) -> pa.Table:
    """One file as a table: numbers where every value is a number, empty is NULL, `n` counts the rows from 0."""
    text = files(__package__).joinpath(f"{name}.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    columns = {key: _column(key, [row[key] or None for row in rows]) for key in rows[0]}
    return pa.table({"n": pa.array(range(len(rows)), pa.int64()), **columns})


def number(name: str, key: str) -> int:
    """The row number `n` of a key, as the generator's SQL refers to it."""
    return next(i for i, found in zip(count(), load(name)["key"].to_pylist(), strict=False) if found == key)


def _column(name: str, values: list[str | None]) -> pa.Array[Any]:
    if name in TEXTS:
        return pa.array(values, pa.string())
    for kind in (int, float):
        try:
            return pa.array([None if value is None else kind(value) for value in values])
        except ValueError:
            continue
    return pa.array(values, pa.string())
