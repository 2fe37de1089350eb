"""Releases of several hospitals, read as one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import meds
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cdm.errors import BadInput
from extract.meds.pooled import write_pooled_meds
from extract.pooled import open_pooled
from tests.extract.release import COHORT, CONCEPTS, PERSON, PROVENANCE, TABLES, built, deidentified, named

BUSAN_COHORT = """
subject_id | site_name | set_id | role    | index_date | weight
       111 | busan02 |      1 | case    | 2031-05-05 |    1.0
       222 | busan02 |      1 | control | 2031-05-05 |    3.0
"""
BUSAN_PERSON = """
person_id | gender_concept_id | year_of_birth
      111 |              8507 |          1940
      222 |              8507 |          1942
"""
BUSAN_MEASUREMENTS = """
measurement_id|person_id|measurement_concept_id|measurement_date|value_as_number|unit_concept_id
11 | 111 | 3004249 | 2031-05-01 | 150.0 | 8876
12 | 222 | 3012888 | 2031-05-01 |  70.0 | 8876
"""
BUSAN_CONCEPTS = """
concept_id | concept_code | vocabulary_id | concept_name              | ko_name | domain_id
   3004249 | 8480-6       | LOINC         | Another name of the same  | -       | Measurement
   3012888 | 8462-4       | LOINC         | Diastolic blood pressure  | -       | Measurement
      8876 | mm[Hg]       | UCUM          | millimeter mercury column | -       | Unit
