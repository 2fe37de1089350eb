"""What changed between two versions and why, with small numbers withheld."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cdm.errors import BadInput
from extract.inputs import PackageInputs
from extract.package import build
from flows.attribution import Inside, Steps
from flows.changes import first, markdown
from flows.diff import diff, told
from tests.extract.release import PROVENANCE, deidentified, inputs

NEWER = PROVENANCE.model_copy(update={"cdm_release_digest": "e" * 64})
CODED = PROVENANCE.model_copy(update={"code_version": "0.1.1"})


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


def release(
    tmp_path: Path,
    version: str,
    content: dict[str, str],
    more: Callable[[Path], dict[str, bytes]] | None = None,
    **changes: object,
) -> Path:
    folder = tmp_path / f"deid-{version}"
    deidentified(folder, content)
    given = {
        **inputs(tmp_path).__dict__,
        "release": f"deterioration-seoul01-{version}",
        "version": version,
        "tables": folder,
    }
    build(PackageInputs.model_validate({**given, **changes}), tmp_path / version, more=more)
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
    rows = [line for line in changes.rows_by_cause if line[0] == "measurement"]
    assert rows == [
        ("measurement", "came", "cdm", "70", "70", "0", "0"),
        ("measurement", "left", "cdm", "0", "0", "18", "18"),
        ("measurement", "left", "withdrawal", "0", "0", "12", "12"),
        ("measurement", "stayed", "cdm", "270", "270", "270", "270"),
    ]
    # Six of those who lost the code withdrew, which is few: who left is told as one.
    assert [line for line in changes.codes_by_cause if line[1] == "3004249"] == [
        ("measurement", "3004249", "came", "cdm", "35", "0"),
        ("measurement", "3004249", "left", "cdm + withdrawal", "0", "15"),
    ]
    assert changes.values[0] == ("measurement", "3004249", "9", "17.32", "9.817", "17.82")
    assert changes.values_by_cause[0] == ("measurement", "3004249", "stayed", "cdm")
    text = markdown(changes)
    assert (
        "+70 / -30 subjects: +70 CDM refresh (CDM 갱신), -18 CDM refresh (CDM 갱신), -12 withdrawal (동의 철회)" in text
    )
    assert "## 1.0.0 → 1.1.0" in text
    assert "| measurement | 빠진 사람 / left | withdrawal (동의 철회) | 0 | 0 | 12 | 12 |" in text
    assert "-15 빠진 사람 / left: CDM refresh (CDM 갱신) + withdrawal (동의 철회) |" in text


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
    assert changes.columns == (("person.race_concept_id", "column added", "cdm + policy + study"),)


def test_a_column_of_another_type_is_told_with_both(tmp_path: Path) -> None:
    old = release(tmp_path, "1.0.0", tables(range(1, 51), range(1001, 1101)))
    new = release(tmp_path, "1.0.1", tables(range(1, 51), range(1001, 1101)), provenance=CODED)
    person = pq.read_table(old / "tables" / "person.parquet")
    place = person.column_names.index("year_of_birth")
    narrow = person.set_column(place, "year_of_birth", person["year_of_birth"].cast(pa.int32()))
    pq.write_table(narrow, old / "tables" / "person.parquet")
    changes = diff(old, new, 10)
    assert changes.columns == (("person.year_of_birth", "type changed: INTEGER → BIGINT", "code"),)


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


BOTH = NEWER.model_copy(update={"definition_digest": "f" * 64, "study_digest": "f" * 64})


def test_a_definition_and_a_refresh_are_told_apart_in_the_package_and_by_naru_diff(tmp_path: Path) -> None:
    old = release(tmp_path, "1.0.0", tables(range(1, 101), range(1001, 1201)))
    newest = tables(range(41, 161), range(1001, 1201))
    # Left: 1-15 by the refresh, 16-40 by the definition; came: 101-120 and 121-160.
    steps = Steps(refreshed=frozenset({*range(16, 121), *range(1001, 1201)}), drawn=frozenset({*range(41, 161)}))
    versions, made_of = ("1.0.0", "2.0.0"), (PROVENANCE, BOTH)

    def told_to(out: Path) -> dict[str, bytes]:
        changes = told(old, out, versions, made_of, 10, Inside(steps=steps))
        return {"changes.json": json.dumps(changes.to_json()).encode(), "CHANGES.md": markdown(changes).encode()}

    new = release(tmp_path, "2.0.0", newest, more=told_to, provenance=BOTH)
    changes = diff(old, new, 10)
    assert changes.apart
    assert changes.by_cause == (("cdm", "+20"), ("definition", "+40"), ("cdm", "-15"), ("definition", "-25"))
    text = (new / "docs/CHANGES.md").read_text(encoding="utf-8")
    assert "+60 / -40 subjects: +20 CDM refresh (CDM 갱신), +40 definition (정의), -15 CDM refresh" in text
    assert "A person counts once" in text
    assert [line[1:] for line in changes.rows_by_cause if line[0] == "person"] == [
        ("came", "cdm", "20", "20", "0", "0"),
        ("came", "definition", "40", "40", "0", "0"),
        ("left", "cdm", "0", "0", "15", "15"),
        ("left", "definition", "0", "0", "25", "25"),
    ]
    record = json.loads((new / "docs/changes.json").read_bytes())
    older = {key: value for key, value in record.items() if not key.endswith(("rows_by_cause", "codes_by_cause"))}
    (new / "docs/changes.json").write_text(json.dumps(older))
    retold = diff(old, new, 10)
    assert retold.by_cause == changes.by_cause
    assert {line[2] for line in retold.rows_by_cause} == {"definition + cdm"}
    stricter = diff(old, new, 50)  # what was recorded withholds less than asked: told together
    assert not stricter.apart
    assert [cause for cause, _ in stricter.by_cause] == ["definition + cdm", "definition + cdm"]


def test_what_the_hospital_knows_of_who_withdrew_is_told_again(tmp_path: Path) -> None:
    old = release(tmp_path, "1.0.0", tables(range(1, 101), range(1001, 1201)))

    def told_to(out: Path) -> dict[str, bytes]:
        gone = Inside(frozenset(range(1, 13)))
        changes = told(old, out, ("1.0.0", "1.1.0"), (PROVENANCE, NEWER), 10, gone)
        return {"changes.json": json.dumps(changes.to_json()).encode()}

    new = release(
        tmp_path, "1.1.0", tables(range(31, 101), range(1001, 1201)), more=told_to, provenance=NEWER
    )  # fmt: skip
    changes = diff(old, new, 10)  # as a startup, who knows nothing of withdrawals
    assert changes.by_cause == (("cdm", "-18"), ("withdrawal", "-12"))
    assert ("person", "left", "withdrawal", "0", "0", "12", "12") in changes.rows_by_cause
    assert changes == told(old, new, ("1.0.0", "1.1.0"), (PROVENANCE, NEWER), 10, Inside(frozenset(range(1, 13))))


def test_a_few_people_of_one_cause_are_withheld_with_what_gives_them_away(tmp_path: Path) -> None:
    old = release(tmp_path, "1.0.0", tables(range(1, 101), range(1001, 1201)))
    new = release(tmp_path, "2.0.0", tables(range(41, 101), range(1001, 1201)), provenance=BOTH)
    steps = Steps(refreshed=frozenset({*range(4, 101), *range(1001, 1201)}), drawn=frozenset())
    changes = told(old, new, ("1.0.0", "2.0.0"), (PROVENANCE, BOTH), 10, Inside(steps=steps))
    counts = dict(changes.by_cause)
    assert counts["cdm"] == "-*"  # three people
    shown = {name: text for name, text in changes.people.items() if text != "*"}
    assert not {"removed all", "removed by definition", "removed withdrawal"} <= shown.keys()
    assert not {"removed otherwise", "removed by definition"} <= shown.keys()
