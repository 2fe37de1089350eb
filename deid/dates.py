"""By how many days each person's dates move: one keyed number for each person and grant, never zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cdm.errors import BadInput
from deid.permutation import Int64, random_words

if TYPE_CHECKING:  # the policy itself asks how many offsets there are
    from deid.policy.model import Precision

YEAR = 365.2425
SEASON = 15
# So few offsets would be guessed: one in thirty is what a month of days gives.
FEWEST = 30


def offsets(key: bytes, person_ids: Int64, choices: Int64) -> Int64:
    """Give each person's offset in days, one of `choices`, all equally likely. The same key and person: the same one."""
    # 2^64 mod 730 out of 2^64: the bias of the remainder is far below anything that can be observed.
    drawn = random_words(key, person_ids.view(np.uint64)) % np.uint64(choices.size)
    return choices[drawn.astype(np.int64)]


def choices(shift_days: int, *, keep_weekday: bool = False, keep_season: bool = False) -> Int64:
    """List the offsets that may be: -shift_days to shift_days without 0, in order.

    keep_weekday: whole weeks. keep_season: one or more whole years, give or take SEASON days. Raises BadInput where
    too few are left.
    """
    days = np.arange(-shift_days, shift_days + 1, dtype=np.int64)
    may = (days != 0) & (days % 7 == 0 if keep_weekday else True)
    if keep_season:
        years = np.rint(days / YEAR)
        may &= (years != 0) & (np.abs(days - years * YEAR) <= SEASON)
    if may.sum() < (FEWEST if keep_season else 1):
        raise BadInput(
            f"settings.shift_days is {shift_days}, which leaves {may.sum()} offsets"
            f"{' of whole weeks' * keep_weekday}{' of the same season' * keep_season}; "
            f"at least {FEWEST if keep_season else 1} are needed, so allow a longer shift"
        )
    chosen: Int64 = days[may]
    return chosen


def shifted(column: str, duckdb_type: str, precision: Precision, offset: str) -> str:
    """Give the SQL of a shifted DATE or TIMESTAMP column; `offset` is that of the person's INTEGER days.

    A date keeps its exact intervals; a time of day keeps its own down to `precision`.
    """
    if duckdb_type == "DATE":
        return f"{column} + {offset}"
    moved = f"CAST({column} AS TIMESTAMP) + to_days({offset})"
    return moved if precision == "second" else f"date_trunc('{precision}', {moved})"
