"""What `generate` writes, counts and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

import cdm
from cdm.engine import Limits
from cdm.errors import BadInput
from cohorts.engine import generate, need
from cohorts.expression import Expression, parse
from tests.cohorts import compare, tiny
from tests.cohorts.small import (
    BASE,
    cohort,
    concept_set,
    condition,
    conditions,
    definition,
    drug,
    drugs,
    group,
    occurs,
    window,
)
from tests.tables import write_duckdb

EVENTS = conditions("""
    1 | 1 | 10 | 2011-01-01 | 2011-01-05
    2 | 1 | 10 | 2012-01-01 | 2012-01-05
    3 | 2 | 10 | 2011-01-01 | 2011-01-05""") | drugs("""
    1 | 1 | 20 | 2011-01-01 | 2011-01-05 | -
    2 | 2 | 20 | 2011-01-03 | 2011-01-05 | -""")


def given(**definitions: dict[str, object]) -> dict[str, Expression]:
    return {name.lstrip("_"): parse(json.dumps(one), name) for name, one in definitions.items()}


def source(folder: Path, tables: dict[str, object] = EVENTS) -> cdm.source.Source:
    file = write_duckdb(folder / "hospital.duckdb", {**BASE, **tables})
    return cdm.open_source(f"duckdb://{file}?schema=cdm", folder)


def test_all_definitions_go_to_one_sorted_file(tmp_path: Path) -> None:
    out = tmp_path / "cohorts.parquet"
    with source(tmp_path) as hospital:
        generate(hospital, given(_10=definition(condition()), _9=definition(drug())), out)
    table = pq.read_table(out)
    assert [(field.name, str(field.type)) for field in table.schema] == [
        ("cohort_definition_id", "int64"),
        ("subject_id", "int64"),
        ("cohort_start_date", "date32[day]"),
        ("cohort_end_date", "date32[day]"),
    ]
    rows = [tuple(row.values()) for row in table.to_pylist()]
    assert [row[0] for row in rows] == [9, 9, 10, 10, 10]
    assert rows == sorted(rows)


def test_names_that_are_no_numbers_become_a_text_column(tmp_path: Path) -> None:
    out = tmp_path / "cohorts.parquet"
    with source(tmp_path) as hospital:
        generate(hospital, given(case=definition(condition()), control=definition(drug())), out, key="role")
    assert pq.read_table(out).column("role").to_pylist() == ["case"] * 3 + ["control"] * 2


def test_equal_inputs_give_equal_bytes_whatever_the_threads(tmp_path: Path) -> None:
    path, _ = compare.hospital(3)
    one = {"1": parse(json.dumps(definition(condition(None), drug(None), rules=[group(occurs(drug(None)))])), "one")}
    found = set()
    for threads in (1, 2, 4):
        out = tmp_path / f"{threads}.parquet"
        with cdm.open_source(f"duckdb://{path}?schema=cdm", tmp_path) as hospital:
            generate(hospital, one, out, limits=Limits(threads=threads))
        found.add(out.read_bytes())
    assert len(found) == 1


def test_physical_order_of_rows_changes_nothing(tmp_path: Path) -> None:
    _, tables = compare.hospital(4)
    last = definition(condition(None), drug(None), rules=[group(occurs(drug(None)))], ExpressionLimit={"Type": "Last"})
    found = set()
    for seed in range(4):
        file = tiny.write(tmp_path / f"tiny{seed}.duckdb", tiny.shuffled(tables, seed))
        found.add(tuple(compare.ours(file, last, tmp_path / "out.parquet")))
    assert len(found) == 1


def test_attrition_counts_people_and_entries_after_every_step(tmp_path: Path) -> None:
    rules = [group(occurs(drug(), start=window(0, 3))), group(occurs(drug(), start=window(0, 0)))]
    with source(tmp_path) as hospital:
        found = generate(hospital, given(_1=definition(condition(), rules=rules)), tmp_path / "c.parquet")
    assert found["1"].to_json() == {
        "definition": "1",
        "steps": [
            {"rule": "primary events", "people": 2, "entries": 3},
            {"rule": "rule 1", "people": 2, "entries": 2},
            {"rule": "rule 2", "people": 1, "entries": 1},
            {"rule": "cohort", "people": 1, "entries": 1},
        ],
        "combinations": [
            {"rules": [1, 2], "people": 1, "entries": 1},
            {"rules": [1], "people": 1, "entries": 1},
            {"rules": [], "people": 0, "entries": 1},  # its person's best event is another
        ],
    }


def test_attrition_shows_additional_criteria(tmp_path: Path) -> None:
    asked = definition(condition(), AdditionalCriteria=group(occurs(drug(), start=window(0, 0))))
    with source(tmp_path) as hospital:
        found = generate(hospital, given(_1=asked), tmp_path / "c.parquet")
    assert [(s.rule, s.people, s.entries) for s in found["1"].steps] == [
        ("primary events", 2, 3),
        ("additional criteria", 1, 1),
        ("cohort", 1, 1),
    ]


def test_a_definition_that_finds_nobody_has_attrition_of_zeros(tmp_path: Path) -> None:
    with source(tmp_path) as hospital:
        found = generate(hospital, given(_1=definition(condition(3), rules=[group()])), tmp_path / "c.parquet")
    assert {(s.people, s.entries) for s in found["1"].steps} == {(0, 0)}
    assert pq.read_table(tmp_path / "c.parquet").num_rows == 0


def test_a_table_that_the_hospital_lacks_is_named_with_the_definition(tmp_path: Path) -> None:
    asked = given(good=definition(condition()), bad=definition(condition(), rules=[group(occurs({"Specimen": {}}))]))
    with source(tmp_path) as hospital, pytest.raises(BadInput, match=r"definition bad: needs the table specimen"):
        generate(hospital, asked, tmp_path / "c.parquet")


@pytest.mark.parametrize(
    ("criterion", "said"),
    [
        ({"LocationRegion": {}}, "LocationRegion cannot be answered: the CDM keeps no history of locations"),
        (drug(EffectiveDrugDose={"Value": 1, "Op": "gt"}), "DrugExposure.EffectiveDrugDose cannot be answered"),
        (drug(DoseUnit=[{"CONCEPT_ID": 1}]), "DrugExposure.DoseUnit cannot be answered"),
        (
            {"VisitOccurrence": {"PlaceOfServiceLocation": 1}},
            "VisitOccurrence.PlaceOfServiceLocation cannot be answered",
        ),
    ],
)
def test_what_no_cdm_can_answer_is_refused_by_name(criterion: dict[str, object], said: str) -> None:
    with pytest.raises(BadInput, match=f"definition x: .*{said}"):
        need(given(x=definition(criterion)))


def test_a_value_that_a_criterion_does_not_have_cannot_be_counted() -> None:
    asked = definition(condition(), rules=[group(occurs(condition(), distinct="GAP_DAYS"))])
    with pytest.raises(BadInput, match="ConditionOccurrence cannot be counted by distinct GAP_DAYS; it has"):
        need(given(x=asked))


def test_need_names_exactly_the_columns_that_are_read() -> None:
    asked = need(given(x=definition(condition(Age={"Value": 18, "Op": "gte"}), limit="First")))
    assert asked.columns == {
        "concept": ("concept_id", "invalid_reason"),
        "concept_ancestor": ("ancestor_concept_id", "descendant_concept_id"),
        "condition_occurrence": (
            "condition_concept_id",
            "condition_end_date",
            "condition_occurrence_id",
            "condition_start_date",
            "person_id",
        ),
        "observation_period": ("observation_period_end_date", "observation_period_start_date", "person_id"),
        "person": ("person_id", "year_of_birth"),
    }


def test_no_definition_is_a_mistake(tmp_path: Path) -> None:
    with source(tmp_path) as hospital, pytest.raises(BadInput, match="no cohort definition"):
        generate(hospital, {}, tmp_path / "c.parquet")


def test_progress_goes_from_nothing_to_one(tmp_path: Path) -> None:
    seen: list[tuple[str, float]] = []
    with source(tmp_path) as hospital:
        generate(
            hospital, given(_1=definition(condition())), tmp_path / "c.parquet",
            progress=lambda what, fraction: seen.append((what, fraction)),
        )  # fmt: skip
    fractions = [fraction for _, fraction in seen]
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0.0, 1.0)


def test_texts_are_bound_not_written_into_sql(tmp_path: Path) -> None:
    tables = {
        "condition_occurrence": """
        condition_occurrence_id | person_id | condition_concept_id | condition_start_date | condition_end_date | stop_reason
                              1 |         1 |                   10 |           2011-01-01 |         2011-01-02 | it's over
                              2 |         2 |                   10 |           2011-01-01 |         2011-01-02 | 50% done"""
    }
    stopped = lambda text: definition(condition(StopReason={"Text": text, "Op": "contains"}))  # noqa: E731
    assert [row[0] for row in cohort(tmp_path, tables, stopped("it's"))] == [1]
    assert [row[0] for row in cohort(tmp_path, tables, stopped("' OR '1'='1"))] == []
    assert [row[0] for row in cohort(tmp_path, tables, stopped("%"))] == [1, 2]  # LIKE, as in circe-be


def test_definitions_share_one_pass_without_mixing(tmp_path: Path) -> None:
    path, _ = compare.hospital(2)
    several = {
        str(n): definition(
            condition(1), drug(2), ConceptSets=[concept_set(1, n), concept_set(2, n + 1)],
            rules=[group(occurs(condition(2, CorrelatedCriteria=group(occurs(drug(1), 0, 0)))), kind="ANY")],
            ExpressionLimit={"Type": ["All", "First", "Last"][n % 3]},
        )
        for n in range(1, 16)
    }  # fmt: skip
    with cdm.open_source(f"duckdb://{path}?schema=cdm", tmp_path) as hospital:
        generate(hospital, {n: parse(json.dumps(one), n) for n, one in several.items()}, tmp_path / "all.parquet")
    together = duckdb.sql(f"SELECT * FROM '{tmp_path / 'all.parquet'}' ORDER BY ALL").fetchall()
    alone = [(int(n), *row) for n, one in several.items() for row in compare.ours(path, one, tmp_path / "one.parquet")]
    assert together == sorted(alone)
