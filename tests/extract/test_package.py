"""What a startup receives."""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from cdm.engine import Limits
from cdm.errors import BadInput
from extract.package import build, seal_approval
from extract.readme import code_of
from tests.extract.release import COHORT, PERSON, TABLES, built, deidentified, inputs, keys, published


def rows(folder: Path, table: str) -> list[dict[str, object]]:
    return pq.read_table(folder / "tables" / f"{table}.parquet").to_pylist()


def files(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_release_has_tables_documents_readmes_and_a_manifest(tmp_path: Path) -> None:
    folder, manifest = built(tmp_path)
    assert sorted(files(folder)) == [
        "MANIFEST.json",
        "README.en.md",
        "README.ko.md",
        "SHA256SUMS",
        "croissant.json",
        "docs/codebook.parquet",
        "docs/data_dictionary.csv",
        "docs/love.svg",
        "docs/risk.json",
        "docs/table1.csv",
        "meds/data/train/0.parquet",
        "meds/metadata/codes.parquet",
        "meds/metadata/dataset.json",
        "meds/metadata/subject_splits.parquet",
        "provenance/disclosure_record.json",
        "splits/by_matched_set.parquet",
        "splits/leave_one_site_out.parquet",
        "tables/care_site.parquet",
        "tables/cohort.parquet",
        "tables/measurement.parquet",
        "tables/person.parquet",
        "tables/visit_occurrence.parquet",
    ]
    entry = manifest.file("tables/measurement.parquet")
    assert entry is not None
    assert entry.rows == 4
    assert [(column.name, column.type) for column in (entry.columns or ())][:2] == [
        ("measurement_id", "int64"),
        ("person_id", "int64"),
    ]


def test_the_release_is_known_by_the_digest_of_its_manifest(tmp_path: Path) -> None:
    folder, manifest = built(tmp_path)
    assert manifest.digest == files(folder)["MANIFEST.json"]


def test_the_same_inputs_give_the_same_bytes_on_any_number_of_threads_and_anywhere(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    one, _ = built(tmp_path, "one", Limits(threads=1))
    two, _ = built(tmp_path / "elsewhere", "two", Limits(threads=2))
    assert files(one) == files(two)


def test_a_word_of_the_purpose_makes_another_release(tmp_path: Path) -> None:
    _, first = built(tmp_path, "one")
    study = inputs(tmp_path).study.model_dump()
    study["purpose"]["en"] += "!"
    _, second = built(tmp_path, "two", study=study)
    assert first.digest != second.digest


def test_tables_are_sorted_by_person_and_key_whatever_order_they_came_in(tmp_path: Path) -> None:
    folder, _ = built(tmp_path)
    assert [(row["person_id"], row["measurement_id"]) for row in rows(folder, "measurement")] == [
        (305, 22), (777, 44), (901, 11), (901, 33),
    ]  # fmt: skip
    assert [row["subject_id"] for row in rows(folder, "cohort")] == [305, 777, 901]


def test_a_reference_that_leads_nowhere_becomes_null_and_is_counted(tmp_path: Path) -> None:
    folder, _ = built(tmp_path)
    assert {row["measurement_id"]: row["visit_occurrence_id"] for row in rows(folder, "measurement")} == {
        22: None, 44: 7000, 11: None, 33: 5001,
    }  # fmt: skip
    assert [row["preceding_visit_occurrence_id"] for row in rows(folder, "visit_occurrence")] == [
        None,
        5001,
        None,
    ]
    assert {row["person_id"]: row["care_site_id"] for row in rows(folder, "person")} == {
        305: None,
        777: None,
        901: 40,
    }
    dictionary = pl.read_csv(folder / "docs" / "data_dictionary.csv").filter(pl.col("nulled_references") > 0)
    assert dictionary.select("table", "column", "nulled_references").rows() == [
        ("measurement", "visit_occurrence_id", 1),
        ("person", "care_site_id", 1),
        ("visit_occurrence", "preceding_visit_occurrence_id", 1),
    ]


def test_the_dictionary_tells_every_column_delivered_or_not(tmp_path: Path) -> None:
    folder, _ = built(tmp_path)
    with (folder / "docs" / "data_dictionary.csv").open(encoding="utf-8") as file:
        told = {(row["table"], row["column"]): row for row in csv.DictReader(file)}
    value = told["measurement", "value_as_number"]
    assert (value["delivered"], value["type"], value["null_share"]) == ("yes", "double", "0.25")
    assert (value["action"], value["required"]) == ("keep", "no")
    assert told["measurement", "visit_occurrence_id"]["references"] == "visit_occurrence.visit_occurrence_id"
    assert told["person", "birth_datetime"]["delivered"] == "no"
    assert told["cohort", "weight"]["meaning_ko"]
    assert all(row["meaning_en"] and row["meaning_ko"] for row in told.values())


def test_the_codebook_names_the_concepts_that_occur_in_both_languages_with_their_units(
    tmp_path: Path,
) -> None:
    folder, _ = built(tmp_path)
    book = {row["concept_id"]: row for row in pq.read_table(folder / "docs" / "codebook.parquet").to_pylist()}
    assert list(book) == sorted(book)
    assert 9999 not in book
    pressure = book[3004249]
    assert (pressure["vocabulary_id"], pressure["concept_code"]) == ("LOINC", "8480-6")
    assert (pressure["concept_name_ko"], pressure["units"], pressure["rows"]) == (
        "수축기 혈압",
        "millimeter mercury",
        2,
    )
    assert pressure["found_in"] == "measurement.measurement_concept_id"
    assert book[0]["concept_name"] is None


def test_a_release_can_be_made_without_names_of_concepts(tmp_path: Path) -> None:
    folder, _ = built(tmp_path, concepts=None)
    assert pq.read_table(folder / "docs" / "codebook.parquet")["concept_name"].null_count == 10


def test_a_concept_that_the_lookup_repeats_stands_once(tmp_path: Path) -> None:
    given = inputs(tmp_path)
    twice = tmp_path / "twice.parquet"
    duckdb.sql(
        f"SELECT * FROM '{given.concepts}' UNION ALL SELECT * REPLACE ('other' AS concept_name) FROM '{given.concepts}'"
    ).write_parquet(str(twice))
    folder, _ = built(tmp_path, concepts=twice)
    ids = pq.read_table(folder / "docs" / "codebook.parquet")["concept_id"].to_pylist()
    assert ids == sorted(set(ids))


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_lines_of_the_readme_run_as_they_stand(tmp_path: Path, language: str) -> None:
    folder, _ = built(tmp_path)
    text = (folder / f"README.{language}.md").read_text(encoding="utf-8")
    assert "$" not in text
    run = subprocess.run([sys.executable, "-c", code_of(text)], cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "case" in run.stdout


def test_the_readme_speaks_of_shifted_dates_only_where_the_policy_shifted_them(tmp_path: Path) -> None:
    tables = deidentified(tmp_path / "shifted")
    exact = built(tmp_path)[0]
    actions = json.loads((tables / "columns.json").read_text())
    for action in actions:
        action["action"] = "shift" if action["column"].endswith("_date") else "keep"
    (tables / "columns.json").write_text(json.dumps(actions))
    shifted = built(tmp_path, "with_shift", tables=tables)[0]
    assert "are shifted" in (shifted / "README.en.md").read_text(encoding="utf-8")
    assert "are shifted" not in (exact / "README.en.md").read_text(encoding="utf-8")


def test_polars_pandas_duckdb_and_pyarrow_read_every_table(tmp_path: Path) -> None:
    folder, manifest = built(tmp_path)
    for entry in manifest.files:
        if entry.rows is not None:
            path = folder / entry.path
            assert pl.read_parquet(path).height == len(pd.read_parquet(path)) == entry.rows
            assert duckdb.execute("SELECT count(*) FROM read_parquet($1)", [str(path)]).fetchall() == [(entry.rows,)]
            if not entry.path.startswith("meds/"):
                assert pq.read_schema(path).metadata is None


@pytest.mark.parametrize("form", [lambda path: built(path)[0], published])
def test_sha256sum_checks_the_release(tmp_path: Path, form: Callable[[Path], Path]) -> None:
    folder = form(tmp_path)
    check = ["sha256sum", "--strict", "-c", "SHA256SUMS"]
    run = subprocess.run(check, cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout.count("OK") == len(files(folder)) - 1


def test_nothing_of_the_place_or_the_day_is_in_the_release(tmp_path: Path) -> None:
    folder, _ = built(tmp_path)
    for path in folder.rglob("*"):
        if path.is_file():
            assert str(tmp_path).encode() not in path.read_bytes()


def test_an_empty_table_is_part_of_the_release(tmp_path: Path) -> None:
    empty = {**TABLES, "death": "person_id | death_date | cause_concept_id"}
    folder, manifest = built(tmp_path, tables=deidentified(tmp_path / "with_empty", empty))
    assert pl.read_parquet(folder / "tables" / "death.parquet").shape == (0, 3)
    assert manifest.digest


def test_rows_of_people_outside_the_cohort_stop_the_build(tmp_path: Path) -> None:
    tables = deidentified(tmp_path / "strangers", {"cohort": COHORT, "person": PERSON + "\n 4242 | 8507 | 1950 | -"})
    with pytest.raises(BadInput, match="table person has rows of people who are not in cohort") as caught:
        built(tmp_path, tables=tables)
    assert "4242" not in str(caught.value)


@pytest.mark.parametrize(
    ("tables", "says"),
    [
        ({"person": PERSON}, "no cohort.parquet"),
        ({"cohort": "subject_id | role\n 1 | case"}, "lacks site_id, set_id, index_date, weight"),
        (
            {"cohort": COHORT, "crosswalk": "person_id | subject_id\n 1 | 2"},
            "crosswalk.parquet is not a clinical table",
        ),
        ({"cohort": COHORT, "concept": "concept_id\n 1"}, "concept.parquet is not a clinical table"),
    ],
)
def test_a_folder_that_is_no_release_is_refused(tmp_path: Path, tables: dict[str, str], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        built(tmp_path, tables=deidentified(tmp_path / "wrong", tables))


def test_a_column_that_no_rule_tells_about_stops_the_build(tmp_path: Path) -> None:
    tables = deidentified(tmp_path / "untold")
    actions = json.loads((tables / "columns.json").read_text())
    (tables / "columns.json").write_text(json.dumps([a for a in actions if a["column"] != "year_of_birth"]))
    with pytest.raises(BadInput, match=r"says nothing of person\.year_of_birth"):
        built(tmp_path, tables=tables)


@pytest.mark.parametrize("name", ["../evil.csv", "data_dictionary.csv", "a/b", "", ".hidden", "한글.md"])
def test_a_document_is_named_plainly(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValidationError, match="cannot be the name of a document"):
        inputs(tmp_path, docs={name: b""})


def test_a_document_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"balance\.csv: no such file"):
        built(tmp_path, docs={"balance.csv": tmp_path / "nowhere.csv"})


def test_a_folder_that_holds_something_already_is_not_built_into(tmp_path: Path) -> None:
    built(tmp_path)
    with pytest.raises(BadInput, match="holds something already"):
        build(inputs(tmp_path), tmp_path / "built")


def test_the_published_form_has_the_same_identity_and_both_signatures(tmp_path: Path) -> None:
    folder = published(tmp_path)
    before, after = files(tmp_path / "built"), files(folder)
    assert set(after) - set(before) == {"MANIFEST.sig", "provenance/approval.json"}
    assert {path for path in before if before[path] != after[path]} == {"SHA256SUMS"}
    approval = json.loads((folder / "provenance" / "approval.json").read_bytes())
    assert approval == {
        "case": "2026-0017",
        "decided_on": "2026-11-20",
        "manifest_sha256": after["MANIFEST.json"],
    }


def test_an_approval_of_another_manifest_seals_nothing(tmp_path: Path) -> None:
    folder, _ = built(tmp_path)
    with pytest.raises(BadInput, match="the approval is of manifest 0000"):
        seal_approval(folder, {"manifest_sha256": "0000"}, *keys(tmp_path), tmp_path / "out")


def test_a_package_that_changed_since_it_was_built_is_not_sealed(tmp_path: Path) -> None:
    folder, _ = built(tmp_path)
    path = folder / "tables" / "person.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(BadInput, match=r"person\.parquet: its bytes are not those of its manifest"):
        seal_approval(folder, {}, *keys(tmp_path), tmp_path / "out")
