"""Files of source codes: beside a definition, in a study, in its digests, in its package; and what is wrong with one."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from cdm.errors import BadInput
from flows import codes_file
from flows.definitions import found_in, read
from flows.study import load, shipped
from tests.cohorts.small import concept_set, condition, definition
from tests.cohorts.test_codes import CONCEPT, HOSPITAL
from tests.flows.commands import Alone, Ready
from tests.flows.hospital import home_with_case, small_study
from tests.flows.test_bad_input import told
from tests.tables import write_duckdb

alone = pytest.mark.xdist_group("flows_bad_input")

SETS = [concept_set(1, 10) | {"name": "Infarction"}, concept_set(2, 20)]
DEFINITION = definition(condition(), ConceptSets=SETS)
CODES = """
# KCD as this hospital writes it
concept_sets:
  Infarction:
    - {vocabulary: KCD, codes: [I21*]}
    - {vocabulary: local, codes: ["0701"], tables: [condition_occurrence]}
"""


def write(folder: Path, name: str, codes: str | None = CODES) -> Path:
    """A definition, and source codes beside it."""
    file = folder / f"{name}.json"
    file.write_text(json.dumps(DEFINITION), encoding="utf-8")
    if codes is not None:
        (folder / f"{name}.codes.yaml").write_text(codes, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Infarction:", "Infraction:", r":4: concept_sets.Infraction: the definition has no such concept set; it has 1 \(Inf"),
        ("Infarction:", "7:", ":4: concept_sets.7: the definition has no such concept set"),
        ('"0701"', "0701", r":6: .*codes.0: a code has to stand in quotes: without them YAML takes it for a number"),
        ("[I21*]", "[no]", r":5: .*codes.0: a code has to stand in quotes"),
        ("[I21*]", "[I*1]", r":5: .*codes.0: a code is a whole code, or its beginning with one \* at the end, such as I21\*"),
        ("[I21*]", "[]", r":5: .*codes: is empty; give at least one"),
        ("vocabulary: KCD, ", "", r":5: .*vocabulary: this key is missing; add it"),
        ("vocabulary: KCD, ", "vocab: KCD, vocabulary: KCD, ", r":5: .*vocab: this key is unknown \(did you mean 'vocabulary'"),
        ("[condition_occurrence]", "[condition]", r":6: .*tables.0: is no table of events with source values; there are"),
        ("concept_sets:", "sets:", r":3: sets: this key is unknown"),
        ("concept_sets:", "concept_sets: [", r"the file of source codes is not valid YAML"),
        (CODES, "", r":1: the file of source codes must be a mapping"),
        (CODES, "concept_sets: {1: [{vocabulary: A, codes: [b]}], 1: []}", ":1: the key '1' is given twice; keep one"),
        (CODES, "concept_sets:\n  1: []", r":2: concept_sets.1: is empty; give at least one"),
        (CODES, "concept_sets:\n  1: x", r":2: concept_sets.1: .*valid"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_file_and_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    file = write(tmp_path, "a", CODES.replace(old, new, 1))
    with pytest.raises(BadInput) as caught:
        read(file)
    assert re.search(f"a.codes.yaml{said}" if said.startswith(":") else said, str(caught.value)), str(caught.value)
    assert str(caught.value).startswith(str(tmp_path / "a.codes.yaml"))


def test_codes_beside_a_definition_are_read_with_it(tmp_path: Path) -> None:
    with_codes, without = read(write(tmp_path, "a")), read(write(tmp_path, "b", None))
    assert with_codes != without
    assert (with_codes.concept_sets or ())[1] == (without.concept_sets or ())[1]


def test_a_broken_link_to_codes_is_not_passed_over(tmp_path: Path) -> None:
    file = write(tmp_path, "a", None)
    (tmp_path / "a.codes.yaml").symlink_to(tmp_path / "gone.yaml")
    with pytest.raises(BadInput, match="a.codes.yaml: no such file of source codes"):
        read(file)


def test_codes_of_no_definition_are_not_passed_over(tmp_path: Path) -> None:
    write(tmp_path, "1")
    (tmp_path / "2.codes.yaml").write_text(CODES)
    with pytest.raises(BadInput, match="2.codes.yaml: there is no definition 2.json beside these source codes"):
        found_in(tmp_path)


@alone
def test_every_verb_takes_the_codes_and_says_so(command: Ready, tmp_path: Path) -> None:
    folder, home = tmp_path / "definitions", tmp_path / "home"
    folder.mkdir()
    one, other = write(folder, "1"), write(folder, "2", None)
    source = f"duckdb://{write_duckdb(tmp_path / 'h.duckdb', {**HOSPITAL, 'concept': CONCEPT})}?schema=cdm"
    out = tmp_path / "c.parquet"
    counts = f"SELECT cohort_definition_id, count(*) FROM '{out}' GROUP BY ALL ORDER BY ALL"

    ran = command.ok(home, "cohort", "run-all", folder, "--source", source, "--out", out)
    assert duckdb.sql(counts).fetchall() == [(1, 4), (2, 2)]
    assert f"with the source codes of {folder / '1.codes.yaml'}" in ran.out
    alone_ran = command.json(home, "cohort", "run", one, "--source", source, "--out", out)
    assert (alone_ran["entries"], alone_ran["codes"]) == (4, [str(folder / "1.codes.yaml")])
    assert command.json(home, "cohort", "run", other, "--source", source, "--out", out)["codes"] == []

    assert "Also records with the source code KCD I21*" in command.ok(home, "cohort", "explain", one).out
    assert "source code is" not in command.ok(home, "cohort", "explain", other).out
    found = {finding["code"] for finding in command.json(home, "cohort", "check", one, "--source", source)}
    assert {"codes_add_records", "codes_without_records"} <= found
    why = command.json(home, "cohort", "why", one, "--source", source, "--person", 2)
    assert [entry["start"] for entry in why["entries"]] == ["2013-01-01", "2015-01-01"]

    (folder / "1.codes.yaml").write_text("concept_sets: {9: [{vocabulary: KCD, codes: [I21]}]}")
    for verb, more in (
        ("run-all", ("--source", source, "--out", out)),
        ("run", ("--source", source, "--out", out)),
        ("check", ("--source", source)),
        ("why", ("--source", source, "--person", 1)),
        ("explain", ()),
    ):
        ended = command(home, "cohort", verb, folder if verb == "run-all" else one, *more)
        told(ended, 2, "1.codes.yaml:1: concept_sets.9: the definition has no such concept set")


def test_source_values_are_never_in_an_error(tmp_path: Path) -> None:
    """A hospital whose source values are no texts: the sentence tells the kind, not the value."""
    rows = HOSPITAL["condition_occurrence"].set_column(
        HOSPITAL["condition_occurrence"].column_names.index("condition_start_date"), "condition_start_date",
        HOSPITAL["condition_occurrence"]["condition_source_value"],
    )  # fmt: skip
    file = write_duckdb(tmp_path / "h.duckdb", {**HOSPITAL, "condition_occurrence": rows})
    from flows.cohort_run import run_one
    from flows.home import Home

    with pytest.raises(BadInput) as caught:
        run_one(
            Home(tmp_path / "home"), write(tmp_path, "a"), f"duckdb://{file}?schema=cdm", tmp_path / "c.parquet", None
        )
    assert not re.search("LOCAL7|I210|K25|I21.0", str(caught.value))


# --- studies


def with_codes(study: Path, text: str, named: bool = True) -> Path:
    """A study whose case has source codes."""
    (study.parent / "case.codes.yaml").write_text(text, encoding="utf-8")
    if named:
        asked = yaml.safe_load(study.read_text(encoding="utf-8"))
        asked["cohorts"]["case"] = {"definition": "case.json", "codes": "case.codes.yaml"}
        study.write_text(yaml.safe_dump(asked, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return study


NAPROXEN = "concept_sets: {%s: [{vocabulary: RxNorm, codes: ['%s']}]}"


def drug_set(study: Path) -> int:
    """The set by which the case of gi_bleed enters."""
    given = json.loads((study.parent / "case.json").read_text(encoding="utf-8"))
    number = given["PrimaryCriteria"]["CriteriaList"][0]["DrugExposure"]["CodesetId"]
    assert isinstance(number, int)
    return number


def test_a_study_names_its_codes_and_its_digests_cover_them(tmp_path: Path) -> None:
    study = small_study("gi_bleed", tmp_path)
    plain, number = load(study), drug_set(study)
    assert plain.code_files == {}
    digests = [(plain.definition_digest, plain.spec_digest)]  # of the files as they are now
    changed = load(with_codes(study, NAPROXEN % (number, "849575")))
    digests.append((changed.definition_digest, changed.spec_digest))
    coded = load(with_codes(study, NAPROXEN % (number, "849574")))
    digests.append((coded.definition_digest, coded.spec_digest))
    assert len({pair[0] for pair in digests}) == len({pair[1] for pair in digests}) == 3
    assert coded.definitions["case"] != plain.definitions["case"]
    assert coded.definitions["control"] == plain.definitions["control"]


def test_a_definition_without_codes_may_be_named_in_either_form() -> None:
    study = load(shipped("gi_bleed"))
    assert study.spec.model_dump(mode="json")["cohorts"] == {"case": "case.json", "control": "control.json"}


@pytest.mark.parametrize(
    ("cohorts", "said"),
    [
        ({"case": "case.json", "control": "control.json"}, "cohorts.case: source codes lie beside the definition, in"),
        (
            {"case": {"definition": "case.json", "codes": "none.yaml"}, "control": "control.json"},
            r"cohorts.case.codes: no file '.*none.yaml'; give its path, relative to the study file",
        ),
        ({"case": {"definition": "none.json"}, "control": "control.json"}, "cohorts.case: no file '.*none.json'"),
        (
            {"case": {"code": "x"}, "control": "control.json"},
            r"cohorts.case.code: this key is unknown \(did you mean 'codes'",
        ),
        ({"case": 7, "control": "control.json"}, "cohorts.case: .*valid"),
        (
            {"case": {"definition": "case.json", "codes": "case.codes.yaml"}, "control": "control.json"},
            r"case.codes.yaml:1: concept_sets.99: the definition has no such concept set; it has",
        ),
    ],
)
def test_a_study_that_leaves_codes_out_or_names_wrong_ones_is_told(
    tmp_path: Path, cohorts: dict[str, Any], said: str
) -> None:
    study = with_codes(small_study("gi_bleed", tmp_path), NAPROXEN % (99, "1"), named=False)
    asked = {**yaml.safe_load(study.read_text(encoding="utf-8")), "cohorts": cohorts}
    study.write_text(yaml.safe_dump(asked, allow_unicode=True, sort_keys=False), encoding="utf-8")
    with pytest.raises(BadInput, match=said):
        load(study)


@pytest.mark.xdist_group("flows_alone")
@pytest.mark.timeout(600)
def test_a_study_with_codes_goes_the_whole_way_and_its_package_tells_of_them(
    extraction: Alone, gibleed: Path, tmp_path: Path
) -> None:
    study = small_study("gi_bleed", tmp_path / "studies")
    with_codes(study, NAPROXEN % (drug_set(study), "849574"))
    home = home_with_case(tmp_path / "home", study, "gibleed", f"parquet://{gibleed}")
    ended = extraction(home.root, study, "gibleed", "gibleed_data").wait()
    assert (ended.code, ended.err) == (0, "")
    (codes,) = (home.root / "runs").rglob("source_codes.*")
    assert codes.name == "source_codes.case.yaml"
    assert codes.read_bytes() == (study.parent / "case.codes.yaml").read_bytes()
    prose = (codes.parent / "definition.ko.md").read_text(encoding="utf-8")
    assert "원천 코드가 다음과 같은 기록도 포함함: RxNorm 849574" in prose


def test_beside_is_by_name() -> None:
    assert codes_file.beside(Path("a/b.c.json")) == Path("a/b.c.codes.yaml")
