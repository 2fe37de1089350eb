"""Rows about sensitive things stay, unless the board approved them with the case."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cdm.errors import BadInput
from deid.policy import HospitalPolicy, StudyPolicy, compose, programme
from tests.deid.extracts import PEOPLE, policy, run
from tests.tables import write_parquet

# 1 mental disorder <- 2 depression; 3 a local concept of KCD F32; 4 asthma; 5 HIV
CONCEPTS = """
concept_id | vocabulary_id | concept_code
         1 | SNOMED        | 74732009
         2 | SNOMED        | 35489007
         3 | KCD7          | F32.1
         4 | SNOMED        | 195967001
         5 | SNOMED        | 86406008
"""
ANCESTORS = """
ancestor_concept_id | descendant_concept_id | min_levels_of_separation
                  1 |                     2 | 1
"""
CONDITIONS = """
condition_occurrence_id | person_id | condition_concept_id | condition_source_concept_id | condition_start_date
                      1 |        11 |                    2 |                           0 | 2018-02-02
                      2 |        12 |                    4 |                           3 | 2018-01-04
                      3 |        13 |                    4 |                           - | 2019-01-04
                      4 |        14 |                    4 |                           0 | 2019-01-05
                      5 |        14 |                    5 |                           0 | 2019-01-06
"""
DEATHS = """
person_id | death_date | death_type_concept_id | cause_concept_id
       11 | 2018-03-11 |                 32817 |                2
"""
CONTENT = {"person": PEOPLE, "condition_occurrence": CONDITIONS, "death": DEATHS}


def vocabulary(folder: Path) -> Path:
    return write_parquet(folder / "vocabulary", {"concepts": CONCEPTS, "ancestors": ANCESTORS})


def test_a_row_stays_by_its_concept_by_an_ancestor_of_it_and_by_its_source_concept(tmp_path: Path) -> None:
    out, report = run(tmp_path / "run", CONTENT, vocabulary=vocabulary(tmp_path))
    assert out["condition_occurrence"]["condition_concept_id"].to_pylist() == [4, 4]
    assert report.left_out.rows == {"condition_occurrence": 3}


def test_a_death_leaves_without_its_cause(tmp_path: Path) -> None:
    out, report = run(tmp_path / "run", CONTENT, vocabulary=vocabulary(tmp_path))
    assert out["death"]["cause_concept_id"].to_pylist() == [0]
    assert report.left_out.codes == {"death": 1}


def test_what_was_approved_leaves_and_nothing_else(tmp_path: Path) -> None:
    asked = StudyPolicy(sensitive_asked=("mental-health",))
    out, report = run(tmp_path / "run", CONTENT, given=policy(asked), vocabulary=vocabulary(tmp_path))
    assert out["condition_occurrence"].num_rows == 4
    assert report.left_out.rows == {"condition_occurrence": 1}
    told = json.loads((tmp_path / "run" / "out" / "risk.json").read_text())
    assert told["sensitive"]["approved"] == ["mental-health"]
    assert told["rows_removed"] == {"condition_occurrence": 1}


def test_a_hospital_may_add_categories_and_codes_and_take_none_away() -> None:
    own = {"rare-disease": {"codes": {"KCD7": ["E75*"]}, "en": "Rare diseases", "ko": "희귀질환"}}
    assert "rare-disease" in compose(programme(), HospitalPolicy.model_validate({"sensitive": own})).sensitive
    fewer = {"hiv": {"codes": {"SNOMED": ["86406008"]}, "en": "HIV", "ko": "HIV"}}
    with pytest.raises(BadInput, match=r"hospital's policy: sensitive.hiv: leaves out ICD10 B20\* where it is listed"):
        compose(programme(), HospitalPolicy.model_validate({"sensitive": fewer}))


def test_a_study_may_ask_only_for_categories_that_there_are() -> None:
    with pytest.raises(BadInput, match=r"sensitive category 'mental'; there are abuse, hiv, induced-abortion"):
        policy(StudyPolicy(sensitive_asked=("mental",)))


def test_what_is_asked_for_is_part_of_the_policy_that_a_manifest_names() -> None:
    assert policy().digest != policy(StudyPolicy(sensitive_asked=("hiv",))).digest


def test_every_category_is_named_in_both_languages() -> None:
    assert all(category.en and category.ko for category in programme().sensitive.values())
