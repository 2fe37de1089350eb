"""naru draw: the draw alone, from a cohort file."""

from __future__ import annotations

import json

import pyarrow.parquet as pq
import pytest

from cdm.errors import BadInput
from flows.draw_run import Place, read_spec
from flows.study import load, shipped
from tests import tables
from tests.cohorts.draw.hospital import random_hospital
from tests.flows.hospital import small_study

SPEC = """\
cases: 100
controls: 200
match: [sex, birth_year]
index_date: case
prior_observation_days: 365
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("draw")
    random_hospital(folder, 3_000, 150)[0].close()
    (folder / "spec.yaml").write_text(SPEC, encoding="utf-8")
    return folder


@pytest.fixture
def naru(folder, capsys, monkeypatch, tmp_path):
    """Run `naru draw` in this process; give exit code, output, errors."""
    from flows.cli.exits import call

    monkeypatch.setenv("NARU_HOME", str(tmp_path / "home"))

    def run(*cohorts, spec="spec.yaml", source=True, **options):
        given = ["draw", *map(str, cohorts), "--spec", str(folder / spec), "--out", str(tmp_path / "draw.parquet")]
        if source:
            given += ["--source", f"duckdb://{folder / 'cdm3000.duckdb'}?schema=cdm"]
        for name, value in options.items():
            given += [f"--{name}"] if value is True else [f"--{name}", str(value)]
        code = call(given)
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def test_it_writes_the_draw_and_shows_table_1_and_what_was_matched(naru, folder, tmp_path):
    code, told, err = naru(folder / "cohort3000.parquet", lang="en")
    assert (code, err) == (0, "")
    rows = pq.read_table(tmp_path / "draw.parquet")
    assert rows.column_names == ["person_id", "role", "index_date", "set_id", "weight"]
    assert rows.num_rows == 300
    assert "Controls drawn, of those that the drawn cases want: 100.0%" in told
    assert "Table 1" in told
    assert "Every case that was tried found a control." in told


def test_it_speaks_korean(naru, folder):
    _, told, _ = naru(folder / "cohort3000.parquet", lang="ko")
    assert "표 1: 추출된 환자군과 대조군" in told
    assert "환자군 최대 100명과 대조군 최대 200명, 1:2." in told


def test_json_holds_what_may_be_told(naru, folder):
    code, told, _ = naru(folder / "cohort3000.parquet", json=True)
    found = json.loads(told)
    assert code == 0
    assert found["drawn"] == {"cases": {"count": 100}, "controls": {"count": 200}}
    assert (found["matched_fraction"], found["threshold"], found["unmatched"]) == (1.0, 10, [])
    assert all(row["withheld"] in (True, False) for row in found["balance"])


def test_exact_counts_and_the_page_are_written_where_asked_for(naru, folder, tmp_path):
    naru(folder / "cohort3000.parquet", report=tmp_path / "exact.json", html=tmp_path / "draw.html", lang="en")
    assert json.loads((tmp_path / "exact.json").read_text(encoding="utf-8"))["drawn"] == {"cases": 100, "controls": 200}
    assert "<svg" in (tmp_path / "draw.html").read_text(encoding="utf-8")


def test_single_cohorts_are_put_together_by_role(naru, folder, tmp_path):
    whole = pq.read_table(folder / "cohort3000.parquet").to_pylist()
    for role in ("case", "control"):
        rows = [row for row in whole if row["role"] == role]
        lines = ["subject_id | cohort_start_date | cohort_end_date"]
        lines += [f"{r['subject_id']} | {r['cohort_start_date']} | {r['cohort_end_date']}" for r in rows]
        tables.write_parquet(tmp_path, {role: "\n".join(lines) + "\n"})
    naru(folder / "cohort3000.parquet")
    once = (tmp_path / "draw.parquet").read_bytes()
    naru(f"case={tmp_path / 'case.parquet'}", f"control={tmp_path / 'control.parquet'}")
    assert (tmp_path / "draw.parquet").read_bytes() == once


def test_a_study_file_may_be_the_specification(folder):
    study = shipped("gi_bleed")
    assert read_spec(study) == load(study).spec.draw


@pytest.mark.parametrize(
    ("cohorts", "options", "said"),
    [
        (["nowhere.parquet"], {}, "nowhere.parquet does not exist"),
        (["a.parquet", "b.parquet"], {}, "each needs its role: write case=FILE"),
        (["case=a.parquet", "case=b.parquet"], {}, "a role is given twice"),
        (["case=nowhere.parquet"], {}, "no Parquet file that can be read"),
        (["nowhere.parquet"], {"source": False}, "say where to draw: --source URL, or --site ID"),
        (["nowhere.parquet"], {"spec": "none.yaml"}, "none.yaml: no such draw specification"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(naru, cohorts, options, said):
    code, _, err = naru(*cohorts, **options)
    assert code == 2
    assert said in err
    assert len(err.strip().splitlines()) == 1


def test_a_mistake_in_the_specification_is_told_with_its_line(naru, folder):
    (folder / "wrong.yaml").write_text("draw:\n  cases: 100\n  controls: 200\n  matched: [sex]\n", encoding="utf-8")
    code, _, err = naru("cohort.parquet", spec="wrong.yaml")
    assert code == 2
    assert "wrong.yaml:4: matched: this key is unknown (did you mean 'match'?)" in err


def test_a_place_is_a_source_or_a_site(tmp_path):
    from flows.home import Home

    with pytest.raises(BadInput, match="one of the two"):
        Place.of(Home(tmp_path), "sample://gibleed", "gibleed")


def test_a_pool_of_another_name_is_where_controls_come_from(tmp_path):
    path = small_study("gi_bleed", tmp_path, cohorts__users="control.json", draw__pool="users")
    study = load(path)
    assert study.definition_files["control"] == path.parent / "control.json"
    assert (study.spec.draw.pool, study.draw.pool) == ("users", "control")


def test_a_pool_that_no_cohort_is_called_is_refused_with_the_names_there_are(tmp_path):
    path = small_study("gi_bleed", tmp_path, draw__pool="users")
    with pytest.raises(
        BadInput, match="controls from the cohort 'users', and `cohorts` names case, control; add `users`"
    ):
        load(path)


def test_the_file_of_every_named_pool_must_exist(tmp_path):
    path = small_study("gi_bleed", tmp_path, cohorts__users="users.json")
    with pytest.raises(BadInput, match=r"study.yaml:\d+: cohorts.users: no file"):
        load(path)
