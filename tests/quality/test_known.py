"""What a file tells of itself answers what would otherwise be counted: both give the same figures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from cdm.engine import connect
from quality.gate import judge_release
from quality.inputs import GateInputs
from quality.measure.known import Filled, both, empty, filled, read_filled
from quality.verdict import Finding
from tests.quality.runs import Run, clean

HALF_EMPTY = "SELECT * REPLACE (CASE WHEN measurement_id % 2 = 0 THEN value_as_number END AS value_as_number) FROM it"
NO_DAY = "SELECT * REPLACE (CASE WHEN measurement_id % 5 <> 0 THEN measurement_date END AS measurement_date) FROM it"


def untold(inputs: GateInputs) -> GateInputs:
    """The same files without a count in their footers."""
    for path in [*inputs.raw.glob("*.parquet"), *inputs.deid.glob("*.parquet")]:
        pq.write_table(pq.read_table(path), path, write_statistics=False)
    return inputs


def leave(run: Run) -> Run:
    """Person 1 was extracted and did not stay."""
    crosswalk = "SELECT * REPLACE (kept AND person_id <> 1 AS kept) FROM it"
    gone = "(SELECT subject_id FROM crosswalk WHERE person_id = 1)"
    run = run.put("crosswalk", crosswalk).put("deid.cohort", f"FROM it WHERE subject_id NOT IN {gone}")
    for name in [
        name for name in run.content if name.startswith("deid.") and "person_id" in run.content[name].column_names
    ]:
        run = run.put(name, f"FROM it WHERE person_id NOT IN {gone}")
    return run


@pytest.mark.parametrize(
    "make",
    [
        lambda run: run,
        leave,
        lambda run: run.put("raw.measurement", HALF_EMPTY).put("deid.measurement", HALF_EMPTY),
        lambda run: run.put("deid.measurement", HALF_EMPTY),
        lambda run: run.put("raw.measurement", HALF_EMPTY),
        lambda run: run.put("deid.measurement", NO_DAY),
        lambda run: run.put("deid.visit_occurrence", "FROM it LIMIT 0"),
    ],
    ids=["clean", "somebody left", "half empty", "emptied", "filled", "no day", "no visits"],
)
def test_the_figures_are_those_of_a_count(make: Callable[[Run], Run], tmp_path: Path) -> None:
    inputs = make(clean()).write(tmp_path)
    told: list[Finding] = list(judge_release(inputs).findings)
    assert told == list(judge_release(untold(inputs)).findings)


def test_a_file_tells_how_many_rows_are_filled(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    with connect() as con:
        con.execute(f"COPY (SELECT i AS a, CASE WHEN i < 7 THEN i END AS b FROM range(10) r(i)) TO '{path}'")
        found = read_filled(con, path)
        assert found == Filled(10, {"a": 10, "b": 7})
        for text, count in found.answers.items():
            assert con.execute(f"SELECT {text} FROM '{path}' t").fetchone() == (count,)
    assert found.answers[filled("b")] == 7
    assert found.answers[empty("b")] == 3
    assert both("a", "b") not in found.answers


def test_a_file_that_does_not_tell_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    with connect() as con:
        con.execute(f"COPY (SELECT 1 AS a) TO '{path}'")
        pq.write_table(pq.read_table(path), path, write_statistics=False)
        assert read_filled(con, path).columns == {}
