"""Pins: what a definition's sets held where it was imported, against what they hold here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import cdm
from cdm.errors import BadInput
from cohorts import pins
from cohorts.expression import parse
from cohorts.lint import Finding, lint
from cohorts.pins import PinnedDefinition, PinnedSet, Pins, Vocabulary, WebApi
from tests.cohorts.small import concept_set, condition, definition, drug
from tests.cohorts.test_lint import HOSPITAL
from tests.tables import write_duckdb

# This hospital's vocabulary has 10, 12 (invalid), 20, 21; 10 has the descendant 12 (and 11, which it does not know).
SETS = [concept_set(1, 10, includeDescendants=True), concept_set(2, 20, includeMapped=True)]
GIVEN = definition(condition(), drug(), ConceptSets=SETS)


def pinned(*sets: tuple[int, tuple[int, ...]], sha256: str = "0" * 64) -> Pins:
    return Pins(
        definition=PinnedDefinition(id=7, name="bleeding", modified=None, sha256=sha256),
        webapi=WebApi(url="https://atlas/WebAPI", version="2.14.0"),
        vocabulary=Vocabulary(source_key="OMOP", version="v5.0 31-AUG-25"),
        resolved_at="2025-11-01T09:00:00Z",
        concept_sets=tuple(PinnedSet(id=number, name=f"set {number}", concept_ids=ids) for number, ids in sets),
    )


def findings(folder: Path, pins: Pins, edited: bool = False) -> list[Finding]:
    file = write_duckdb(folder / "hospital.duckdb", HOSPITAL)
    with cdm.open_source(f"duckdb://{file}?schema=cdm", folder) as source:
        found = lint(source, parse(json.dumps(GIVEN), "given"), pins=pins, edited=edited)
    return [one for one in found if one.code.startswith(("pins", "concept_set_resolves"))]


def test_the_same_concepts_are_no_finding(tmp_path: Path) -> None:
    assert findings(tmp_path, pinned((1, (10,)), (2, (20, 21)))) == []


def test_missing_and_extra_concepts_are_told_by_set_in_both_languages(tmp_path: Path) -> None:
    first, second = findings(tmp_path, pinned((2, (20, 21, 99)), (1, (11, 12))))
    assert (first.path, first.severity) == ("$.ConceptSets[0]", "warning")
    assert first.en == (
        "Concept set 1 (set 1) gives 1 concepts here and gave 2 where it was pinned (OMOP, v5.0 31-AUG-25): "
        "2 missing here (1 unknown to this vocabulary): 11, 12; 1 extra here: 10."
    )
    assert first.to_json()["missing"] == [11, 12]
    assert first.to_json()["extra"] == [10]
    assert second.path == "$.ConceptSets[1]"
    assert second.ko == (
        "개념 집합 2 (set 2)은(는) 여기서 개념 2개이고 고정할 때는 3개였습니다(OMOP, v5.0 31-AUG-25). "
        "여기에 없음 1개(이 어휘가 모르는 것 1개): 99."
    )


def test_of_many_concepts_ten_are_shown_and_all_are_in_the_json(tmp_path: Path) -> None:
    (told,) = findings(tmp_path, pinned((1, (10, *range(1000, 1300)))))
    assert "300 missing here (300 unknown to this vocabulary): 1000, 1001, " in told.en
    assert told.en.endswith("1009 and 290 more.")
    assert told.to_json()["missing"] == list(range(1000, 1300))


def test_a_definition_that_was_changed_since_is_told(tmp_path: Path) -> None:
    (told,) = findings(tmp_path, pinned((9, (1,))), edited=True)
    assert (told.code, told.path) == ("pins_of_other_definition", "$")


def test_the_digest_is_of_what_is_said_not_of_how_it_is_laid_out(tmp_path: Path) -> None:
    bare, wrapped, other = (tmp_path / name for name in ("a.json", "b.json", "c.json"))
    bare.write_text(json.dumps(GIVEN, indent=4, sort_keys=True), encoding="utf-8-sig")
    wrapped.write_text(json.dumps({"name": "x", "expression": json.dumps(GIVEN)}), encoding="utf-8")
    other.write_text(json.dumps({**GIVEN, "Title": "한국어"}), encoding="utf-8")
    assert pins.sha256_of(bare) == pins.sha256_of(wrapped) == pins.sha256(GIVEN)
    assert pins.sha256_of(other) != pins.sha256_of(bare)


def test_pins_are_read_as_they_were_written(tmp_path: Path) -> None:
    given, file = pinned((1, (10, 11)), (2, ())), tmp_path / "a.pins.json"
    file.write_text(pins.written(given), encoding="utf-8")
    assert pins.read(file) == given
    assert pins.beside(tmp_path / "a.json") == file


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": "naru-pins-2"}, r"a.pins.json: \$.format is not what a pins file has there"),
        (
            {"concept_sets": [{"id": 1, "name": None, "concept_ids": ["x"]}]},
            r"\$.concept_sets\[0\].concept_ids\[0\] is",
        ),
        ({"more": 1}, r"\$.more is not what a pins file has there"),
        ({"definition": None}, r"\$.definition is not what"),
    ],
)
def test_a_pins_file_that_is_none_is_told_with_its_place(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    file = tmp_path / "a.pins.json"
    file.write_text(json.dumps({**pinned().model_dump(mode="json"), **change}), encoding="utf-8")
    with pytest.raises(BadInput, match=said):
        pins.read(file)
