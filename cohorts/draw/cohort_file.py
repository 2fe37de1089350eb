"""The cohort file that a draw starts from: which people stand in it, and when they entered."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq

from cdm.errors import BadInput
from cohorts.draw.periods import LATEST, Periods, firsts

COLUMNS = ("role", "subject_id", "cohort_start_date", "cohort_end_date")


@dataclass(frozen=True)
class CohortFile:
    """A Parquet file of role, subject_id, cohort_start_date, cohort_end_date.

    cases, controls: entries of the case cohort and of the controls' pool. One on no known day begins after every day, one
    without an end goes on.
    """

    cases: Periods
    controls: Periods

    @classmethod
    def of(cls, con: duckdb.DuckDBPyConnection, path: Path, pool: str, controls_wanted: bool) -> CohortFile:
        """Read a cohort file. Raises BadInput when it is none, or has no cohort of the pool's name."""
        found = pq.read_schema(path).names if path.is_file() else None
        if found is None or not set(COLUMNS) <= set(found):
            what = "does not exist" if found is None else f"has the columns {', '.join(found)}"
            raise BadInput(f"The cohort file {path} {what}; a cohort of cases and controls has {', '.join(COLUMNS)}.")
        roles = [str(r[0]) for r in con.execute(f"SELECT DISTINCT role FROM {_rows(path)} ORDER BY 1").fetchall()]
        if roles and controls_wanted and pool not in ("control", *roles):
            raise BadInput(
                f"The draw takes its controls from the cohort '{pool}', which the cohort file does not hold "
                f"(it holds: {', '.join(roles)}); name one of them as `pool`."
            )
        return cls(_entries(con, path, "case"), _entries(con, path, pool))

    def events(self) -> Periods:
        """When each person of the case cohort first is a case."""
        day, person = self.cases.first, self.cases.person
        by = np.lexsort((day, person))
        first = by[firsts(person[by])]
        return Periods(person[first], day[first], day[first])


def _entries(con: duckdb.DuckDBPyConnection, path: Path, role: str) -> Periods:
    start, end = "coalesce(cohort_start_date, DATE 'infinity')", f"coalesce(cohort_end_date, DATE '{LATEST}')"
    where = f"role = {_text(role)} AND subject_id IS NOT NULL"
    return Periods.read(con, "subject_id", start, end, _rows(path), where)


def _rows(path: Path) -> str:
    """Name the file in SQL."""
    return f"read_parquet({_text(str(path))})"


def _text(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"
