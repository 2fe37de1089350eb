"""What changed between two versions and why, with small numbers withheld."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdm.errors import BadInput
from extract.inputs import PackageInputs
from extract.package import build
from flows.changes import first, markdown
from flows.diff import diff
from tests.extract.release import PROVENANCE, deidentified, inputs

NEWER = PROVENANCE.model_copy(update={"cdm_release_digest": "e" * 64})


def tables(cases: range, controls: range, value: float = 1.5, column: str = "") -> dict[str, str]:
    rows = [(i, "case") for i in cases] + [(i, "control") for i in controls]
    cohort = "subject_id | site_name | set_id | role | index_date | weight\n"
    cohort += "\n".join(f"{i} | seoul01 | {i} | {role} | 2031-02-03 | 1.0" for i, role in rows)
    person = f"person_id | gender_concept_id | year_of_birth{column}\n"
    person += "\n".join(f"{i} | 8507 | 1950{' | 0' if column else ''}" for i, _ in rows)
    measured = "measurement_id|person_id|measurement_concept_id|measurement_date|value_as_number\n"
    measured += "\n".join(
        f"{i} | {i} | {3004249 if i % 2 else 3027018} | 2031-01-01 | {value + i / 100}" for i, _ in rows
    )
    return {"cohort": cohort, "person": person, "measurement": measured}


def release(tmp_path: Path, version: str, content: dict[str, str], **changes: object) -> Path:
    folder = tmp_path / f"deid-{version}"
    deidentified(folder, content)
    told = {
        **inputs(tmp_path).__dict__,
        "release": f"deterioration-seoul01-{version}",
        "version": version,
        "tables": folder,
    }
    build(PackageInputs.model_validate({**told, **changes}), tmp_path / version)
    return tmp_path / version


def test_people_rows_codes_and_values_are_counted_and_told_by_cause(tmp_path: Path) -> None:
    old = release(tmp_path, "1.0.0", tables(range(1, 101), range(1001, 1201)))
    new = release(tmp_path, "1.1.0", tables(range(31, 141), range(1001, 1231), 9.5), provenance=NEWER)
    changes = diff(old, new, 10, withdrawn=range(1, 13))
    assert changes.causes == ("cdm", "withdrawal")
    people = changes.people
    assert (people["added all"], people["removed all"], people["before case"], people["after control"]) == (
        "70",
        "30",
        "100",
        "230",
    )
    assert changes.by_cause == (("cdm", "+70"), ("cdm", "-18"), ("withdrawal", "-12"))
    assert ("measurement", "300", "340", "340", "300", "370") in changes.tables
    assert {code[1] for code in changes.codes} == {"3004249", "3027018"}
    assert {value[1] for value in changes.values} == {"3004249", "3027018"}
    text = markdown(changes)
    assert (
        "+70 / -30 subjects: +70 CDM refresh (CDM 갱신), -18 CDM refresh (CDM 갱신), -12 withdrawal (동의 철회)" in text
    )
    assert "## 1.0.0 → 1.1.0" in text


def test_small_numbers_and_what_gives_them_away_are_withheld(tmp_path: Path) -> None:
    old = release(tmp_path, "1.0.0", tables(range(1, 101), range(1001, 1201)))
    new = release(tmp_path, "1.1.0", tables(range(4, 141), range(1001, 1201)), provenance=NEWER)
    changes = diff(old, new, 10, withdrawn=(1, 2))
    people = changes.people
    assert people["removed all"] == people["removed case"] == people["removed withdrawal"] == "*"
    shown = {name: int(text.replace(",", "")) for name, text in people.items() if text != "*"}
    for role in ("case", "all"):  # before - stayed and before + added - after would tell that three are gone
        assert not {f"before {role}", f"stayed {role}"} <= shown.keys()
        assert not {f"before {role}", f"added {role}", f"after {role}"} <= shown.keys()
    assert "-3" not in markdown(changes)


def test_columns_and_several_causes_are_told_together(tmp_path: Path) -> None:
    old = release(tmp_path, "1.0.0", tables(range(1, 51), range(1001, 1101)))
    other = NEWER.model_copy(
        update={"definition_digest": "f" * 64, "study_digest": "f" * 64, "policy_digest": "f" * 64}
    )
    new = release(
        tmp_path, "2.0.0", tables(range(21, 51), range(1001, 1101), column=" | race_concept_id"), provenance=other
    )
    changes = diff(old, new, 10)
    assert changes.causes == ("definition", "cdm", "policy")
    assert changes.by_cause == (("definition + cdm + policy", "-20"),)
    assert changes.columns == (("person.race_concept_id", "column added"),)


def test_two_equal_versions_and_a_first_one(tmp_path: Path) -> None:
    old = release(tmp_path, "1.0.0", tables(range(1, 51), range(1001, 1101)))
    new = release(tmp_path, "1.0.1", tables(range(1, 51), range(1001, 1101)))
    changes = diff(old, new, 10)
    assert (changes.causes, changes.tables, changes.codes, changes.by_cause) == ((), (), (), ())
    assert "nothing" in markdown(changes)
    assert "첫 버전" in first("1.0.0")


def test_releases_of_another_grant_are_not_compared(tmp_path: Path) -> None:
    old = release(tmp_path, "1.0.0", tables(range(1, 51), range(1001, 1101)))
    new = release(tmp_path, "1.1.0", tables(range(1, 51), range(1001, 1101)), recipient="rival")
    with pytest.raises(BadInput, match="are not versions of one release"):
        diff(old, new, 10)
