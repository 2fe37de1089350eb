"""A small de-identified folder and the release made of it, for this room's tests."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from cdm import schema
from cdm.engine import Limits
from extract.inputs import PackageInputs
from extract.manifest import Bilingual, Manifest, Provenance, StudyMeta, Terms
from extract.package import build, seal_approval
from extract.sign import SigningKey, create
from tests.tables import table

COHORT = """
subject_id | site_name | set_id | role    | index_date | weight
       901 | seoul01 |      1 | case    | 2031-02-03 |    1.0
       305 | seoul01 |      1 | control | 2031-02-03 |   12.5
       777 | seoul01 |      2 | case    | 2030-07-01 |    1.0
"""
PERSON = """
person_id | gender_concept_id | year_of_birth | care_site_id
      901 |              8507 |          1950 |           40
      305 |              8532 |          1955 |           41
      777 |              8532 |          1960 |            -
"""
VISITS = """
visit_occurrence_id | person_id | visit_concept_id | visit_start_date | preceding_visit_occurrence_id
               5001 |       901 |             9201 | 2031-01-01       |                             -
               5000 |       901 |             9202 | 2031-01-20       |                          5001
               7000 |       777 |             9202 | 2030-06-20       |                          6999
"""
MEASUREMENTS = """
measurement_id|person_id|measurement_concept_id|measurement_date|value_as_number|unit_concept_id|visit_occurrence_id
33 | 901 | 3004249 | 2031-01-01 | 131.0 | 8876 | 5001
11 | 901 | 3004249 | 2031-01-20 |   9.5 | 8876 | 1234
22 | 305 | 3027018 | 2031-01-02 |  88.0 | 8541 |    -
44 | 777 |       0 | 2030-06-20 |     - |    - | 7000
"""
SITES = """
care_site_id | place_of_service_concept_id
          40 |                        8717
"""
CONCEPTS = """
concept_id | concept_code | vocabulary_id | concept_name            | ko_name | domain_id
   3004249 | 8480-6       | LOINC         | Systolic blood pressure | 수축기 혈압     | Measurement
   3027018 | 8867-4       | LOINC         | Heart rate              | 심박수          | Measurement
      8876 | mm[Hg]       | UCUM          | millimeter mercury      | -               | Unit
      8541 | /min         | UCUM          | per minute              | -               | Unit
      8507 | M            | Gender        | MALE                    | 남              | Gender
      9999 | unused       | None          | never occurs            | -               | Gender
"""
TABLES = {
    "cohort": COHORT,
    "person": PERSON,
    "visit_occurrence": VISITS,
    "measurement": MEASUREMENTS,
    "care_site": SITES,
}
STUDY = StudyMeta(
    id="deterioration",
    title=Bilingual(ko="입원 환자 악화 예측", en="Deterioration of inpatients"),
    purpose=Bilingual(ko="조기 경보 모형의 개발", en="Development of an early warning model"),
)
PROVENANCE = Provenance(
    study_digest="5" * 64,
    definition_digest="d" * 64,
    policy_digest="a" * 64,
    cdm_release_digest="c" * 64,
    vocabulary_version="v5.0 2026",
    code_version="0.1.0",
)
TERMS = Terms(
    text=Bilingual(ko="재식별 금지, 재배포 금지.", en="No re-identification, no redistribution."),
    contact="data@hospital.example",
)


def named(text: str) -> pa.Table:
    """A text table; `site_name` and `ko_name` stand for columns whose own names would make them numbers."""
    content = table(text)
    own = {"site_name": "site_id", "ko_name": "concept_name_ko"}
    return content.rename_columns([own.get(name, name) for name in content.column_names])


def deidentified(folder: Path, tables: dict[str, str] | None = None) -> Path:
    """What de-identification leaves behind: <table>.parquet, cohort.parquet, columns.json."""
    folder.mkdir()
    actions = []
    for name, text in (tables or TABLES).items():
        content = named(text)
        pq.write_table(content, folder / f"{name}.parquet")
        known = schema.tables("5.4").get(name)
        columns = known.names if known else ()
        actions += [{"table": name, "column": column, "action": "keep", "reason": ""} for column in columns]
    (folder / "columns.json").write_text(json.dumps(actions), encoding="utf-8")
    return folder


def inputs(tmp_path: Path, **changes: object) -> PackageInputs:
    """Inputs of a whole release; the files are made when they are not there."""
    folder = tmp_path / "deid"
    if not folder.exists():
        deidentified(folder)
        pq.write_table(named(CONCEPTS), tmp_path / "concepts.parquet")
        (tmp_path / "table1.csv").write_bytes(b"what,case,control\npeople,2,1\n")
    given: dict[str, object] = {
        "release": "deterioration-seoul01-1.0.0",
        "version": "1.0.0",
        "site_id": "seoul01",
        "cdm_version": "5.4",
        "study": STUDY,
        "provenance": PROVENANCE,
        "terms": TERMS,
        "tables": folder,
        "concepts": tmp_path / "concepts.parquet",
        "docs": {"table1.csv": tmp_path / "table1.csv", "risk.json": b"{}", "love.svg": b"<svg/>"},
        "records": {"disclosure_record.json": b"{}"},
    }
    return PackageInputs.model_validate({**given, **changes})


def built(
    tmp_path: Path, name: str = "built", limits: Limits | None = None, **changes: object
) -> tuple[Path, Manifest]:
    """Build the release into tmp_path/name."""
    return tmp_path / name, build(inputs(tmp_path, **changes), tmp_path / name, limits)


def keys(tmp_path: Path) -> tuple[SigningKey, SigningKey]:
    """The hospital's and the board's keys."""
    return create(tmp_path / "hospital.key"), create(tmp_path / "board.key")


def published(tmp_path: Path, name: str = "published") -> Path:
    """Build, approve and sign the release into tmp_path/name."""
    folder, _ = built(tmp_path)
    hospital, board = keys(tmp_path)
    seal_approval(folder, {"case": "2026-0017", "decided_on": "2026-11-20"}, hospital, board, tmp_path / name)
    return tmp_path / name
