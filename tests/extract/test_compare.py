"""Two versions of small tables: whose rows differ, which codes came and went, and which means moved among the same people."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest

from cdm.errors import BadInput
from extract.compare import Difference, Labels, People, compare
from extract.compare_codes import CodeBy
from extract.compare_missing import Missing
from extract.compare_rows import RowsBy
from tests.tables import write_parquet

COHORT = """
subject_id | role    | index_date
         1 | case    | 2031-01-01
         2 | case    | 2031-01-02
         3 | control | 2031-01-03
"""
LATER = """
subject_id | role    | index_date
         2 | case    | 2031-01-02
         3 | control | 2031-05-05
         4 | control | 2031-01-04
"""
HEAD = "measurement_id|person_id|measurement_concept_id|measurement_date|value_as_number|value_as_concept_id\n"
ROWS = """
10 | 1 | 50 | 2031-01-01 | 1 | 0
20 | 2 | 50 | 2031-01-01 | 2 | 0
21 | 2 | 60 | 2031-01-01 | 5 | 0
30 | 3 | 60 | 2031-01-01 | 7 | 0
"""


@dataclass(frozen=True)
class Kinds:
    rows: str
    codes: str = "vocabulary"
    person: str = "herself"
    restated: str = "policy"


LABELS = Labels(
    pa.table({"subject_id": pa.array([1, 4], pa.int64()), "label": ["withdrew", "new"]}),
    Kinds("refresh"),
    Kinds("moved"),
)


def compared(tmp_path: Path, old: dict[str, str], new: dict[str, str]) -> Difference:
    for name, tables in (("old", old), ("new", new)):
        write_parquet(tmp_path / name / "tables", tables)
    return compare(tmp_path / "old", tmp_path / "new", "5.4", lambda _: LABELS)


def measured(tmp_path: Path, later: str) -> Difference:
    return compared(
        tmp_path,
        {"cohort": COHORT, "measurement": HEAD + ROWS.strip()},
        {"cohort": LATER, "measurement": HEAD + later.strip()},
    )


def test_rows_are_counted_by_who_came_left_and_stayed_and_whether_their_place_in_the_cohort_moved(
    tmp_path: Path,
) -> None:
    found = measured(
        tmp_path,
        """
        20 | 2 | 50 | 2031-01-01 | 2 | 0
        21 | 2 | 60 | 2031-01-01 | 6 | 0
        22 | 2 | 60 | 2031-01-02 | 6 | 0
        40 | 4 | 50 | 2031-01-01 | 7 | 0
        41 | 4 | 50 | 2031-01-01 | 7 | 0
        """,
    )
    change = found.tables["measurement"]
    assert (change.rows, change.added, change.removed, change.people, change.stayed) == ((4, 5), 4, 3, 4, 2)
    assert change.by == (
        RowsBy("came", "new", 2, 1, 0, 0),
        RowsBy("left", "withdrew", 0, 0, 1, 1),
        RowsBy("stayed", "moved", 0, 0, 1, 1),
        RowsBy("stayed", "refresh", 2, 1, 1, 1),
    )


def test_a_row_that_bears_another_code_and_is_the_same_for_the_rest_is_recoded(tmp_path: Path) -> None:
    found = measured(
        tmp_path,
        """
        10 | 1 | 50 | 2031-01-01 | 1 | 0
        20 | 2 | 51 | 2031-01-01 | 2 | 0
        21 | 2 | 60 | 2031-01-01 | 5 | 77
        30 | 3 | 61 | 2031-01-01 | 7 | 0
        """,
    )
    rows = [one for one in found.tables["measurement"].by if one.who == "stayed"]
    # Another result is no other code, although a concept tells it.
    assert rows == [RowsBy("stayed", "refresh", 1, 1, 1, 1), RowsBy("stayed", "vocabulary", 2, 2, 2, 2)]
    by_code = {code.concept_id: code for code in found.codes}
    assert by_code[51].by == (CodeBy("stayed", "vocabulary", 1, 0, 1),)
    assert by_code[50].by == (CodeBy("stayed", "vocabulary", 0, 1, 1),)


def test_a_row_that_differs_in_columns_alone_that_are_treated_in_another_way_is_restated(tmp_path: Path) -> None:
    head = "table,column,action,reason\nmeasurement,measurement_id,pseudonymise,"
    for name, treated in (("old", "shift"), ("new", "generalise")):
        (tmp_path / name / "docs").mkdir(parents=True)
        lines = f"{head}\nmeasurement,measurement_date,{treated},\n"
        (tmp_path / name / "docs/data_dictionary.csv").write_text(lines)
    found = measured(
        tmp_path,
        """
        10 | 1 | 50 | 2031-01-01 | 1 | 0
        20 | 2 | 50 | 2031-07-01 | 2 | 0
        21 | 2 | 60 | 2031-07-01 | 6 | 0
        30 | 3 | 61 | 2031-01-01 | 7 | 0
        """,
    )
    assert [one for one in found.tables["measurement"].by if one.who == "stayed"] == [
        RowsBy("stayed", "policy", 1, 1, 1, 1),
        RowsBy("stayed", "refresh", 1, 1, 1, 1),
        RowsBy("stayed", "vocabulary", 1, 1, 1, 1),
    ]


def test_what_is_said_of_a_person_herself_counts_apart(tmp_path: Path) -> None:
    person = "person_id | gender_concept_id | year_of_birth\n 2 | 8532 | 1950"
    found = compared(
        tmp_path, {"cohort": COHORT, "person": person}, {"cohort": COHORT, "person": person.replace("8532", "0")}
    )
    assert found.tables["person"].by == (RowsBy("stayed", "herself", 1, 1, 1, 1),)


def test_rows_that_repeat_are_counted_as_often_as_they_do(tmp_path: Path) -> None:
    head = "person_id | observation_concept_id | observation_date\n"
    twice, thrice = " 2 | 9 | 2031-01-01\n" * 2, " 2 | 9 | 2031-01-01\n" * 3
    old = {"cohort": COHORT, "observation": head + thrice + " 3 | - | -\n" * 2}
    new = {"cohort": COHORT, "observation": head + twice + " 3 | - | -\n" * 4}
    change = compared(tmp_path, old, new).tables["observation"]
    assert (change.rows, change.added, change.removed, change.people) == ((5, 6), 2, 1, 2)
    assert change.by == (RowsBy("stayed", "refresh", 2, 1, 1, 1),)


def test_codes_tell_who_newly_carries_them_and_who_no_longer_does(tmp_path: Path) -> None:
    found = measured(
        tmp_path,
        """
        21 | 2 | 60 | 2031-01-01 | 5 | 0
        31 | 3 | 60 | 2031-01-02 | 7 | 0
        32 | 3 | 70 | 2031-01-02 | 7 | 0
        40 | 4 | 70 | 2031-01-01 | 7 | 0
        """,
    )
    by_code = {code.concept_id: code for code in found.codes}
    assert set(by_code) == {50, 70}
    assert (by_code[50].people, by_code[70].people) == ((2, 0), (0, 2))
    assert by_code[50].by == (CodeBy("left", "withdrew", 0, 1, 1), CodeBy("stayed", "refresh", 0, 1, 1))
    assert by_code[70].by == (CodeBy("came", "new", 1, 0, 1), CodeBy("stayed", "moved", 1, 0, 1))


def test_a_mean_is_told_of_all_and_of_those_who_are_in_both_versions(tmp_path: Path) -> None:
    found = measured(
        tmp_path,
        """
        20 | 2 | 50 | 2031-01-01 | 2 | 0
        30 | 3 | 60 | 2031-01-01 | 7 | 0
        40 | 4 | 50 | 2031-01-01 | 8 | 0
        41 | 4 | 50 | 2031-01-02 | - | 0
        """,
    )
    code = next(code for code in found.codes if code.concept_id == 50)
    assert (code.people, code.valued) == ((2, 2), (2, 2))
    assert code.mean == (1.5, 5.0)
    assert (code.stayed_mean, code.stayed, code.others) == ((2.0, 2.0), (1, 1), (1, 1))


def test_a_column_that_is_empty_more_often_is_told_of_all_and_of_those_in_both_versions(tmp_path: Path) -> None:
    found = measured(
        tmp_path,
        """
        20 | 2 | 50 | 2031-01-01 | 2 | 0
        21 | 2 | 60 | 2031-01-01 | - | 0
        40 | 4 | 50 | 2031-01-01 | - | 0
        41 | 4 | 50 | 2031-01-02 | - | 0
        """,
    )
    assert found.missing["measurement"] == (
        Missing("value_as_number", (0.0, 0.75), (0.0, 0.5), (3, 1), (2, 1), (1, 1)),
    )


def test_rows_of_notes_parts_are_those_of_the_notes_people(tmp_path: Path) -> None:
    note = "note_id | person_id\n 1 | 1\n 2 | 2"
    parts = "note_nlp_id | note_id | lexical_variant_code\n 5 | 1 | a\n 6 | 2 | b"
    old = {"cohort": COHORT, "note": note, "note_nlp": parts}
    new = {"cohort": LATER, "note": "note_id | person_id\n 2 | 2", "note_nlp": parts.replace("5 | 1 | a\n 6", "6")}
    change = compared(tmp_path, old, new).tables["note_nlp"]
    assert change.by == (RowsBy("left", "withdrew", 0, 0, 1, 1),)
    assert change.columns_added == change.columns_removed == ()


def test_columns_and_tables_that_came_went_or_changed_their_type(tmp_path: Path) -> None:
    old = {
        "cohort": COHORT,
        "person": "person_id | year_of_birth | day_of_birth\n 2 | 1950 | 3",
        "death": "person_id\n2",
    }
    new = {"cohort": COHORT, "person": "person_id | year_of_birth | race_name\n 2 | 1950 | x", "note": "person_id\n2"}
    found = compared(tmp_path, old, new)
    person = found.tables["person"]
    assert (person.columns_added, person.columns_removed, person.added) == (("race_name",), ("day_of_birth",), 0)
    assert (found.tables_added, found.tables_removed) == (("note",), ("death",))


def test_people_are_told_by_role_and_a_folder_without_a_cohort_is_refused(tmp_path: Path) -> None:
    seen: list[People] = []
    for name, cohort in (("old", COHORT), ("new", LATER)):
        write_parquet(tmp_path / name / "tables", {"cohort": cohort})
    compare(tmp_path / "old", tmp_path / "new", "5.4", lambda people: seen.append(people) or LABELS)
    assert (seen[0].before, seen[0].after) == ({"case": 2, "control": 1}, {"case": 1, "control": 2})
    assert {role: list(ids) for role, ids in seen[0].came.items()} == {"control": [4]}
    assert {role: list(ids) for role, ids in seen[0].left.items()} == {"case": [1]}
    with pytest.raises(BadInput, match="has no tables/cohort"):
        compare(tmp_path, tmp_path / "new", "5.4", lambda _: LABELS)
