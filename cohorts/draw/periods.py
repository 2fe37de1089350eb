"""Periods of people as arrays: entries of a cohort, observation periods."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np

from cohorts.draw.arrow import batches
from cohorts.draw.candidates import Bools, Ints, Small
from cohorts.draw.roster import Finder, Roster

LATEST = "9999-12-31"


@dataclass(frozen=True)
class Periods:
    """n periods, ascending by person. person: n ids; first, last: n days since 1970, both of the period."""

    person: Ints
    first: Small
    last: Small

    def __len__(self) -> int:
        return len(self.person)

    @classmethod
    def read(
        cls, con: duckdb.DuckDBPyConnection, person: str, first: str, last: str, table: str, where: str
    ) -> Periods:
        """Read periods from a table: SQL of the three columns, none of them NULL where `where` holds."""
        asked = f"SELECT {person}::BIGINT, {first}::DATE, {last}::DATE FROM {table} WHERE {where}"
        parts = list(batches(con, asked))
        if not parts:
            return cls(np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.int32))
        ids, begin, end = (np.concatenate(x) for x in zip(*parts, strict=True))
        if (ids[1:] < ids[:-1]).any():
            by = np.argsort(ids, kind="stable")
            ids, begin, end = ids[by], begin[by], end[by]
        return cls(ids, begin, end)

    def people(self) -> Ints:
        """The different people, ascending."""
        return self.person[firsts(self.person)]

    def between(self, first: int, last: int) -> Periods:
        """Those of the people from one id to another."""
        begin, end = np.searchsorted(self.person, (first, last + 1))
        return Periods(self.person[begin:end], self.first[begin:end], self.last[begin:end])

    def of(self, person: Ints) -> tuple[Ints, Ints]:
        """Pair people with their periods: places in `person`, and the periods' own."""
        finder = Finder(Roster(self.person, self.first))
        row, which = finder.rows(finder.keys(person))
        if which is None:
            which = np.flatnonzero(row >= 0)
            row = row[which]
        return which, row.astype(np.int64)


def firsts(ascending: Ints) -> Bools:
    """Flag each number's first place."""
    new: Bools = np.ones(len(ascending), bool)
    new[1:] = ascending[1:] != ascending[:-1]
    return new
