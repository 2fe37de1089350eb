"""The made-up people of the shipped studies: they are where they are expected, and notice every change of a definition."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cohorts.expectations.check import Case, check, entries, expected_of, settled
from cohorts.expectations.model import People
from cohorts.expression import read
from flows import yaml_file
from flows.expectations import beside, run
from studies import build
from tests.studies.mutants import mutants

STUDIES = Path(build.__file__).parent
FILES = [STUDIES / study / f"{role}.json" for study in build.STUDIES for role in ("case", "control")]


@pytest.mark.parametrize("study", build.STUDIES)
def test_everybody_is_where_the_files_expect_them(study: str) -> None:
    files = [file for file in FILES if file.parent.name == study]
    shown = list(run({beside(file): (file, read(file)) for file in files}))
    assert [one.sentence for one in shown if one.sentence] == []
    assert len(shown) > 40


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_every_rule_has_a_person_whom_it_alone_keeps_out(file: Path) -> None:
    people = yaml_file.validate(yaml_file.read(beside(file), "people"), People, "people")
    alone = {one.kept_out_by[0] for one in people.people if one.kept_out_by and len(one.kept_out_by) == 1}
    assert {rule.name for rule in read(file).inclusion_rules} <= alone


# Changes that change nothing: each person of gi_bleed has one entry event, the first dispensing.
NOTHING = {
    "gi_bleed": {
        "PrimaryCriteria.PrimaryCriteriaLimit.Type First", "PrimaryCriteria.PrimaryCriteriaLimit.Type Last",
        "ExpressionLimit.Type All", "ExpressionLimit.Type Last",
    },
    "deterioration": set[str](),
}  # fmt: skip


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_a_changed_definition_is_noticed(file: Path, tmp_path: Path) -> None:
    people = yaml_file.validate(yaml_file.read(beside(file), "people"), People, "people")
    changed = mutants(json.loads(file.read_text(encoding="utf-8")))
    with settled({"given": Case(read(file), people)}) as (source, ids):
        found = entries(source, changed, tmp_path / "out.parquet")
    expected = {number: list(expected_of(people, one)) for number, one in zip(ids["given"], people.people, strict=True)}
    wanted = {number: rows for number, rows in expected.items() if rows}
    same_entries = {name: one for name, one in changed.items() if found.get(name, {}) == wanted}
    unnoticed = {name for name, one in same_entries.items() if all(p.holds for p in check({"": Case(one, people)})[""])}
    assert unnoticed == NOTHING[file.parent.name]
    assert len(changed) > 15
