"""The cohort file that a draw starts from: which people stand in it, and when they entered."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq

from cdm.errors import BadInput
from cohorts.draw.arrow import batches
from cohorts.draw.candidates import Ints

COLUMNS = ("role", "subject_id", "cohort_start_date", "cohort_end_date")


@dataclass(frozen=True)
class CohortFile:
    """A Parquet file of role, subject_id, cohort_start_date, cohort_end_date.

    pool: name (role) of the cohort that controls come from; cases, controls: different people of the two, ascending.
    """

    path: Path
    pool: str
    cases: Ints
    controls: Ints

    @classmethod
    def of(cls, con: duckdb.DuckDBPyConnection, path: Path, pool: str, controls_wanted: bool) -> CohortFile:
        """Look into a cohort file. Raises BadInput when it is none, or has no cohort of the pool's name."""
        found = pq.read_schema(path).names if path.is_file() else None
        if found is None or not set(COLUMNS) <= set(found):
            what = "does not exist" if found is None else f"has the columns {', '.join(found)}"
            raise BadInput(f"The cohort file {path} {what}; a cohort of cases and controls has {', '.join(COLUMNS)}.")
        file = cls(path, pool, np.empty(0, np.int64), np.empty(0, np.int64))
        roles = [str(r[0]) for r in con.execute(f"SELECT DISTINCT role FROM {file.rows()} ORDER BY 1").fetchall()]
        if roles and controls_wanted and pool not in ("control", *roles):
            raise BadInput(
                f"The draw takes its controls from the cohort '{pool}', which the cohort file does not hold "
                f"(it holds: {', '.join(roles)}); name one of them as `pool`."
            )
        return cls(path, pool, file.people(con, "case"), file.people(con, pool))

    def rows(self) -> str:
        """Name the file in SQL."""
        return "read_parquet('" + str(self.path).replace("'", "''") + "')"

    def people(self, con: duckdb.DuckDBPyConnection, role: str) -> Ints:
        """List the different people of one cohort, ascending."""
        where = f"role = {_text(role)} AND subject_id IS NOT NULL"
        parts = [ids for (ids,) in batches(con, f"SELECT subject_id::BIGINT FROM {self.rows()} WHERE {where}")]
        people = np.concatenate(parts) if parts else np.empty(0, np.int64)
        people.sort()
        new = np.ones(len(people), bool)
        new[1:] = people[1:] != people[:-1]
        return people[new]

    def keep_events(self, con: duckdb.DuckDBPyConnection) -> None:
        """Make table `event` (person_id, event): when each person first is a case."""
        con.execute(
            f"""CREATE OR REPLACE TEMP TABLE event AS
            SELECT subject_id::BIGINT AS person_id, min(cohort_start_date) AS event FROM {self.rows()}
            WHERE role = 'case' GROUP BY 1"""
        )

    def keep_entries(self, con: duckdb.DuckDBPyConnection, of_cases: bool, first: int, last: int) -> None:
        """Make table `entry` (person_id, entered, left_on) of one cohort's people from id `first` to `last`."""
        role = "case" if of_cases else self.pool
        con.execute(
            f"""CREATE OR REPLACE TEMP TABLE entry AS
            SELECT subject_id::BIGINT AS person_id, cohort_start_date AS entered, cohort_end_date AS left_on
            FROM {self.rows()} WHERE role = {_text(role)} AND subject_id BETWEEN {first} AND {last}"""
        )


def _text(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"
