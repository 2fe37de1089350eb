"""Whatever is changed in a released table after the fact, the gate notices."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.gate import judge_release
from tests.quality.runs import Run, clean

TABLES = ("person", "observation_period", "visit_occurrence", "measurement", "death", "cohort")
OTHER = {"INTEGER": "{0} + 1", "BIGINT": "{0} + 1", "DOUBLE": "{0} + 0.001", "DATE": "{0} + 1", "TIMESTAMP": "{0} + INTERVAL 1 MINUTE",
         "VARCHAR": "{0} || 'x'"}  # fmt: skip


def _row(run: Run, table: str, at: int) -> int:
    return at % len(run.content[f"deid.{table}"])


def _changed(run: Run, table: str, column: str, at: int) -> Run:
    found = run.put(f"deid.{table}", f"SELECT typeof({column}) AS t FROM it LIMIT 1").content[f"deid.{table}"]
    other = OTHER[found.column(0)[0].as_py()].format(column)
    return run.put(
        f"deid.{table}",
        f"SELECT * EXCLUDE (place) REPLACE (CASE WHEN place = {_row(run, table, at) + 1} THEN {other} "
        f"ELSE {column} END AS {column}) FROM (SELECT *, row_number() OVER () AS place FROM it)",
    )


@given(st.sampled_from(TABLES), st.integers(0, 10**6), st.integers(0, 10**6))
@settings(max_examples=15, derandomize=True, deadline=None)
def test_a_changed_cell_is_noticed(table: str, which: int, at: int) -> None:
    run = clean()
    columns = [c for c in run.content[f"deid.{table}"].column_names if c not in (f"{table}_id", "set_id", "site_id")]
    columns += ["person_id"] if table == "person" else []
    column = sorted(set(columns))[which % len(set(columns))]
    value = run.content[f"deid.{table}"].column(column)[_row(run, table, at)].as_py()
    if value is None:
        return
    _expect_block(_changed(run, table, column, at))


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("change", ["lost", "repeated"])
def test_a_lost_or_repeated_row_is_noticed(table: str, change: str) -> None:
    numbered = "SELECT *, row_number() OVER () AS place FROM it"
    keep = "place <> 1" if change == "lost" else "true"
    again = "UNION ALL SELECT * EXCLUDE (place) FROM numbered WHERE place = 1" if change == "repeated" else ""
    sql = f"WITH numbered AS ({numbered}) SELECT * EXCLUDE (place) FROM numbered WHERE {keep} {again}"
    _expect_block(clean().put(f"deid.{table}", sql))


@pytest.mark.parametrize("table", [table for table in TABLES if table != "death"])
def test_two_people_who_changed_places_are_noticed(table: str) -> None:
    person = "subject_id" if table == "cohort" else "person_id"
    swapped = (
        f"SELECT * EXCLUDE (lo, hi) REPLACE (CASE {person} WHEN lo THEN hi WHEN hi THEN lo ELSE {person} END AS {person}) "
        f"FROM (SELECT *, min({person}) OVER () AS lo, max({person}) OVER () AS hi FROM it)"
    )
    _expect_block(clean().put(f"deid.{table}", swapped))


def _expect_block(run: Run) -> None:
    with TemporaryDirectory() as folder:
        assert not judge_release(run.write(Path(folder))).passed
