"""Concept sets that carry source codes: what matches, what is read, what is said of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from pydantic import ValidationError

import cdm
import cdm.schema
from cdm.errors import BadInput
from cohorts.codes import SOURCE_VALUES, SourceCodes, mismatches, with_codes
from cohorts.engine import generate, need
from cohorts.expression import Expression, parse
from cohorts.lint import Finding, lint
from cohorts.plan.build import build
from cohorts.prose import explain
from cohorts.why import why
from tests.cohorts.small import BASE, concept_set, condition, definition, drug, expected, group, occurs
from tests.tables import table, write_duckdb

Json = dict[str, Any]

# Concept 10 is in set 1, 20 in set 2; 0 is what a hospital writes where it has no concept.
CONDITIONS = """
condition_occurrence_id | person_id | condition_concept_id | condition_source_concept_id | condition_start_date | condition_end_date
1 | 1 | 10 |  0 | 2011-01-01 | 2011-01-02
2 | 1 |  0 |  0 | 2012-01-01 | 2012-01-02
3 | 2 |  0 |  0 | 2013-01-01 | 2013-01-02
4 | 2 |  0 | 20 | 2014-01-01 | 2014-01-02
5 | 2 | 10 |  0 | 2015-01-01 | 2015-01-02
6 | 2 |  0 |  0 | 2016-01-01 | 2016-01-02
"""
CONDITION_CODES = ["K25", "  i21.9\t", "I210", "LOCAL7", "I21.0", None]
DRUGS = """
drug_exposure_id | person_id | drug_concept_id | drug_source_concept_id | drug_exposure_start_date | drug_exposure_end_date | days_supply
1 | 1 | 20 | 0 | 2011-01-01 | 2011-01-10 | -
2 | 1 |  0 | 0 | 2011-01-11 | 2011-01-20 | -
3 | 2 |  0 | 0 | 2012-01-01 | 2012-01-10 | -
"""
DRUG_CODES = ["645900", "645901", "645901"]


def events(text: str, column: str, values: list[str | None]) -> pa.Table:
    """A table of events with source values, and without visits."""
    found = table(text).append_column(column, pa.array(values, pa.string()))
    return found.append_column("visit_occurrence_id", pa.nulls(found.num_rows, pa.int64()))


HOSPITAL: dict[str, Any] = {
    **BASE,
    "condition_occurrence": events(CONDITIONS, "condition_source_value", CONDITION_CODES),
    "drug_exposure": events(DRUGS, "drug_source_value", DRUG_CODES),
}


def codes(*given: str, tables: list[str] | None = None, vocabulary: str = "KCD") -> list[Json]:
    return [{"vocabulary": vocabulary, "codes": list(given), **({"tables": tables} if tables else {})}]


def coded(given: Json, **sets: list[Json]) -> Expression:
    """The definition with codes: set_1=codes("I21*")."""
    numbered = {int(name.removeprefix("set_")): lines for name, lines in sets.items()}
    return with_codes(parse(json.dumps(given), "given"), SourceCodes.model_validate({"concept_sets": numbered}))


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> cdm.source.Source:
    folder = tmp_path_factory.mktemp("hospital")
    file = write_duckdb(folder / "hospital.duckdb", HOSPITAL)
    return cdm.open_source(f"duckdb://{file}?schema=cdm", folder)


def cohort(hospital: cdm.source.Source, given: Expression, folder: Path) -> list[tuple[object, ...]]:
    generate(hospital, {"1": given}, folder / "c.parquet")
    return duckdb.sql(f"SELECT subject_id, cohort_start_date, cohort_end_date FROM '{folder / 'c.parquet'}'").fetchall()


@pytest.mark.parametrize(
    ("given", "years"),
    [
        ([], [2011, 2015]),
        (["I21.9"], [2011, 2012, 2015]),
        (["i210"], [2011, 2013, 2015]),
        (["I21*", "I21.0", "K2"], [2011, 2012, 2013, 2015]),
        (["local7 "], [2011, 2014, 2015]),
        (["LOCAL7*"], [2011, 2014, 2015]),
        (["I2"], [2011, 2015]),
        (["I2*", "L*"], [2011, 2012, 2013, 2014, 2015]),
    ],
)
def test_an_event_matches_by_its_concept_or_by_its_source_value_once(
    hospital: cdm.source.Source, tmp_path: Path, given: list[str], years: list[int]
) -> None:
    asked = definition(condition())
    expression = coded(asked, set_1=codes(*given)) if given else parse(json.dumps(asked), "x")
    assert sorted(start.year for _, start, _ in cohort(hospital, expression, tmp_path)) == years  # type: ignore[attr-defined]


def test_codes_count_in_the_tables_that_are_named_only(hospital: cdm.source.Source, tmp_path: Path) -> None:
    elsewhere = coded(definition(condition()), set_1=codes("I21*", tables=["measurement", "observation"]))
    assert len(cohort(hospital, elsewhere, tmp_path)) == 2
    here = coded(definition(condition()), set_1=codes("I21*", tables=["measurement", "condition_occurrence"]))
    assert len(cohort(hospital, here, tmp_path)) == 4


def test_first_is_the_first_of_all_that_match(hospital: cdm.source.Source, tmp_path: Path) -> None:
    given = coded(definition(condition(First=True)), set_1=codes("I21*"))
    assert cohort(hospital, given, tmp_path) == expected("1 | 2011-01-01 | 2011-01-02 \n 2 | 2013-01-01 | 2013-01-02")


def test_a_source_concept_takes_codes_as_well(hospital: cdm.source.Source, tmp_path: Path) -> None:
    by_source = coded(definition(condition(None, ConditionSourceConcept=2)), set_2=codes("I210"))
    assert cohort(hospital, by_source, tmp_path) == expected(
        "2 | 2013-01-01 | 2013-01-02 \n 2 | 2014-01-01 | 2014-01-02"
    )
    both = coded(definition(condition(1, ConditionSourceConcept=2)), set_1=codes("LOCAL7"), set_2=codes("I21*"))
    assert cohort(hospital, both, tmp_path) == expected("2 | 2014-01-01 | 2014-01-02 \n 2 | 2015-01-01 | 2015-01-02")


def test_rules_and_other_people_are_served_in_the_same_run(hospital: cdm.source.Source, tmp_path: Path) -> None:
    treated = group(occurs(drug()))
    plain = definition(condition(), rules=[treated])
    names = {"coded": coded(plain, set_2=codes("64590*")), "plain": parse(json.dumps(plain), "x")}
    generate(hospital, names, tmp_path / "c.parquet")
    found = duckdb.sql(f"SELECT cohort_definition_id, subject_id FROM '{tmp_path / 'c.parquet'}'").fetchall()
    assert found == [("coded", 1), ("coded", 2), ("plain", 1)]


def test_a_drug_exit_bridges_supplies_that_have_a_code_only(hospital: cdm.source.Source, tmp_path: Path) -> None:
    leave = {"EndStrategy": {"CustomEra": {"DrugCodesetId": 2, "GapDays": 1}}}
    plain = definition(drug(), **leave)
    assert cohort(hospital, parse(json.dumps(plain), "x"), tmp_path) == expected("1 | 2011-01-01 | 2011-01-10")
    given = coded(plain, set_2=codes("645901", vocabulary="EDI"))
    assert cohort(hospital, given, tmp_path) == expected("1 | 2011-01-01 | 2011-01-20 \n 2 | 2012-01-01 | 2012-01-10")


def test_why_tells_of_events_that_matched_by_their_code(hospital: cdm.source.Source) -> None:
    told = why(hospital, coded(definition(condition()), set_1=codes("I210")), 2)
    assert [(str(entry.start_date), entry.kept_out_by) for entry in told.entries] == [
        ("2013-01-01", None), ("2015-01-01", None),
    ]  # fmt: skip


def test_a_hospital_without_source_values_finds_what_its_concepts_find(tmp_path: Path) -> None:
    without = HOSPITAL["condition_occurrence"].drop_columns(["condition_source_value"])
    file = write_duckdb(tmp_path / "h.duckdb", {**HOSPITAL, "condition_occurrence": without})
    with cdm.open_source(f"duckdb://{file}?schema=cdm", tmp_path) as source:
        assert len(cohort(source, coded(definition(condition()), set_1=codes("I21*")), tmp_path)) == 2


def test_without_codes_the_plan_and_what_is_read_are_as_ever() -> None:
    plain = parse(json.dumps(definition(condition(), drug())), "x")
    asked = with_codes(plain, SourceCodes.model_validate({"concept_sets": {3: codes("X")}}))  # nothing asks for set 3
    assert build({"1": asked}) == build({"1": plain})
    assert need({"1": asked}) == need({"1": plain})
    assert not any("source_value" in column for columns in need({"1": plain}).columns.values() for column in columns)
    used = need({"1": coded(definition(condition(), drug()), set_1=codes("X"))}).columns
    assert "condition_source_value" in used["condition_occurrence"]
    assert "drug_source_value" not in used["drug_exposure"]


def test_codes_that_are_written_differently_are_one_stream() -> None:
    one = coded(definition(condition()), set_1=codes("i21*", "I22", "I21 *"))
    other = coded(definition(condition()), set_1=codes(" I22", "I21*", vocabulary="ICD"))
    assert len(build({"1": one, "2": other}).streams) == 1


def test_every_table_of_events_with_a_source_value_is_known() -> None:
    for version in cdm.schema.VERSIONS:
        for name, one in cdm.schema.tables(version).items():
            if name in SOURCE_VALUES:
                assert SOURCE_VALUES[name] in one.names
    assert len(SOURCE_VALUES) == 11


# --- what is refused


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (21, "has to stand in quotes"),
        (True, "has to stand in quotes"),
        (1.5, "has to stand in quotes"),
        ("*", "with one [*] at the end"),
        ("", "with one [*] at the end"),
        ("I*1", "with one [*] at the end"),
        ("I21%", "with one [*] at the end"),
        ("a\nb", "cannot hold signs that cannot be shown"),
        ("x" * 51, "this code has 51 characters, and a source value has at most 50"),
    ],
)
def test_a_code_that_is_none_is_refused(code: object, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        SourceCodes.model_validate({"concept_sets": {1: [{"vocabulary": "KCD", "codes": [code]}]}})


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (9, "the definition has no such concept set; it has 1 (set 1), 2 (set 2), 3 (twin), 4 (twin)"),
        ("set 9", "the definition has no such concept set; it has 1 (set 1), 2 (set 2), 3 (twin), 4 (twin)"),
        ("twin", "the definition has 2 concept sets of this name; give the id of one"),
        ("set  2", "concept set 2 has codes above already; put all into one place"),
    ],
)
def test_a_key_that_names_no_one_set_is_told(key: int | str, said: str) -> None:
    sets = [
        concept_set(1, 10),
        concept_set(2, 20),
        concept_set(3, 30) | {"name": "twin"},
        concept_set(4) | {"name": "twin"},
    ]
    expression = parse(json.dumps(definition(condition(), ConceptSets=sets)), "x")
    given = SourceCodes.model_validate({"concept_sets": {2: codes("A"), key: codes("B")}})
    assert [(one.key, one.said) for one in mismatches(expression, given)] == [(key, said)]


def test_a_definition_cannot_bring_codes_along_in_its_json() -> None:
    sets = [concept_set(1, 10) | {"codes": [{"vocabulary": "KCD", "code": "I21"}]}]
    with pytest.raises(BadInput, match=r"\$.ConceptSets\[0\].codes is no part of a cohort definition"):
        parse(json.dumps(definition(condition(), ConceptSets=sets)), "x")


# --- what is said

CONCEPT = """
concept_id | concept_name | domain_id | vocabulary_id | concept_class_id | standard_concept | concept_code | invalid_reason
        10 | Infarction   | Condition | SNOMED        | Finding          | S                | a            | -
        20 | Aspirin      | Drug      | RxNorm        | Ingredient       | S                | b            | -
        30 | Unused       | Drug      | RxNorm        | Ingredient       | S                | c            | -
