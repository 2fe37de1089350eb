"""Columns of one table that are empty more or less often in the later of two versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from extract.compare_rows import PERSON, columns
from extract.sql import figures, quote

LEAST = 0.05
"""A share that moved by less is not looked into."""
Shares = tuple[float | None, float | None]


@dataclass(frozen=True)
class Missing:
    """A column. share: of rows without a value, before and after; stayed_share: of rows of people in both versions.

    people: those who have a value or those who have a row without one, whichever are fewer and not nobody, before and after.
    stayed: the same of people in both versions. others: of those who left, and of those who came.
    """

    column: str
    share: tuple[float, float]
    stayed_share: Shares
    people: tuple[int, int]
    stayed: tuple[int, int]
    others: tuple[int, int]


def missing(con: duckdb.DuckDBPyConnection, name: str) -> tuple[Missing, ...]:
    """Give the columns whose share of rows without a value moved by `LEAST` or more, in their order; reads `groups`."""
    old, new = columns(con, f"old {name}"), columns(con, f"new {name}")
    both = [column for column in new if old.get(column) == new[column]]
    if PERSON not in both:
        return ()
    before, after = (_shares(con, f"{side} {name}", both) for side in ("old", "new"))
    moved = [c for c, a, b in zip(both, before, after, strict=True) if abs(a - b) >= LEAST]
    return tuple(_missing(con, name, column) for column in moved)


def _shares(con: duckdb.DuckDBPyConnection, view: str, both: Sequence[str]) -> tuple[float, ...]:
    shares = ", ".join(f"coalesce(avg(({quote(c)} IS NULL)::INT), 0)" for c in both)
    return figures(con, f"SELECT {shares} FROM {quote(view)}")


def _missing(con: duckdb.DuckDBPyConnection, name: str, column: str) -> Missing:
    sides = (figures(con, _question(f"{side} {name}", quote(column))) for side in ("old", "new"))
    shares, *counts = zip(*((side[:2], side[2:4], side[4:6], side[6:8]) for side in sides), strict=True)
    share, stayed_share = zip(*shares, strict=True)
    people, stayed, others = ((_fewest(before), _fewest(after)) for before, after in counts)
    return Missing(column, share, stayed_share, people, stayed, others)


def _fewest(counts: Sequence[int]) -> int:
    return min((n for n in counts if n), default=0)


def _question(view: str, column: str) -> str:
    """Two shares, and people with a value and without one: in all, of those who stayed, of the others."""
    whose = ("true", "who = 'stayed'", "who <> 'stayed'")
    people = (
        f"count(DISTINCT {PERSON}) FILTER ({column} IS {state} AND {who})"
        for who in whose
        for state in ("NOT NULL", "NULL")
    )
    share = f"avg(({column} IS NULL)::INT)"
    return (
        f"SELECT coalesce({share}, 0), {share} FILTER (who = 'stayed'), {', '.join(people)} "
        f"FROM {quote(view)} LEFT JOIN groups ON subject_id = {PERSON}"
    )
