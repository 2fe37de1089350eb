"""The release as MEDS events."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cdm.engine import Limits, connect
from extract.codebook import write_codebook
from extract.meds import shards, write
from extract.meds.write import Prediction
from extract.splits import write_splits
from extract.tables import pack_tables
from tests.extract.release import COHORT, CONCEPTS, TABLES, built, deidentified, named

PERSON = """
person_id | gender_concept_id | year_of_birth | race_concept_id
      901 |              8507 |          1950 |               0
      305 |              8532 |             - |               0
      777 |              8507 |          1960 |               -
"""
VISITS = """
visit_occurrence_id | person_id | visit_concept_id | visit_start_date | visit_start_datetime | visit_end_date
               5001 |       901 |             9201 | 2031-01-01       | 2031-01-01 08:30:00  | 2031-01-03
"""
MEASUREMENTS = """
measurement_id|person_id|measurement_concept_id|measurement_date|measurement_datetime|value_as_number|unit_concept_id|visit_occurrence_id
1 | 901 | 3004249 | 2031-01-01 | 2031-01-01 09:15:00 | 131.5 | 8876 | 5001
2 | 901 | 3004249 | 2031-01-01 | 2031-01-01 00:00:00 | 120.0 | 8876 | 5001
3 | 901 | 3027018 | 2031-01-01 | -                   |  88.0 | 8541 | -
4 | 901 |  424242 | 2031-01-02 | 2031-01-02 10:00:00 |     - |    - | -
"""
DEATH = """
person_id | death_date
      901 | 2031-02-01