"""


ERAS = """
drug_era_id | person_id | drug_concept_id | drug_era_start_date | drug_era_end_date
          1 |         1 |              20 |          2011-01-01 |        2011-01-10
"""


def told(folder: Path, given: Expression) -> dict[str, Finding]:
    file = write_duckdb(folder / "hospital.duckdb", {**HOSPITAL, "concept": CONCEPT, "drug_era": ERAS})
    with cdm.open_source(f"duckdb://{file}?schema=cdm", folder) as source:
        return {one.code: one for one in lint(source, given) if one.code.startswith("codes")}


def test_the_linter_tells_which_codes_add_records_which_add_none_and_which_nobody_has(tmp_path: Path) -> None:
    found = told(tmp_path, coded(definition(condition()), set_1=codes("I21*", "K25", "I99", "Z*")))
    assert {name: one.severity for name, one in found.items()} == {
        "codes_without_records": "warning", "codes_add_nothing": "note", "codes_add_records": "note",
    }  # fmt: skip
    assert found["codes_without_records"].en.startswith(
        "I99, Z*: no record here has these source codes of concept set 1"
    )
    assert found["codes_add_nothing"].ko.startswith("K25: 이 원천 코드의 기록은 모두 이미 개념 집합 1 (set 1)의 개념을")
    assert "add 2 records that its concepts do not find (first: I21*)" in found["codes_add_records"].en
    assert {one.path for one in found.values()} == {"$.ConceptSets[0]"}


def test_the_linter_tells_of_codes_that_no_criterion_looks_for(tmp_path: Path) -> None:
    era = definition(condition(), {"DrugEra": {"CodesetId": 2}})
    found = told(tmp_path, coded(era, set_1=codes("I21*", tables=["measurement"]), set_2=codes("645900")))
    assert found["codes_not_used"].severity == "warning"
    assert set(found) == {"codes_not_used"}


def test_a_set_of_codes_alone_is_no_empty_set(tmp_path: Path) -> None:
    given = definition(condition(), ConceptSets=[concept_set(1)])
    file = write_duckdb(tmp_path / "hospital.duckdb", {**HOSPITAL, "concept": CONCEPT})
    with cdm.open_source(f"duckdb://{file}?schema=cdm", tmp_path) as source:
        assert "concept_set_empty" not in {one.code for one in lint(source, coded(given, set_1=codes("I21*")))}
        assert len(cohort(source, coded(given, set_1=codes("I21*")), tmp_path)) == 3


def test_prose_tells_that_source_codes_count() -> None:
    lines = [
        {"vocabulary": "KCD", "codes": ["I21*", "I22"]},
        {"vocabulary": "local", "codes": ["L7"], "tables": ["measurement", "observation"]},
    ]
    given = coded(definition(condition()), set_1=lines)
    english, korean = explain(given, "en"), explain(given, "ko")
    assert "Also records with the source code KCD I21*, I22, whatever their concept; `*` is any ending\n" in english
    assert (
        "Also records with the source code local L7 (in measurement or observation), whatever their concept\n"
        in english
    )
    assert "원천 코드가 다음과 같은 기록도 포함함: local L7 (measurement·observation)\n" in korean
    assert "source code" not in explain(parse(json.dumps(definition(condition())), "x"), "en")
