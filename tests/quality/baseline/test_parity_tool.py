"""The comparison with the dashboard's own SQL, on a folder of two made-up checks in its layout."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.quality.baseline.databases import database

pytest.importorskip("duckcdm")
from benchmarks.dqd_parity import compare, published

DESCRIPTIONS = """checkLevel,checkName,sqlFile,evaluationFilter
FIELD,isRequired,empty.sql,isRequired=='Yes'
FIELD,measureValueCompleteness,empty.sql,measureValueCompleteness=='Yes'
FIELD,fkDomain,wrong.sql,isForeignKey=='Yes' & fkDomain!= ''
"""
FIELDS = """cdmTableName,cdmFieldName,isRequired,isRequiredThreshold,measureValueCompleteness,isForeignKey,fkDomain,fkDomainThreshold
CONDITION_OCCURRENCE,CONDITION_CONCEPT_ID,Yes,0,No,Yes,Condition,0
CONDITION_OCCURRENCE,CONDITION_END_DATE,No,,Yes,No,,
CONCEPT,CONCEPT_ID,Yes,0,Yes,No,,
COHORT,SUBJECT_ID,Yes,0,Yes,No,,
"""
EMPTY = (
    "SELECT (SELECT COUNT_BIG(*) FROM @cdmDatabaseSchema.@cdmTableName WHERE @cdmFieldName IS NULL), 0, "
    "(SELECT COUNT_BIG(*) FROM @cdmDatabaseSchema.@cdmTableName);"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "csv").mkdir()
    (tmp_path / "sql" / "sql_server").mkdir(parents=True)
    files = {
        "Check_Descriptions": DESCRIPTIONS,
        "Field_Level": FIELDS,
        "Table_Level": "cdmTableName\n",
        "Concept_Level": "conceptId\n",
    }
    for name, text in files.items():
        (tmp_path / "csv" / f"OMOP_CDMv5.4_{name}.csv").write_text(text, encoding="utf-8")
    for name, sql in {"empty.sql": EMPTY, "wrong.sql": "SELECT 7, 0, 9;"}.items():
        (tmp_path / "sql" / "sql_server" / name).write_text(sql, encoding="utf-8")
    return tmp_path


def test_the_filters_say_which_rows_are_checks_and_the_vocabularies_are_left_out(folder: Path) -> None:
    assert [one.check.key[:3] for one in published(folder, "5.4")] == [
        ("isRequired", "condition_occurrence", "condition_concept_id"),
        ("measureValueCompleteness", "condition_occurrence", "condition_end_date"),
        ("fkDomain", "condition_occurrence", "condition_concept_id"),
    ]


def test_equal_figures_are_counted_and_a_difference_is_shown_with_both_sides(folder: Path) -> None:
    found = compare(folder, database(folder), folder)
    # The dashboard's threshold of completeness was left empty above, ours is 100: a difference too.
    assert (found["compared"], found["equal"]) == (3, 1)
    different = found["different"]
    assert isinstance(different, list)
    (domain,) = [one for one in different if one["check"][0] == "fkDomain"]
    assert domain["ours"][:2] == [0, 3]
    assert domain["theirs"][:2] == [7, 9]
    assert found["only_theirs"] == []
