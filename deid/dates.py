"""By how many days each person's dates move: one keyed number for each person and grant, never zero."""

from __future__ import annotations

import numpy as np

from cdm.errors import BadInput
from deid.permutation import Int64, random_words
from deid.policy.model import Precision


def offsets(key: bytes, person_ids: Int64, shift_days: int, *, keep_weekday: bool) -> Int64:
    """Give each person's offset in days: -shift_days to shift_days without 0, all equally likely.

    keep_weekday: whole weeks only, within the same limit. The same key and person give the same offset.
    """
    step = 7 if keep_weekday else 1
    largest = shift_days // step
    if largest < 1:
        raise BadInput(f"settings.shift_days is {shift_days}; it must leave room for at least one step of {step} days")
    # 2^64 mod 730 out of 2^64: the bias of the remainder is far below anything that can be observed.
    draw = (random_words(key, person_ids.view(np.uint64)) % np.uint64(2 * largest)).astype(np.int64)
    return np.where(draw < largest, draw - largest, draw - largest + 1) * step


def shifted(column: str, duckdb_type: str, precision: Precision, offset: str) -> str:
    """Give the SQL of a shifted DATE or TIMESTAMP column; `offset` is that of the person's INTEGER days.

    A date keeps its exact intervals; a time of day keeps its own down to `precision`.
    """
    if duckdb_type == "DATE":
        return f"{column} + {offset}"
    moved = f"CAST({column} AS TIMESTAMP) + to_days({offset})"
    return moved if precision == "second" else f"date_trunc('{precision}', {moved})"
