"""Whom an attacker singles out who knows some events: against counting person by person."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdm.errors import GateRefused
from deid.linkage import KNOWLEDGE, NEAR, Knowledge, Shift, _known, linkage_curve
from deid.linkage_plot import release_plot
from tests.deid.extracts import policy, run

KEY = bytes(32)
DAY_0 = date(2020, 1, 1)
Row = tuple[int, int, int]  # person, code, day
ROWS = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 3), st.integers(0, 40)), min_size=1, max_size=25)
OFFSETS = st.lists(st.integers(-20, 20).filter(bool), min_size=5, max_size=5)


def engine(rows: list[Row], offsets: list[int]) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    columns = [(p, c, DAY_0 + timedelta(d), DAY_0 + timedelta(d + offsets[p - 1])) for p, c, d in rows]
    names = ("person_id", "code", "day", "released_day")
    con.register("events", pa.table(dict(zip(names, map(list, zip(*columns, strict=True)), strict=True))))
    return con


def fits(knowledge: Knowledge, known: list[tuple[int, int]], rows: list[tuple[int, int]], offset: int) -> bool:
    """Whether rows (code, day) hold all known events; offset: what moved these rows."""

    def under(moved: int) -> bool:
        return all(
            any(
                c == code
                and (
                    {
                        "exact": d == day,
                        "near": abs(d - day) <= NEAR,
                        "codes": True,
                        "shifted": d + offset == day + moved,
                    }[knowledge]
                )
                for c, d in rows
            )
            for code, day in known
        )

    return any(under(moved) for moved in range(-20, 21) if moved) if knowledge == "shifted" else under(0)


@settings(max_examples=20, deadline=None, derandomize=True, database=None)
@given(ROWS, OFFSETS)
def test_the_curve_is_that_of_an_attacker_who_compares_person_by_person(rows: list[Row], offsets: list[int]) -> None:
    con = engine(rows, offsets)
    found = linkage_curve(con, "events", KEY, Shift(20))
    of = defaultdict(list)
    for person, code, day in sorted(set(rows)):
        of[person].append((code, day))
    known = _drawn(con)
    told = {(point.knowledge, point.known): (point.people, point.singled_out) for point in found}
    for knowledge in KNOWLEDGE:
        for n in range(1, 6):
            attacked = [person for person in of if len(known[person]) >= n]
            alone = [
                person
                for person in attacked
                if sum(fits(knowledge, known[person][:n], of[p], offsets[p - 1]) for p in of) == 1
            ]
            assert told[knowledge, n] == (len(attacked), len(alone)), (knowledge, n)


def _drawn(con: duckdb.DuckDBPyConnection) -> dict[int, list[tuple[int, int]]]:
    """The known events, drawn anew with the same key."""
    con.execute("CREATE TEMP TABLE linkage_events AS SELECT DISTINCT * FROM events")
    found = defaultdict(list)
    for row in sorted(_known(con, KEY, 500).to_pylist(), key=lambda row: row["nth"]):
        found[row["target"]].append((row["code"], (row["day"] - DAY_0).days))
    return found


def test_more_known_events_single_out_no_fewer_people() -> None:
    rows = [(p, (p * d) % 7, d * 3) for p in range(1, 40) for d in range(1, 12)]
    found = linkage_curve(engine(rows, [1] * 40), "events", KEY, Shift(365))
    for knowledge in KNOWLEDGE:
        shares = [point.share for point in found if point.knowledge == knowledge]
        assert shares == sorted(shares)
    at_three = {point.knowledge: point.share for point in found if point.known == 3}
    assert at_three["codes"] <= at_three["shifted"] <= at_three["exact"]


def test_known_events_are_no_more_than_asked_and_the_same_for_a_key() -> None:
    rows = [(p, c, c) for p in range(1, 31) for c in range(1, 9)]
    one, again = (linkage_curve(engine(rows, [2] * 31), "events", KEY, Shift(20), people=10) for _ in range(2))
    assert one == again
    assert {point.people for point in one} == {10}


def test_whole_weeks_are_all_that_the_attacker_has_to_try_where_weekdays_are_kept() -> None:
    rows = [(1, 1, 10), (2, 1, 13)]
    free = linkage_curve(engine(rows, [7, 7]), "events", KEY, Shift(20), knowledge=["shifted"])
    weeks = linkage_curve(engine(rows, [7, 7]), "events", KEY, Shift(20, 7), knowledge=["shifted"])
    assert (free[0].singled_out, weeks[0].singled_out) == (0, 2)


PEOPLE = """
person_id | gender_concept_id | year_of_birth
        1 |              8507 |          1950
        2 |              8507 |          1950
"""
DRAW = """
person_id | role | index_date | set_id | weight
        1 | case | 2018-03-01 |      1 | 1
        2 | case | 2018-03-05 |      2 | 1
"""
CONDITIONS = """
condition_occurrence_id | person_id | condition_concept_id | condition_start_date
                      1 |         1 |               201826 | 2018-01-01
                      2 |         1 |               201826 | 2018-01-11
                      3 |         1 |               201826 | 2018-01-31
                      4 |         2 |               201826 | 2018-01-01
                      5 |         2 |               201826 | 2018-02-01
                      6 |         2 |               201826 | 2018-02-09
"""


def test_a_release_says_it_and_a_policy_may_set_a_limit(tmp_path: Path) -> None:
    content = {"person": PEOPLE, "condition_occurrence": CONDITIONS}
    _, report = run(tmp_path / "told", content, DRAW)
    assert {point.knowledge: point.share for point in report.linkage if point.known == 3} == {
        "exact": 1.0, "shifted": 1.0, "near": 0.0, "codes": 0.0,
    }  # fmt: skip
    with pytest.raises(
        GateRefused, match=r"3 known events .* single out 100% .* allows 50% \(settings.linkage_limit\)"
    ):
        run(tmp_path / "limited", content, DRAW, policy(linkage_limit=0.5))


def test_the_curve_of_a_release_is_drawn_from_its_record() -> None:
    curve = [
        {"knowledge": "shifted", "known": 1, "people": 200, "share": 0.25},
        {"knowledge": "shifted", "known": 2, "people": 100, "share": 0.5},
        {"knowledge": "codes", "known": 1, "people": 200, "share": 0.01},
    ]
    drawn = release_plot(curve, "ko")
    assert "정확한 날짜, 옮긴 뒤" in drawn
    assert "날짜 없이 코드만" in drawn
    assert "옮기기 전" not in drawn
    assert drawn == release_plot(curve, "ko")
