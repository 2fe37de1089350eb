"""A study that asks for notes: refused without the approval's word and the hospital's names, and scrubbed with both."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
import yaml

from tests.flows.commands import Alone
from tests.flows.hospital import home_with_case, small_study

alone = pytest.mark.xdist_group("flows_alone")
NAME, NUMBER = "홍길동", "010-8765-4321"
NOTE = r"\[이름\]님 [0-9]{4}-[0-9]{2}-[0-9]{2} 내원\. \[전화번호\]\. 특이 소견 없음\."


@pytest.fixture
def hospital(gibleed: Path, tmp_path: Path) -> Path:
    """The sample, and of everybody a note on the day of each of their conditions."""
    folder = tmp_path / "hospital"
    shutil.copytree(gibleed, folder)
    with duckdb.connect() as con:
        con.execute(
            "COPY (SELECT row_number() OVER (ORDER BY condition_occurrence_id)::BIGINT AS note_id, person_id, "
            "condition_start_date AS note_date, NULL::TIMESTAMP AS note_datetime, 32817::BIGINT AS note_type_concept_id, "
            "0::BIGINT AS note_class_concept_id, NULL::VARCHAR AS note_title, "
            f"'{NAME}님 ' || condition_start_date || ' 내원. 연락처 {NUMBER}. 특이 소견 없음.' AS note_text, "
            "32678::BIGINT AS encoding_concept_id, 4180186::BIGINT AS language_concept_id, NULL::BIGINT AS provider_id, "
            "visit_occurrence_id, NULL::BIGINT AS visit_detail_id, NULL::VARCHAR AS note_source_value, "
            "NULL::BIGINT AS note_event_id, NULL::BIGINT AS note_event_field_concept_id "
            f"FROM read_parquet('{folder / 'condition_occurrence.parquet'}')) "
            f"TO '{folder / 'note.parquet'}' (FORMAT parquet)"
        )
    return folder


@pytest.fixture
def study(tmp_path: Path) -> Path:
    path = small_study("gi_bleed", tmp_path / "studies")
    asked = yaml.safe_load(path.read_text(encoding="utf-8"))
    asked["extract"]["tables"]["note"] = None
    asked.setdefault("deid", {})["text_asked"] = ["note"]
    path.write_text(yaml.safe_dump(asked, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


@pytest.fixture
def names(tmp_path: Path) -> Path:
    path = tmp_path / "names.csv"
    path.write_text(f"person_id,name\n1,{NAME}\n,김간호\n", encoding="utf-8")
    return path


@alone
def test_notes_leave_scrubbed_to_the_last_byte(
    extraction: Alone, hospital: Path, study: Path, names: Path, tmp_path: Path
) -> None:
    home = home_with_case(tmp_path / "home", study, "gibleed", f"parquet://{hospital}", names, free_text=["note"])
    ended = extraction(home.root, study, "gibleed", "gibleed_data").wait()
    assert (ended.code, ended.err) == (0, "")
    (note,) = (home.root / "runs").rglob("package-*/**/tables/note.parquet")
    texts = pq.read_table(note)["note_text"].to_pylist()
    assert texts
    assert not [text for text in texts if not re.fullmatch(NOTE, text)]
    for path in (path for path in (home.root / "runs").rglob("*") if path.is_file()):
        content = path.read_bytes()
        assert NAME.encode() not in content, path.name
        assert NUMBER.encode() not in content, path.name


@alone
def test_without_the_approvals_word_nothing_is_read(
    extraction: Alone, hospital: Path, study: Path, names: Path, tmp_path: Path
) -> None:
    home = home_with_case(tmp_path / "home", study, "gibleed", f"parquet://{hospital}", names)
    ended = extraction(home.root, study, "gibleed", "gibleed_data").wait()
    assert (ended.code, ended.out) == (3, "")
    assert "asks for the free text of 'note' (deid.text_asked), which the approval of case" in ended.err


@alone
def test_without_the_hospitals_names_nothing_leaves(
    extraction: Alone, hospital: Path, study: Path, tmp_path: Path
) -> None:
    home = home_with_case(tmp_path / "home", study, "gibleed", f"parquet://{hospital}", free_text=["note"])
    ended = extraction(home.root, study, "gibleed", "gibleed_data").wait()
    assert (ended.code, ended.out) == (2, "")
    assert "no list of its patients' and staff's names" in ended.err
