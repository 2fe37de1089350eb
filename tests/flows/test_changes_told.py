"""What is told of rows, codes and values where all numbers are large; test_changes_attacked is about small ones."""

from __future__ import annotations

from dataclasses import replace

from extract.compare import Difference, People
from extract.compare_codes import CodeBy, CodeChange
from extract.compare_missing import Missing
from extract.compare_rows import RowsBy, TableChange
from flows.changes_codes import code_causes, code_line, told_codes
from flows.changes_groups import Groups
from flows.changes_rows import rows_told
from flows.changes_values import ValueTold, told_missing, told_values

GROUPS = Groups({("came", "cdm"): 60, ("left", "cdm"): 50, ("left", "withdrawal"): 20}, frozenset(), 300)
CODE = CodeChange(
    "measurement",
    3004249,
    (100, 140),
    mean=(10.0, 14.0),
    sd=4.0,
    valued=(100, 140),
    stayed_mean=(10.0, 10.2),
    stayed=(80, 80),
    others=(20, 60),
    by=(CodeBy("came", "cdm", 60, 0, 60), CodeBy("left", "cdm", 0, 20, 20), CodeBy("stayed", "cdm", 0, 0, 80)),
)


def why(code: CodeChange) -> list[tuple[str, ...]]:
    (value,) = told_values([code], GROUPS, 10)
    return [line[2:] for line in value.why]


def test_a_mean_that_moved_because_others_came_is_told_beside_that_of_the_same_people() -> None:
    (value,) = told_values([CODE], GROUPS, 10)
    assert value.line == ("measurement", "3004249", "10", "14", "10", "10.2")
    assert why(CODE) == [("came", "cdm"), ("left", "cdm")]
    assert why(replace(CODE, stayed_mean=(10.0, 14.0))) == [("stayed", "cdm")]


def test_a_mean_that_moved_among_the_same_people_is_told_though_the_whole_stood_still() -> None:
    steady = replace(CODE, mean=(10.0, 10.0), stayed_mean=(10.0, 13.0))
    assert why(steady) == [("came", "cdm"), ("left", "cdm"), ("stayed", "cdm")]
    assert told_values([replace(steady, stayed_mean=(10.0, 10.1))], GROUPS, 10) == ()


def test_means_of_the_same_people_are_withheld_where_few_others_would_be_left_of_the_whole() -> None:
    for few in (replace(CODE, others=(3, 60)), replace(CODE, stayed=(9, 80))):
        (value,) = told_values([few], GROUPS, 10)
        assert value.line[4:] == ("*", "*")
    assert told_values([replace(CODE, valued=(100, 9))], GROUPS, 10) == ()


def test_a_cause_of_few_people_is_no_reason_that_is_told() -> None:
    by = (CodeBy("came", "cdm", 9, 0, 9), CodeBy("left", "cdm", 0, 20, 20))
    assert why(replace(CODE, by=by)) == [("left", "cdm")]


def test_a_column_that_is_empty_more_often_is_told_with_whose_rows_those_are() -> None:
    emptier = Missing("unit_concept_id", (0.1, 0.4), (0.1, 0.11), (20, 90), (80, 80), (20, 60))
    rows = TableChange(
        (100, 140), 60, 20, 80, 0, (RowsBy("came", "cdm", 60, 60, 0, 0), RowsBy("left", "cdm", 0, 0, 20, 9))
    )

    def told(one: Missing) -> tuple[ValueTold, ...]:
        nobody = People({}, {}, {}, {})
        return told_missing(Difference(nobody, {"measurement": rows}, (), (), (), {"measurement": (one,)}), GROUPS, 10)

    (value,) = told(emptier)
    assert value.line == ("measurement", "unit_concept_id", "0.10", "0.40", "0.10", "0.11")
    assert value.why == (("measurement", "unit_concept_id", "came", "cdm"),)  # of those who left, nine
    (value,) = told(replace(emptier, others=(3, 60)))
    assert value.line[4:] == ("*", "*")
    assert told(replace(emptier, people=(9, 90))) == ()


def test_a_code_tells_who_newly_carries_it_and_who_no_longer_does() -> None:
    assert told_codes([CODE, replace(CODE, concept_id=2, people=(100, 105))], 10) == [CODE]
    assert code_line(CODE) == ("measurement", "3004249", "moved", "100", "140")
    assert code_causes(CODE, GROUPS, 10) == (
        ("measurement", "3004249", "came", "cdm", "60", "0"),
        ("measurement", "3004249", "left", "cdm", "0", "20"),
    )


def test_rows_that_are_nobodys_go_under_whatever_changed() -> None:
    told = rows_told("care_site", TableChange((5, 6), 2, 1, 0), GROUPS, "cdm + withdrawal", 10)
    assert told.whole == ("care_site", "5", "6", "2", "1", "0")
    assert told.by_cause == (("care_site", "nobody", "cdm + withdrawal", "2", "0", "1", "0"),)


def test_where_a_cause_is_too_small_who_left_is_told_as_one() -> None:
    change = TableChange(
        (900, 870), 0, 30, 25, 0, (RowsBy("left", "cdm", 0, 0, 25, 21), RowsBy("left", "withdrawal", 0, 0, 5, 4))
    )
    told = rows_told("death", change, GROUPS, "cdm", 10)
    assert told.whole == ("death", "900", "870", "0", "30", "25")
    assert told.by_cause == (("death", "left", "cdm + withdrawal", "0", "0", "30", "25"),)
