"""The shipped definitions: valid ATLAS, the same rows as circe finds, and enough people for the programme."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cdm import open_source
from cdm.source import Source
from cdm.synthetic import materialise
from cohorts.engine import generate
from cohorts.expression import read
from studies import build

STUDIES = Path(build.__file__).parent
FILES = [(study, role) for study in build.STUDIES for role in ("case", "control")]
PERSONS = 3000
Row = tuple[str, int, date, date]


@pytest.mark.parametrize(("study", "role"), FILES)
def test_a_file_is_what_the_builder_writes(study: str, role: str) -> None:
    assert (STUDIES / study / f"{role}.json").read_text(encoding="utf-8") == build.text(build.STUDIES[study]()[role])


@pytest.mark.parametrize(("study", "role"), FILES)
def test_a_file_has_the_layout_of_atlas(study: str, role: str) -> None:
    definition = json.loads((STUDIES / study / f"{role}.json").read_text(encoding="utf-8"))
    sets = {found["id"] for found in definition["ConceptSets"]}
    assert sets == set(range(len(definition["ConceptSets"])))
    assert set(_named(definition)) == sets
    assert all(rule["name"] and rule["description"] for rule in definition["InclusionRules"])
    for item in (item for found in definition["ConceptSets"] for item in found["expression"]["items"]):
        assert set(item["concept"]) == {
            "CONCEPT_ID", "CONCEPT_NAME", "STANDARD_CONCEPT", "STANDARD_CONCEPT_CAPTION", "INVALID_REASON",
            "INVALID_REASON_CAPTION", "CONCEPT_CODE", "DOMAIN_ID", "VOCABULARY_ID", "CONCEPT_CLASS_ID",
        }  # fmt: skip


def _named(node: Any) -> Iterator[int]:
    """Every concept set that a criterion names."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        if key == "CodesetId":
            yield value
        else:
            yield from _named(value)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("studies")


def source_of(study: str, home: Path) -> Source:
    if study == "gi_bleed":
        return open_source("sample://gibleed", home)
    return open_source(f"parquet://{materialise('haneul', PERSONS, 7, home)}", home)


@pytest.fixture(scope="module", params=sorted(build.STUDIES))
def both(request: pytest.FixtureRequest, home: Path) -> tuple[str, set[Row], set[Row]]:
    """A study, the rows of our engine, and those of circe's SQL."""
    study: str = request.param
    files = {role: STUDIES / study / f"{role}.json" for role in ("case", "control")}
    with source_of(study, home) as source, duckdb.connect() as con:
        generate(source, {role: read(file) for role, file in files.items()}, home / f"{study}.parquet", key="role")
        ours = set(con.execute("SELECT * FROM read_parquet($1)", [str(home / f"{study}.parquet")]).fetchall())
        return study, ours, _circe(con, source, files)


def _circe(con: duckdb.DuckDBPyConnection, source: Source, files: dict[str, Path]) -> set[Row]:
    circe, sqlrender = pytest.importorskip("duckcdm.circe"), pytest.importorskip("duckcdm.sqlrender")
    from cdm.source import Need

    source.attach(con, Need(dict(source.tables().items())))
    con.execute("CREATE SCHEMA results")
    con.execute(
        "CREATE TABLE results.cohort (cohort_definition_id BIGINT, subject_id BIGINT, cohort_start_date DATE, cohort_end_date DATE)"
    )
    for number, file in enumerate(files.values()):
        sql = circe.build_cohort_query(
            file.read_text(encoding="utf-8"), cdm_schema="cdm", target_table="results.cohort", result_schema="results",
            vocabulary_schema="cdm", cohort_id=number, generate_stats=False,
        )  # fmt: skip
        for statement in duckdb.extract_statements(sqlrender.translate(sqlrender.render(sql), "duckdb")):
            con.execute(statement)
    roles = "['" + "', '".join(files) + "']"
    return set(
        con.execute(
            f"SELECT ({roles})[1 + cohort_definition_id], * EXCLUDE (cohort_definition_id) FROM results.cohort"
        ).fetchall()
    )


def people(rows: set[Row], role: str) -> set[int]:
    return {row[1] for row in rows if row[0] == role}


def test_our_engine_finds_the_rows_of_circe(both: tuple[str, set[Row], set[Row]]) -> None:
    _, ours, circes = both
    assert ours == circes


def test_there_are_enough_people(both: tuple[str, set[Row], set[Row]]) -> None:
    study, ours, _ = both
    if study == "gi_bleed":  # as its README says
        assert (len(people(ours, "case")), len(people(ours, "control"))) == (479, 2141)
        assert not people(ours, "case") & people(ours, "control")
    else:  # 1,650 and 7,200 of 50,000, as its README says
        assert len(people(ours, "case")) >= 0.8 * 1650 * PERSONS / 50_000
        assert len(people(ours, "control")) >= 0.9 * 7200 * PERSONS / 50_000


def test_a_person_enters_once(both: tuple[str, set[Row], set[Row]]) -> None:
    _, ours, _ = both
    assert len({row[:2] for row in ours}) == len(ours)


@pytest.mark.parametrize("study", sorted(build.STUDIES))
def test_a_study_is_described_in_two_languages_with_its_concepts(study: str) -> None:
    listed = {
        str(item["concept"]["CONCEPT_ID"])
        for found in build.STUDIES[study]()["case"]["ConceptSets"]
        for item in found["expression"]["items"]
        if found["name"]
        not in (
            "Major surgery and coronary intervention",
            "Palliative care",
            "Delivery or pregnancy",
            "Caesarean section",
        )
    }
    for language in ("ko", "en"):
        text = (STUDIES / study / f"README.{language}.md").read_text(encoding="utf-8")
        assert all(concept in text for concept in listed), listed - {concept for concept in listed if concept in text}