"""


def events(folder: Path) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(path) for path in sorted((folder / "meds" / "data").glob("*/*.parquet"))])


def release(tmp_path: Path, **changes: object) -> Path:
    tables = {
        "cohort": COHORT,
        "person": PERSON,
        "visit_occurrence": VISITS,
        "measurement": MEASUREMENTS,
        "death": DEATH,
    }
    pq.write_table(named(CONCEPTS + "\n9201 | IP | Visit | Inpatient Visit | - | Visit"), tmp_path / "names.parquet")
    return built(
        tmp_path, tables=deidentified(tmp_path / "meds_in", tables), concepts=tmp_path / "names.parquet", **changes
    )[0]


def at(day: int, hour: int, minute: int, second: int = 0, month: int = 1) -> dt.datetime:
    return dt.datetime(2031, month, day, hour, minute, second)  # noqa: DTZ001  # MEDS times have no zone


def test_rows_become_events_with_code_value_and_unit_in_the_order_of_time(tmp_path: Path) -> None:
    found = events(release(tmp_path)).filter(pl.col("subject_id") == 901)
    assert found.select("time", "code", "numeric_value", "unit", "visit_occurrence_id").rows() == [
        (None, "Gender/M", None, None, None),
        (dt.datetime(1950, 1, 1), "MEDS_BIRTH", None, None, None),  # noqa: DTZ001
        (at(1, 8, 30), "Visit/IP", None, None, 5001),
        (at(1, 9, 15), "LOINC/8480-6", 131.5, "mm[Hg]", 5001),
        (at(1, 23, 59, 59), "LOINC/8480-6", 120.0, "mm[Hg]", 5001),
        (at(1, 23, 59, 59), "LOINC/8867-4", 88.0, "/min", None),
        (at(2, 10, 0), "OMOP/424242", None, None, None),
        (at(3, 23, 59, 59), "Visit/IP//END", None, None, 5001),
        (at(1, 23, 59, 59, month=2), "MEDS_DEATH", None, None, None),
    ]


def test_an_unknown_year_of_birth_and_concept_0_of_a_person_make_no_event(tmp_path: Path) -> None:
    found = events(release(tmp_path)).filter(pl.col("subject_id") == 305)
    assert found["code"].to_list() == ["OMOP/8532"]


def test_every_code_is_described_and_an_end_points_at_its_visit(tmp_path: Path) -> None:
    folder = release(tmp_path)
    codes = {row["code"]: row for row in pq.read_table(folder / "meds" / "metadata" / "codes.parquet").to_pylist()}
    assert set(codes) == set(events(folder)["code"])
    assert codes["LOINC/8480-6"]["description_ko"] == "수축기 혈압"
    assert codes["Visit/IP//END"]["parent_codes"] == ["Visit/IP"]
    assert codes["MEDS_BIRTH"]["description"] == "Birth"


def test_a_person_is_in_one_shard_of_its_split_contiguous_and_sorted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "SHARD_EVENTS", 40)
    people = [(n, f"{n} | 8507 | 1950") for n in range(1, 101)]
    tables = {
        "cohort": "subject_id | site_name | set_id | role | index_date | weight\n"
        + "\n".join(f"{n} | seoul01 | {n // 2} | case | 2031-01-01 | 1" for n, _ in people),
        "person": "person_id | gender_concept_id | year_of_birth\n" + "\n".join(row for _, row in people),
        "measurement": "measurement_id | person_id | measurement_concept_id | measurement_date\n"
        + "\n".join(f"{n * 10 + m} | {n} | 3004249 | 2030-0{1 + m}-01" for n, _ in people for m in range(5)),
    }
    folder, _ = built(tmp_path, tables=deidentified(tmp_path / "many", tables))
    split = dict(pl.read_parquet(folder / "meds" / "metadata" / "subject_splits.parquet").rows())
    seen: set[int] = set()
    files = sorted((folder / "meds" / "data").glob("*/*.parquet"))
    assert len(files) > 5
    for path in files:
        shard = pl.read_parquet(path)
        here = shard["subject_id"].unique(maintain_order=True).to_list()
        assert shard["subject_id"].rle().struct.field("value").to_list() == here
        assert not seen & set(here)
        seen |= set(here)
        assert {split[subject] for subject in here} == {path.parent.name}
        for _, one in shard.group_by("subject_id"):
            assert one["time"].is_sorted(nulls_last=False)
    assert len(seen) == 100


def test_the_label_is_told_before_the_gap_before_the_index_day(tmp_path: Path) -> None:
    folder = release(tmp_path, prediction=Prediction("deterioration", gap_hours=6))
    labels = pl.read_parquet(folder / "meds" / "labels" / "deterioration" / "0.parquet")
    assert labels.filter(pl.col("subject_id") == 901).rows() == [(901, at(2, 17, 59, 59, month=2), True)]
    assert labels["boolean_value"].to_list() == [False, True, True]


def test_the_types_are_those_of_meds_0_4_and_no_time_of_making_is_told(tmp_path: Path) -> None:
    folder = release(tmp_path)
    schema = pq.read_schema(folder / "meds" / "data" / "train" / "0.parquet")
    assert [schema.field(name).type for name in ("subject_id", "time", "code", "numeric_value", "text_value")] == [
        pa.int64(), pa.timestamp("us"), pa.string(), pa.float32(), pa.large_string(),
    ]  # fmt: skip
    assert "created_at" not in json.loads((folder / "meds" / "metadata" / "dataset.json").read_bytes())


def test_the_meds_package_accepts_every_file(tmp_path: Path) -> None:
    meds = pytest.importorskip("meds")
    folder = release(tmp_path, prediction=Prediction("deterioration")) / "meds"
    for path in (folder / "data").glob("*/*.parquet"):
        meds.DataSchema.validate(pq.read_table(path))
    meds.CodeMetadataSchema.validate(pq.read_table(folder / "metadata" / "codes.parquet"))
    meds.SubjectSplitSchema.validate(pq.read_table(folder / "metadata" / "subject_splits.parquet"))
    meds.LabelSchema.validate(pq.read_table(folder / "labels" / "deterioration" / "0.parquet"))
    meds.DatasetMetadataSchema.validate(json.loads((folder / "metadata" / "dataset.json").read_bytes()))


def test_a_release_without_events_has_codes_and_splits_all_the_same(tmp_path: Path) -> None:
    folder, _ = built(tmp_path, tables=deidentified(tmp_path / "none", {"cohort": TABLES["cohort"]}))
    assert pl.read_parquet(folder / "meds" / "metadata" / "codes.parquet").height == 0
    assert pl.read_parquet(folder / "meds" / "metadata" / "subject_splits.parquet").height == 3
    assert not (folder / "meds" / "data").exists()


def test_events_of_one_moment_stand_by_table_code_and_the_order_of_the_tables_file(tmp_path: Path) -> None:
    rows = [(5, 3027018, 1.0), (3, 3004249, 2.0), (4, 3004249, 1.0)]
    tables = {
        "cohort": COHORT,
        "measurement": "measurement_id | person_id | measurement_concept_id | measurement_date | value_as_number\n"
        + "\n".join(f"{key} | 901 | {concept} | 2031-01-01 | {value}" for key, concept, value in rows),
    }
    pq.write_table(named(CONCEPTS), tmp_path / "names.parquet")
    found = built(tmp_path, tables=deidentified(tmp_path / "same", tables), concepts=tmp_path / "names.parquet")[0]
    told = events(found).filter(pl.col("subject_id") == 901).select("code", "numeric_value").rows()
    assert told == [("LOINC/8480-6", 2.0), ("LOINC/8480-6", 1.0), ("LOINC/8867-4", 1.0)]


def test_threads_and_how_many_events_are_sorted_at_once_do_not_change_a_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deidentified(tmp_path / "rows", {"cohort": "subject_id | site_name | set_id | role | index_date | weight\n"
                 + "\n".join(f"{n} | seoul01 | {n // 2} | case | 2031-01-01 | 1" for n in range(1, 501))})  # fmt: skip
    with connect() as con:
        con.execute(
            "COPY (SELECT i AS measurement_id, 1 + i % 500 AS person_id, 3000000 + i % 7 AS measurement_concept_id, "
            "DATE '2015-01-01' + (i % 30)::INT AS measurement_date, (i % 5)::DOUBLE AS value_as_number FROM range(260000) t(i)) "
            f"TO '{tmp_path / 'rows' / 'measurement.parquet'}' (ROW_GROUP_SIZE 20480)"
        )
    monkeypatch.setattr(shards, "SHARD_EVENTS", 50_000)
    written = []
    for number, (threads, block) in enumerate([(1, 8_000_000), (2, 8_000_000), (2, 110_000), (1, 1)]):
        monkeypatch.setattr(shards, "BLOCK_EVENTS", block)
        with connect(Limits(threads=threads)) as con:
            (tmp_path / str(number)).mkdir()
            packed = pack_tables(con, tmp_path / "rows", "5.4", tmp_path / str(number))
            write_codebook(con, packed, None, "5.4", tmp_path / "codebook.parquet")
            write_splits(con, tmp_path / "splits")
            assert write.write_meds(con, packed, "5.4", {}, tmp_path / f"meds{number}") == 260_000
        written.append([path.read_bytes() for path in sorted((tmp_path / f"meds{number}").rglob("*.parquet"))])
    assert len(written[0]) == 9
    assert written.count(written[0]) == 4
