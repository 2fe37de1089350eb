"""Rare codes: told as a broader concept, or not at all."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdm.errors import BadInput
from cdm.schema import tables
from deid.codes import RareCodes, make_codes, open_ancestors
from deid.inputs import RawTable
from deid.policy import StudyPolicy
from tests.deid.extracts import PEOPLE, policy, run
from tests.tables import write_parquet

# 10 <- 20 <- 30 <- 40: each comes under the one before it; 20 <- 31, too. 90 stands alone.
ANCESTORS = """
ancestor_concept_id | descendant_concept_id | min_levels_of_separation
                 10 |                    20 | 1
                 10 |                    30 | 2
                 10 |                    31 | 2
                 10 |                    40 | 3
                 20 |                    30 | 1
                 20 |                    31 | 1
                 20 |                    40 | 2
                 30 |                    40 | 1
"""


def told(
    carried: list[tuple[int, int]], k: int, ancestors: list[tuple[int, int, int]]
) -> tuple[dict[int, int], RareCodes | None]:
    """Concept -> what it is told as, of (person, concept) pairs."""
    con = duckdb.connect()
    people = sorted({person for person, _ in carried})
    con.register("people", pa.table({"person_id": people, "kept": [True] * len(people)}))
    con.register(
        "raw_condition_occurrence",
        pa.table({"person_id": [p for p, _ in carried], "condition_concept_id": [c for _, c in carried]}),
    )
    con.execute(
        "CREATE TABLE ancestors (ancestor_concept_id BIGINT, descendant_concept_id BIGINT, min_levels_of_separation BIGINT)"
    )
    con.executemany("INSERT INTO ancestors VALUES (?, ?, ?)", ancestors or [(0, 0, 0)])
    part = RawTable(tables("5.4")["condition_occurrence"], {"person_id": "BIGINT", "condition_concept_id": "BIGINT"})
    found = make_codes(con, {"condition_occurrence": part}, policy(k=k))
    changed = dict(con.execute("FROM codes_condition_occurrence_condition_concept_id").fetchall())
    return {c: changed.get(c, c) for _, c in carried}, found[0] if found else None


CHAIN = [(10, 20, 1), (10, 30, 2), (10, 31, 2), (10, 40, 3), (20, 30, 1), (20, 31, 1), (20, 40, 2), (30, 40, 1)]


def test_a_concept_of_enough_people_stays() -> None:
    assert told([(1, 30), (2, 30)], 2, CHAIN) == ({30: 30}, None)


def test_rare_ones_meet_at_the_nearest_ancestor_that_is_common_enough() -> None:
    found, report = told([(1, 30), (2, 31)], 2, CHAIN)
    assert found == {30: 20, 31: 20}
    assert report == RareCodes("condition_occurrence", "condition_concept_id", concepts=2, broader=2, dropped=0, rows=2)


def test_a_rare_one_joins_an_ancestor_that_enough_people_carry_themselves() -> None:
    assert told([(1, 40), (2, 20), (3, 20)], 2, CHAIN)[0] == {40: 20, 20: 20}


def test_two_rows_of_one_person_are_one_person() -> None:
    assert told([(1, 30), (1, 31), (1, 30)], 2, CHAIN)[0] == {30: 0, 31: 0}


def test_without_a_common_ancestor_the_code_is_not_told() -> None:
    found, report = told([(1, 90), (2, 30), (3, 31)], 2, CHAIN)
    assert found == {90: 0, 30: 20, 31: 20}
    assert report is not None
    assert (report.broader, report.dropped) == (2, 1)


def test_no_concept_is_no_rare_concept() -> None:
    assert told([(1, 0), (2, 30), (3, 30)], 2, CHAIN)[0] == {0: 0, 30: 30}


CONCEPTS = st.sampled_from([10, 20, 30, 31, 40, 90])


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.lists(st.tuples(st.integers(1, 9), CONCEPTS), min_size=1, max_size=30), st.integers(2, 5))
def test_what_is_told_is_carried_by_k_people_and_is_true(carried: list[tuple[int, int]], k: int) -> None:
    found, _ = told(carried, k, CHAIN)
    people = defaultdict(set)
    for person, concept in carried:
        people[found[concept]].add(person)
    above = {(descendant, ancestor) for ancestor, descendant, _ in CHAIN}
    for concept, shown in found.items():
        assert shown in (0, concept) or (concept, shown) in above
    assert all(len(who) >= k for shown, who in people.items() if shown)
    common = {c for c in found if len({p for p, x in carried if x == c}) >= k}
    assert all(found[c] == c for c in common)


CONCEPTS = """
concept_id | vocabulary_id | concept_code
        10 | SNOMED        | 404684003
"""
CONDITIONS = """
condition_occurrence_id | person_id | condition_concept_id | condition_start_date
                      1 |        11 |                   30 | 2018-02-02
                      2 |        12 |                   31 | 2018-01-04
                      3 |        13 |                   90 | 2019-01-04
                      4 |        13 |                   20 | 2019-01-05
                      5 |        14 |                   20 | 2019-01-05
"""


def test_the_release_shows_what_is_told_and_keeps_every_row(tmp_path: Path) -> None:
    known = write_parquet(tmp_path / "vocabulary", {"ancestors": ANCESTORS, "concepts": CONCEPTS})
    out, report = run(tmp_path / "run", {"person": PEOPLE, "condition_occurrence": CONDITIONS}, vocabulary=known)
    assert sorted(out["condition_occurrence"]["condition_concept_id"].to_pylist()) == [0, 20, 20, 20, 20]
    assert [one.to_json() for one in report.rare_codes] == [
        {
            "table": "condition_occurrence",
            "column": "condition_concept_id",
            "rare_concepts": 3,
            "told_broader": 2,
            "not_told": 1,
        }
    ]


def test_a_study_may_not_keep_what_the_programme_makes_common() -> None:
    study = StudyPolicy.model_validate({"tables": {"condition_occurrence": {"condition_concept_id": "keep"}}})
    with pytest.raises(BadInput, match=r"condition_concept_id: says keep where it is generalise so far"):
        policy(study)


def test_only_concepts_of_people_can_be_made_common() -> None:
    study = StudyPolicy.model_validate(
        {"tables": {"measurement": {"value_as_number": {"action": "generalise", "by": "common"}}}}
    )
    with pytest.raises(BadInput, match=r"value_as_number: this column cannot be generalised by common"):
        policy(study)


def test_a_file_of_ancestors_that_is_none_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": [1]}), tmp_path / "ancestors.parquet")
    with pytest.raises(BadInput, match=r"ancestors.parquet is no table of ancestor_concept_id"):
        open_ancestors(duckdb.connect(), tmp_path / "ancestors.parquet")
