"""The CDM's schema as the package describes it, with its workarounds taken back."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from cdm import derive
from cdm.schema import VERSIONS, tables


def test_the_file_is_what_the_package_says_today() -> None:
    from importlib.resources import files

    assert files("cdm").joinpath("schema.json").read_text(encoding="utf-8") == derive.text()


@pytest.mark.parametrize("version", VERSIONS)
def test_reading_the_file_gives_what_was_derived(version: str) -> None:
    assert dict(tables(version)) == derive.derive(version)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_primary_key_is_the_tables_own_id_and_nothing_else(version: str) -> None:
    known = tables(version)
    assert known["person"].primary_key == ("person_id",)
    assert known["measurement"].primary_key == ("measurement_id",)
    for name in ("death", "fact_relationship", "cdm_source", "concept_ancestor", "drug_strength"):
        assert known[name].primary_key == ()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_person_key_is_found_wherever_the_cdm_has_one(version: str) -> None:
    for table in tables(version).values():
        assert (table.person_key == "person_id") == ("person_id" in table.names)
        assert not (table.person_key and (table.vocabulary or table.person_through))


def test_what_hangs_on_a_persons_row_hangs_on_the_person() -> None:
    through = {t.name: t.person_through for t in tables("5.4").values() if t.person_through}
    assert through == {"note_nlp": ("note_id", "note"), "episode_event": ("episode_id", "episode")}


def test_when_a_row_happens() -> None:
    def when(version: str, name: str) -> tuple[str | None, ...]:
        table = tables(version)[name]
        return table.start_date, table.end_date, table.start_datetime, table.end_datetime

    assert when("5.4", "visit_occurrence") == (
        "visit_start_date",
        "visit_end_date",
        "visit_start_datetime",
        "visit_end_datetime",
    )
    assert when("5.4", "drug_exposure")[1] == "drug_exposure_end_date"
    assert when("5.3", "procedure_occurrence") == ("procedure_date", None, "procedure_datetime", None)
    assert when("5.4", "procedure_occurrence")[1] == "procedure_end_date"
    assert when("5.4", "death") == ("death_date", None, "death_datetime", None)
    assert when("5.4", "note_nlp")[0] == "nlp_date"
    assert when("5.4", "person") == (None, None, None, None)
    assert when("5.4", "cdm_source") == (None, None, None, None)


def test_every_table_of_a_person_but_person_and_nothing_else_clinical_has_a_start() -> None:
    for version in VERSIONS:
        for table in tables(version).values():
            if table.person_key and table.name != "person":
                assert table.start_date, table.name


def test_an_era_starts_on_a_date_in_both_versions() -> None:
    for version in VERSIONS:
        assert tables(version)["condition_era"].column("condition_era_start_date").family == "date"


def test_concepts_lengths_and_requirements() -> None:
    person = tables("5.4")["person"]
    assert person.concept_columns[:3] == ("gender_concept_id", "race_concept_id", "ethnicity_concept_id")
    assert person.column("person_source_value").max_length == 50
    assert person.required == (
        "person_id",
        "gender_concept_id",
        "year_of_birth",
        "race_concept_id",
        "ethnicity_concept_id",
    )
    assert person.foreign_keys["location_id"] == ("location", "location_id")
    assert person.datetime_columns == ("birth_datetime",)
    assert tables("5.4")["observation"].column("observation_event_id").sql_type == "bigint"
    with pytest.raises(KeyError):
        person.column("shoe_size")


def test_sorting_by_order_leaves_no_choice() -> None:
    assert tables("5.4")["measurement"].order == ("person_id", "measurement_id")
    assert tables("5.4")["death"].order == tables("5.4")["death"].names
    assert tables("5.4")["concept"].order == ("concept_id",)


def test_reading_it_needs_no_orm_and_no_time() -> None:
    code = "import sys, cdm.schema; cdm.schema.tables('5.4'); sys.exit('sqlalchemy' in sys.modules)"
    started = time.process_time()
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert time.process_time() - started < 1
