"""Index rows of a cohort out of a CDM, part by part, so that memory grows with a hospital by a few numbers a person only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from cdm.arrays import numbers
from cdm.source import Need, Source
from cohorts.draw.arrow import people_table
from cohorts.draw.candidates import Ints
from cohorts.draw.cohort_file import CohortFile
from cohorts.draw.covariates import keep_measured
from cohorts.draw.eligible import IndexRows, index_rows
from cohorts.draw.factors import factor, joins, needed, scale, used_covariates
from cohorts.draw.periods import LATEST, Periods
from cohorts.draw.spec import DrawSpec

PEOPLE_AT_ONCE = 250_000
EARLIEST = "0001-01-01"


@dataclass(frozen=True)
class IndexReader:
    """Reads the index rows of both sides, and joins them with what is matched on.

    everybody: whether the tables are read of all people, without a filter.
    """

    con: duckdb.DuckDBPyConnection
    source: Source
    spec: DrawSpec
    file: CohortFile
    everybody: bool

    def sides(self, of_cases: bool, known: bool = False) -> Iterator[IndexRows]:
        """Give the index rows of one side, part by part. known: only of people whose year of birth is known."""
        entries, events = self.file.cases if of_cases else self.file.controls, self.file.events()
        for people, first, last in _parts(entries.people()):
            self._show(people)
            within = f"person_id BETWEEN {first} AND {last}"
            rows = index_rows(self.spec, of_cases, entries.between(first, last), self._observed(within), events)
            yield self._known(rows, within) if known else rows

    def make_member(self, rows: IndexRows) -> None:
        """Make table `member`: the index rows with factors f0.. and scales s0.. ."""
        spec = self.spec
        days = {"index_date": rows.day, "observed_from": rows.since, "free_from": rows.lo, "free_to": rows.hi}
        columns = {"person_id": numbers(rows.person), **{n: numbers(d, pa.date32()) for n, d in days.items()}}
        self.con.register("index_row", pa.Table.from_arrays([*columns.values()], names=[*columns]))
        measured = [c for c in used_covariates(spec) if c.table != "person"]
        if measured:
            keep_measured(self.con, self.source, measured)
            self._show(rows.person)  # the tables were shown with other columns meanwhile
        factors = [f"{factor(name, spec)} AS f{n}" for n, name in enumerate(spec.match)]
        scales = [f"{scale(c, spec)} AS s{n}" for n, c in enumerate(spec.calipers)]
        self.con.execute(
            f"""CREATE OR REPLACE TEMP TABLE member AS WITH i AS (FROM index_row)
            SELECT {", ".join(["i.*", *factors, *scales])} FROM i {joins(spec)}"""
        )
        self.con.unregister("index_row")

    def _show(self, people: Ints) -> None:
        """Show the tables that choosing and matching read, of some people or of everybody."""
        self.source.attach(self.con, Need(needed(self.spec), None if self.everybody else people_table(people)))

    def _observed(self, within: str) -> Periods:
        start, end = "observation_period_start_date", "observation_period_end_date"
        where = f"{within} AND {start} >= DATE '{EARLIEST}' AND {end} IS NOT NULL"
        return Periods.read(
            self.con, "person_id", start, f"least({end}, DATE '{LATEST}')", "cdm.observation_period", where
        )

    def _known(self, rows: IndexRows, within: str) -> IndexRows:
        nothing = "DATE '1970-01-01'"
        where = f"{within} AND year_of_birth IS NOT NULL"
        people = Periods.read(self.con, "person_id", nothing, nothing, "cdm.person", where)
        some = people.of(rows.person)[0]
        return rows if len(some) == len(rows.person) else rows.rows(some)


def _parts(people: Ints) -> Iterator[tuple[Ints, int, int]]:
    """Cut ascending people into parts, each with its first and last id; one empty part where there is nobody."""
    if not len(people):
        yield people, 0, -1
    for start in range(0, len(people), PEOPLE_AT_ONCE):
        part = people[start : start + PEOPLE_AT_ONCE]
        yield part, int(part[0]), int(part[-1])
