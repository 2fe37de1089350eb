"""Values that are not of their column's type, and the one place where the dashboard's figure may be wanted instead of ours."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from cdm import open_source
from cdm.engine import connect
from quality.baseline.declared import catalogue
from quality.baseline.measure import Database, measure
from quality.baseline.status import Result, judge
from tests.quality.baseline.databases import SOUND, TODAY, figures, result
from tests.tables import table, write_duckdb


def _with_visits(folder: Path, visits: pa.Array, *, refuse_negative: bool = False) -> tuple[Result, ...]:
    conditions = table(SOUND["condition_occurrence"])
    place = conditions.column_names.index("visit_occurrence_id")
    tables = {**SOUND, "condition_occurrence": conditions.set_column(place, "visit_occurrence_id", visits)}
    path = write_duckdb(folder / "small.duckdb", tables)
    checks = [check for check in catalogue("5.4") if check.table == "condition_occurrence"]
    with open_source(f"duckdb://{path}?schema=cdm", folder) as source, connect() as con:
        found = measure(Database(con, source, TODAY), checks, refuse_negative=refuse_negative)
    return judge({check: found[check] for check in checks})


def test_values_that_are_no_whole_number_are_counted_and_the_field_is_not_read_further(tmp_path: Path) -> None:
    found = _with_visits(tmp_path, pa.array(["10", "ten", "1.5"]))
    assert figures(found, "cdmDatatype", "condition_occurrence", "visit_occurrence_id") == (2, 3, "failed")
    reference = result(found, "isForeignKey", "condition_occurrence", "visit_occurrence_id")
    assert (reference.status, "ten" in reference.reason) == ("error", False)
    assert figures(found, "isRequired", "condition_occurrence", "person_id") == (0, 3, "passed")


def test_whole_numbers_kept_as_text_are_whole_numbers(tmp_path: Path) -> None:
    found = _with_visits(tmp_path, pa.array(["10", "10", None]))
    assert figures(found, "cdmDatatype", "condition_occurrence", "visit_occurrence_id") == (0, 3, "passed")
    assert figures(found, "isForeignKey", "condition_occurrence", "visit_occurrence_id") == (0, 3, "passed")


def test_a_negative_number_is_whole_unless_the_dashboard_s_figure_is_wanted(tmp_path: Path) -> None:
    visits = pa.array([10, -10, None], pa.int64())
    place = ("cdmDatatype", "condition_occurrence", "visit_occurrence_id")
    assert figures(_with_visits(tmp_path, visits), *place) == (0, 3, "passed")
    (tmp_path / "again").mkdir()
    assert figures(_with_visits(tmp_path / "again", visits, refuse_negative=True), *place) == (1, 3, "failed")