"""


def busan(tmp_path: Path, **changes: object) -> Path:
    folder = tmp_path / "busan"
    folder.mkdir()
    tables = {"cohort": BUSAN_COHORT, "person": BUSAN_PERSON, "measurement": BUSAN_MEASUREMENTS}
    deidentified(folder / "deid", tables)
    pq.write_table(named(BUSAN_CONCEPTS), folder / "concepts.parquet")
    (folder / "table1.csv").write_bytes(b"what,case,control\npeople,1,1\n")
    given: dict[str, object] = {"release": "deterioration-busan02-1.1.0", "version": "1.1.0", "site_id": "busan02"}
    return built(folder, **{**given, **changes})[0]


@pytest.fixture
def two(tmp_path: Path) -> list[Path]:
    """Releases of two hospitals; the second has neither visits nor care sites."""
    return [built(tmp_path)[0], busan(tmp_path)]


def test_tables_stand_one_below_the_other_with_their_hospital(two: list[Path]) -> None:
    data = open_pooled(two)
    assert list(data.sites) == ["busan02", "seoul01"]
    assert data.tables == ("care_site", "cohort", "measurement", "person", "visit_occurrence")
    found = data.table("measurement").select("site_id", "measurement_id", "visit_occurrence_id").collect()
    assert sorted(found.rows(), key=str) == [
        ("busan02", 11, None), ("busan02", 12, None),
        ("seoul01", 11, None), ("seoul01", 22, None), ("seoul01", 33, 5001), ("seoul01", 44, 7000),
    ]  # fmt: skip
    assert data.table("visit_occurrence").collect()["site_id"].unique().to_list() == ["seoul01"]
    assert data.cohort().collect().group_by("site_id").len().sort("site_id").rows() == [("busan02", 2), ("seoul01", 3)]


def test_an_earlier_release_with_narrower_columns_fits(two: list[Path]) -> None:
    path = two[1] / "tables" / "person.parquet"
    person = pq.read_table(path)
    place = person.column_names.index("year_of_birth")
    pq.write_table(person.set_column(place, "year_of_birth", person["year_of_birth"].cast(pa.int32())), path)
    born = open_pooled(two).table("person").collect()["year_of_birth"]
    assert (born.dtype, sorted(born)) == (pl.Int64, [1940, 1942, 1950, 1955, 1960])


def test_a_hospital_whose_name_is_a_path_is_no_release(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="its hospital are named in lower-case letters"):
        built(tmp_path, site_id="../elsewhere")


def test_a_fold_is_a_hospital(two: list[Path]) -> None:
    folds = open_pooled(two).split("leave_one_site_out").collect()
    assert set(folds.select("site_id", "fold").unique().rows()) == {("busan02", "busan02"), ("seoul01", "seoul01")}


def test_a_table_that_nobody_released_is_told_with_those_that_somebody_did(two: list[Path]) -> None:
    with pytest.raises(BadInput, match="No hospital released the table death; they have care_site, cohort"):
        open_pooled(two).table("death")


def test_meds_is_every_shard_with_each_code_once(two: list[Path], tmp_path: Path) -> None:
    people = write_pooled_meds(open_pooled(two), tmp_path / "meds")
    assert sum(people.values()) == 5
    events = pl.read_parquet(tmp_path / "meds" / "data" / "**" / "*.parquet")
    one_by_one = [pl.read_parquet(folder / "meds" / "data" / "**" / "*.parquet") for folder in two]
    assert events.height == sum(part.height for part in one_by_one)
    codes = pl.read_parquet(tmp_path / "meds" / "metadata" / "codes.parquet")
    assert codes["code"].is_sorted()
    assert codes["code"].is_unique().all()
    assert set(events["code"].unique()) <= {*codes["code"], "MEDS_BIRTH", "MEDS_DEATH"}
    # busan02 comes first by name; what it does not tell comes from the other.
    systolic = codes.row(by_predicate=pl.col("code") == "LOINC/8480-6", named=True)
    assert (systolic["description"], systolic["description_ko"]) == ("Another name of the same", "수축기 혈압")
    splits = pl.read_parquet(tmp_path / "meds" / "metadata" / "subject_splits.parquet")
    assert splits["subject_id"].is_sorted()
    for path in (tmp_path / "meds" / "data").rglob("*.parquet"):
        meds.DataSchema.validate(pq.read_table(path))
    meds.CodeMetadataSchema.validate(pq.read_table(tmp_path / "meds" / "metadata" / "codes.parquet"))
    meds.SubjectSplitSchema.validate(pq.read_table(tmp_path / "meds" / "metadata" / "subject_splits.parquet"))
    about = json.loads((tmp_path / "meds" / "metadata" / "dataset.json").read_bytes())
    meds.DatasetMetadataSchema.validate(about)
    assert about["dataset_version"] == "busan02 1.1.0, seoul01 1.0.0"
    for part in ("codes", "subject_splits"):
        assert pq.read_schema(tmp_path / "meds" / "metadata" / f"{part}.parquet").equals(
            pq.read_schema(two[0] / "meds" / "metadata" / f"{part}.parquet")
        )


def test_a_hospital_held_out_is_held_out_whole_and_nobody_else_is(two: list[Path], tmp_path: Path) -> None:
    people = write_pooled_meds(open_pooled(two), tmp_path / "meds", hold_out="busan02")
    assert people["held_out"] == 2
    splits = pl.read_parquet(tmp_path / "meds" / "metadata" / "subject_splits.parquet")
    assert set(splits.filter(pl.col("split") == "held_out")["subject_id"]) == {111, 222}
    for path in (tmp_path / "meds" / "data").rglob("*.parquet"):
        here = pl.read_parquet(path)["subject_id"].unique()
        assert splits.filter(pl.col("subject_id").is_in(here.implode()))["split"].unique().to_list() == [
            path.parent.name
        ]


def test_pooling_twice_gives_the_same_bytes(two: list[Path], tmp_path: Path) -> None:
    for name, folders in (("one", two), ("other", two[::-1])):
        write_pooled_meds(open_pooled(folders), tmp_path / name)
    one, other = (
        {
            path.relative_to(tmp_path / name): path.read_bytes()
            for path in (tmp_path / name).rglob("*")
            if path.is_file()
        }
        for name in ("one", "other")
    )
    assert one == other


def test_what_does_not_belong_together_is_refused(tmp_path: Path) -> None:
    seoul = built(tmp_path)[0]
    with pytest.raises(BadInput, match="No release was named"):
        open_pooled([])
    with pytest.raises(BadInput, match="are both of the hospital seoul01; give one version of each hospital"):
        open_pooled([seoul, shutil.copytree(seoul, tmp_path / "again")])
    other = busan(tmp_path, provenance=PROVENANCE.model_copy(update={"definition_digest": "e" * 64}))
    with pytest.raises(BadInput, match="come from different cohort definitions"):
        open_pooled([seoul, other])


def test_somebody_of_two_hospitals_is_refused(tmp_path: Path) -> None:
    seoul = built(tmp_path)[0]
    (tmp_path / "copied").mkdir()
    deidentified(
        tmp_path / "copied" / "deid", {**TABLES, "cohort": COHORT.replace("seoul01", "busan02"), "person": PERSON}
    )
    pq.write_table(named(CONCEPTS), tmp_path / "copied" / "concepts.parquet")
    (tmp_path / "copied" / "table1.csv").write_bytes(b"what,case,control\n")
    copied = built(tmp_path / "copied", release="deterioration-busan02-1.0.0", site_id="busan02")[0]
    with pytest.raises(BadInput, match="3 subject_id stand in releases of two hospitals"):
        open_pooled([seoul, copied])


def test_a_folder_that_is_there_stays_as_it_is(two: list[Path], tmp_path: Path) -> None:
    (tmp_path / "meds").mkdir()
    (tmp_path / "meds" / "mine.txt").write_text("mine")
    with pytest.raises(BadInput, match="is there already"):
        write_pooled_meds(open_pooled(two), tmp_path / "meds")
    with pytest.raises(BadInput, match="daegu03 is none of these hospitals: busan02, seoul01"):
        write_pooled_meds(open_pooled(two), tmp_path / "new", hold_out="daegu03")
    assert [path.name for path in (tmp_path / "meds").iterdir()] == ["mine.txt"]
    assert not (tmp_path / "new").exists()
