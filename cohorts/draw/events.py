"""One pass over a table of events: the rows of a roster's people before their index dates."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt

from cohorts.draw.arrow import batches
from cohorts.draw.candidates import Bools, Ints, Small
from cohorts.draw.declared import concept_column
from cohorts.draw.roster import Finder, Places, Roster, Sieve, Window

Reals = npt.NDArray[np.floating[Any]]
Doubles = npt.NDArray[np.float64]
LAST_BITS = np.int32(0xFFFF)
USUAL = 365
"""Days that histories look back unless they say otherwise; where all of a table do so, its rows' days are not kept."""
FIRST_DAY = -700_000
"""Of whole records: some day before every date that a hospital has, in days since 1970."""


@dataclass(frozen=True)
class History:
    """Something to be told of a table's rows before the index date.

    value: 'count' of rows, 'distinct' concepts, 'present', or of the 'latest' row the content of `column` (NaN for none).
    concepts: the only ones that count, ascending; None for every row. days: how far back; None for the whole record.
    """

    name: str
    table: str
    date: str
    value: str
    concepts: tuple[int, ...] | None = None
    column: str | None = None
    days: int | None = USUAL

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read, beside the person's."""
        concept = concept_column(self.table)
        return tuple(c for c in (self.date, concept, self.column) if c)


@dataclass(frozen=True)
class Events:
    """The rows of one table, in no promised order.

    row: place in the roster; concept: 0 for none; day: since 1970, None where nobody asks for it; values: column -> number, NaN
    for none; back: days before the index date from which on there are rows, None for all.
    """

    row: Places
    concept: Small
    day: Small | None
    values: dict[str, Doubles]
    back: int | None

    def of(self, history: History, roster: Roster) -> Events:
        """The rows that a history is about."""
        good: Bools | None = None
        if history.concepts is not None:
            good = place_among(self.concept, np.array(history.concepts, np.int32)) >= 0
        if history.days != self.back:
            assert self.day is not None
            good = _and(good, Window(roster, history.days).holds(self.row, self.day))
        if history.column is not None:
            good = _and(good, ~np.isnan(self.values[history.column]))
        if good is None:
            return self
        rows = np.flatnonzero(good)
        values = {name: v[rows] for name, v in self.values.items()}
        day = None if self.day is None else self.day[rows]
        return Events(self.row[rows], self.concept[rows], day, values, history.days)

    @cached_property
    def distinct(self) -> Ints:
        """Every different (row, concept) once, as row * 2**32 + concept, ascending."""
        key = self.row.astype(np.int64)
        key <<= np.int64(32)
        key |= self.concept
        key.sort()
        new = np.ones(len(key), bool)
        new[1:] = key[1:] != key[:-1]
        return key[new]


def _and(one: Bools | None, other: Bools) -> Bools:
    return other if one is None else one & other


def place_among(concept: Small, wanted: Small) -> Small:
    """For each concept its place among the wanted ones (ascending), -1 for another.

    Most concepts are told apart by their last bits, in a table that stays in the processor's cache.
    """
    if not len(wanted):
        return np.full(len(concept), -1, np.int32)
    last = wanted & LAST_BITS
    if len(np.unique(last)) < len(wanted):
        at = np.minimum(np.searchsorted(wanted, concept), len(wanted) - 1).astype(np.int32)
    else:
        table = np.zeros(LAST_BITS + 1, np.int32)
        table[last] = np.arange(len(wanted))
        at = table[concept & LAST_BITS]
    return np.where(wanted[at] == concept, at, np.int32(-1))


def read(
    con: duckdb.DuckDBPyConnection, table: str, histories: list[History], roster: Roster, finder: Finder
) -> Events:
    """Read what the histories of one table need out of `cdm.<table>`, in one scan."""
    backs = [h.days for h in histories]
    back = None if None in backs else max(b for b in backs if b is not None)
    date, concept = histories[0].date, concept_column(table)
    named = sorted({h.column for h in histories if h.column})
    numbers = "".join(f", coalesce({c}::DOUBLE, 'NaN'::DOUBLE) AS v{n}" for n, c in enumerate(named))
    code = f"coalesce(TRY_CAST({concept} AS INTEGER), 0)" if concept else "0::INTEGER"
    query = f"""
        SELECT {finder.key("person_id")} AS key, {code} AS code, {date}::DATE AS on_day{numbers}
        FROM cdm.{table} WHERE {date} {_span(roster, back)} AND {finder.within("person_id")}"""
    sieve = Sieve(roster, finder, back)
    dated = {h.days for h in histories} != {USUAL} or any(h.value == "latest" for h in histories)
    parts = [_kept(part, sieve, dated=dated) for part in batches(con, query)]
    if not parts:
        none = np.empty(0, np.int32)
        return Events(none, none, none if dated else None, {c: np.empty(0, np.float64) for c in named}, back)
    row, code_, *rest = (np.concatenate(x) for x in zip(*parts, strict=True))
    day = rest.pop(0) if dated else None
    return Events(row, code_, day, dict(zip(named, rest, strict=True)), back)


def _span(roster: Roster, back: int | None) -> str:
    """Say in SQL between which days anybody's window lies, so that the engine can pass over blocks of other days."""
    if not len(roster):
        return "IS NULL"
    low, high = int(roster.day.min()) - (2**30 if back is None else back), int(roster.day.max()) - 1
    return f"BETWEEN DATE '1970-01-01' + {max(low, FIRST_DAY)} AND DATE '1970-01-01' + ({high})"


def _kept(part: tuple[npt.NDArray[Any], ...], sieve: Sieve, *, dated: bool) -> tuple[npt.NDArray[Any], ...]:
    key, code, day, *values = part
    row, at = sieve.keep(key, day)
    return row, code[at], *([day[at]] if dated else []), *(v[at] for v in values)


def tell(history: History, events: Events, roster: Roster) -> Reals:
    """Give a history's value for every row of the roster."""
    mine = events.of(history, roster)
    if history.value == "latest":
        assert history.column is not None
        assert mine.day is not None
        return _latest(mine.row, mine.day, mine.values[history.column], len(roster))
    rows = mine.distinct >> np.int64(32) if history.value == "distinct" else mine.row
    counts = np.bincount(rows, minlength=len(roster))
    return (counts > 0 if history.value == "present" else counts).astype(np.float32)


def _latest(row: Places, day: Small, value: Doubles, rows: int) -> Reals:
    """Of several rows on the last day the largest value, so that no order of rows decides."""
    by = np.lexsort((value, day, row))
    row = row[by]
    last = np.ones(len(row), bool)
    last[:-1] = row[1:] != row[:-1]
    out = np.full(rows, np.nan)  # a concept id does not fit into 32 bits of a float
    out[row[last]] = value[by][last]
    return out
