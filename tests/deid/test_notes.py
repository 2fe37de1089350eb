"""Free text leaves only when it was asked for and approved, and then without the people in it."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pyarrow as pa
import pytest

from cdm.errors import BadInput
from deid.policy import HospitalPolicy, StudyPolicy, compose, programme
from deid.policy.file import parse
from deid.text import TextSettings
from tests.deid.extracts import PEOPLE, by_person, policy, run
from tests.deid.text.variants import known_names, leaks, plant

NAMES = pa.table({"name": ["홍길동", "김민수"]})
NOTES = """
note_id | person_id | note_date  | note_type_concept_id | note_class_concept_id | note_text
      1 |        11 | 2018-02-02 |                32817 |                     0 | 홍길동님 2018-02-02 내원
      2 |        11 | 2018-02-09 |                32817 |                     0 | 홍길동님 2018-02-02 내원
      3 |        12 | 2018-01-04 |                32817 |                     0 | 보호자 010-1234-5678, 특이 소견 없음
      4 |        99 | 2018-01-04 |                32817 |                     0 | 추출되지 않은 사람 김민수
"""
CONTENT = {"person": PEOPLE, "note": NOTES}
ASKED = StudyPolicy(text_asked=("note",))


def test_notes_stay_unless_the_study_asks(tmp_path: Path) -> None:
    out, _ = run(tmp_path, CONTENT, names=NAMES)
    assert "note" not in out


def test_notes_leave_scrubbed_and_their_dates_move_with_the_person(tmp_path: Path) -> None:
    out, report = run(tmp_path, CONTENT, given=policy(ASKED), names=NAMES)
    person = by_person(out)
    notes = {(row["person_id"], row["note_date"]): row["note_text"] for row in out["note"].to_pylist()}
    first, second = person[11], person[12]
    days = dt.timedelta(days=first["offset_days"])
    moved = dt.date(2018, 2, 2) + days
    assert notes == {
        (first["subject_id"], moved): f"[이름]님 {moved} 내원",
        (first["subject_id"], moved + dt.timedelta(days=7)): f"[이름]님 {moved} 내원",
        (second["subject_id"], dt.date(2018, 1, 4) + dt.timedelta(days=second["offset_days"])): (
            "보호자 [휴대전화], 특이 소견 없음"
        ),
    }
    assert report.text[0].to_json() == {
        "table": "note",
        "column": "note_text",
        "texts": 2,
        "replaced": {"date": 1, "mobile": 1, "name": 1},
    }
    assert json.loads((tmp_path / "out" / "risk.json").read_text())["text"] == [report.text[0].to_json()]


def test_text_without_a_list_of_names_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no list of its patients' and staff's names"):
        run(tmp_path, CONTENT, given=policy(ASKED))


def test_a_missing_text_stays_missing(tmp_path: Path) -> None:
    content = {**CONTENT, "note": NOTES.replace("보호자 010-1234-5678, 특이 소견 없음", "-")}
    out, _ = run(tmp_path, content, given=policy(ASKED), names=NAMES)
    assert sorted(out["note"]["note_text"].to_pylist(), key=str)[0] is None


def test_no_planted_identifier_stands_in_any_byte(tmp_path: Path) -> None:
    planted = plant(each=7, seed=5)
    notes = pa.table(
        {
            "note_id": range(len(planted)),
            "person_id": [11 + place % 4 for place in range(len(planted))],
            "note_date": [dt.date(2018, 2, 1)] * len(planted),
            "note_type_concept_id": [32817] * len(planted),
            "note_text": [canary.note for canary in planted],
        }
    )
    out, _ = run(
        tmp_path,
        {"person": PEOPLE, "note": notes},
        given=policy(ASKED, HospitalPolicy(text=TextSettings())),
        names=pa.table({"name": known_names(planted)}),
    )
    left = "\n".join(out["note"]["note_text"].to_pylist())
    assert len(planted) > 1000
    # An age or a year of one note may be a dose of another; tests/deid/text looks at each note by itself.
    told = [canary for canary in planted if len(canary.secret) >= 6]
    assert len(told) > 900
    assert not [canary for canary in told if leaks(canary, left)]


@pytest.mark.parametrize(
    ("hospital", "said"),
    [
        ("tables: {note: drop_table narrative}", "which the hospital's policy drops"),
        ("text: {kinds: [mobile]}", "text.kinds leaves out url"),
        ("text: {patient_number_patterns: ['(']}", "no regular expression of linear-time syntax"),
    ],
)
def test_a_hospital_may_refuse_but_not_loosen(hospital: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        compose(programme(), parse(hospital, HospitalPolicy, "hospital.yaml"), ASKED)


def test_what_cannot_be_asked_for_is_named() -> None:
    with pytest.raises(BadInput, match="asks for the text of 'note_nlp'; tables that can be asked for: note"):
        compose(programme(), None, StudyPolicy(text_asked=("note_nlp",)))


def test_how_text_is_scrubbed_is_part_of_the_digest() -> None:
    own = HospitalPolicy(text=TextSettings(dates="label"))
    digests = {compose(programme(), hospital, study).digest for hospital in (None, own) for study in (None, ASKED)}
    assert len(digests) == 4
