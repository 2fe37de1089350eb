"""People and entries after each rule, with sex and age at the first event that each step leaves."""

from __future__ import annotations

import json
from pathlib import Path

import cdm
from cohorts.attrition import Attrition, Step, Stratum
from cohorts.engine import generate
from cohorts.expression import parse
from tests.cohorts.small import BASE, condition, conditions, definition, drug, drugs, group, occurs, window
from tests.tables import write_duckdb

PEOPLE = """
person_id | gender_concept_id | year_of_birth | race_concept_id | ethnicity_concept_id
        1 |              8507 |          1950 |               - |                    -
        2 |              8532 |          1980 |               - |                    -
        3 |              8532 |             - |               - |                    -
"""
PERIODS = """
observation_period_id | person_id | observation_period_start_date | observation_period_end_date | period_type_concept_id
                    1 |         1 |                    2009-01-01 |                  2019-12-31 |                      0
                    2 |         2 |                    2009-01-01 |                  2019-12-31 |                      0
                    3 |         3 |                    2009-01-01 |                  2019-12-31 |                      0
"""
EVENTS = """
 1 |         1 |                   10 |           2009-02-01 |         2009-02-02
 2 |         1 |                   10 |           2010-02-01 |         2010-02-02
 3 |         2 |                   10 |           2010-03-01 |         2010-03-02
 4 |         3 |                   10 |           2010-04-01 |         2010-04-02
"""
DRUGS = """
1 | 1 | 20 | 2010-02-10 | - | 5
2 | 3 | 20 | 2010-04-10 | - | 5
"""


def attrition(folder: Path, *, demographics: bool) -> Attrition:
    tables = {**BASE, "person": PEOPLE, "observation_period": PERIODS, **conditions(EVENTS), **drugs(DRUGS)}
    file = write_duckdb(folder / "hospital.duckdb", tables)
    given = definition(condition(), rules=[group(occurs(drug(), start=window(0, 30)))])
    with cdm.open_source(f"duckdb://{file}?schema=cdm", folder) as source:
        definitions = {"1": parse(json.dumps(given), "treated")}
        return generate(source, definitions, folder / "cohort.parquet", demographics=demographics)["1"]


def test_each_step_tells_sex_and_age_at_its_first_event(tmp_path: Path) -> None:
    """The man is 59 at his first event and 60 at the first one that keeps the rule; one woman's birth is unknown."""
    first, rule, cohort = attrition(tmp_path, demographics=True).steps
    assert first.strata == (Stratum(8507, 50, 1), Stratum(8532, None, 1), Stratum(8532, 30, 1))
    assert rule == Step("rule 1", 2, 2, (Stratum(8507, 60, 1), Stratum(8532, None, 1)))
    assert cohort.strata == rule.strata


def test_nobody_is_described_unasked(tmp_path: Path) -> None:
    told = attrition(tmp_path, demographics=False)
    assert all(step.strata == () for step in told.steps)
    assert "strata" not in json.dumps(told.to_json())


def test_strata_are_plain_json(tmp_path: Path) -> None:
    told = attrition(tmp_path, demographics=True).to_json()
    assert told["steps"][1]["strata"] == [
        {"gender_concept_id": 8507, "age": "60-69", "people": 1},
        {"gender_concept_id": 8532, "age": None, "people": 1},
    ]


def test_strata_add_up_to_the_people_of_each_step(tmp_path: Path) -> None:
    for step in attrition(tmp_path, demographics=True).steps:
        assert sum(one.people for one in step.strata) == step.people
