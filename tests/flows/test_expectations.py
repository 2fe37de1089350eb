"""`naru cohort test` and the made-up people in `naru study check`: sentences with file and line, exit codes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from flows.cli.exits import call
from tests.flows.hospital import small_study


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NARU_HOME", str(tmp_path / "home"))
    return small_study("gi_bleed", tmp_path)


def edited(file: Path, old: str, new: str) -> int:
    """Change the first mention of a text; the line on which it stood."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_people_who_are_where_they_are_expected(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["cohort", "test", str(study.parent / "case.json")]) == 0
    assert re.fullmatch(r"(\d+) of \1 made-up people are where they are expected\n", capsys.readouterr().out)


def test_a_definition_that_misses_someone_is_told_with_person_line_and_rule(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edited(study.parent / "case.json", '"Days": 90', '"Days": 89')
    assert call(["cohort", "test", str(study.parent / "case.json")]) == 1
    people = study.parent / "case.people.yaml"
    line = people.read_text(encoding="utf-8").splitlines().index("  - person: bleeds on the last day of the window") + 1
    (sentence,) = [told for told in capsys.readouterr().out.splitlines() if "last day" in told]
    assert sentence == (
        f"{people}:{line}: 'bleeds on the last day of the window': expected 2020-01-01 to 2020-03-31 (days 0 to 90), "
        "found no entry; kept out by rule 3 (Gastrointestinal haemorrhage 1 to 90 days after the first dispensing), asked: At "
        "least 1 diagnosis of “Gastrointestinal haemorrhage” recorded from 1 day to 89 days after the index date; found 0 "
        "(starting 2020-01-02 to 2020-03-30)"
    )
    assert call(["study", "check", str(study)]) == 1
    assert f"block: {sentence}" in capsys.readouterr().out


def test_the_answer_as_json(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edited(study.parent / "control.people.yaml", "expect: [0, 90]", "expect: none")
    assert call(["cohort", "test", str(study.parent / "control.json"), "--json"]) == 1
    (one,) = [told for told in json.loads(capsys.readouterr().out) if not told["holds"]]
    assert (one["expected"], one["found"]) == ([], [["2020-01-01", "2020-03-31"]])
    assert "expected no entry, found 2020-01-01 to 2020-03-31 (days 0 to 90)" in one["amiss"]


def test_a_definition_without_people_is_a_warning(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (study.parent / "case.people.yaml").unlink()
    assert call(["study", "check", str(study)]) == 0
    assert "warn: " in (out := capsys.readouterr().out)
    assert "case.json: no made-up people show what this definition means; describe some in case.people.yaml" in out
    assert call(["cohort", "test", str(study.parent / "case.json")]) == 2
    assert "case.people.yaml: no such file of made-up people" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("observed: [-800, 60]", "observd: [-800, 60]", "this key is unknown (did you mean 'observed'?); accepted here: age, "),
        ("day: 60}", "day: soon}", "people.0.events.1.day: write a whole number of days counted from day_0, or a date"),
        ("drug_exposure: celecoxib,", "drug_exposure: celecoxb,", "no concept or concept set is called 'celecoxb'"),
        ("expect: [0, 90]", "expect: yes", "people.0.expect: write none, or a list of [first day, last day]"),
        ("expect: [0, 90]", "expect: [0, 90, 91]", "people.0.expect.0"),
        ("kept_out_by: Aged 19 or over", "kept_out_by: Aged 20", "no inclusion rule is 'Aged 20'; accepted are 'Aged 19 or over'"),
        ("sex: female", "sex: [female]", "unless_said.sex"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_file_is_told_with_its_line(
    study: Path, old: str, new: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    line = edited(study.parent / "case.people.yaml", old, new)
    assert call(["cohort", "test", str(study.parent / "case.json")]) == 2
    told = capsys.readouterr().err
    assert f"case.people.yaml:{line}: " in told
    assert sentence in told
