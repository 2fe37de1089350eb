"""A twin has the layout, schema and distributions of its release, and nobody in it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from cdm.errors import BadInput
from extract.loader import open_dataset
from extract.manifest import read_manifest
from extract.meds.write import Prediction
from extract.readme import code_of
from extract.twin.make import make
from extract.twin.profile import profile
from extract.verify import verify
from tests.extract.release import built, deidentified

PEOPLE = 400
RARE = 3027018


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """400 people; 3 of them with a rare concept, one with a value that is theirs alone."""
    tmp_path = tmp_path_factory.mktemp("twin")
    random = np.random.default_rng(5)
    index = datetime.fromisoformat("2031-02-03")
    people = range(1, PEOPLE + 1)
    cohort = "subject_id | site_name | set_id | role | index_date | weight\n" + "\n".join(
        f"{p} | seoul01 | {(p + 1) // 2} | {'case' if p % 2 else 'control'} | 2031-02-03 | 1.0" for p in people
    )
    person = "person_id | gender_concept_id | year_of_birth\n" + "\n".join(
        f"{p} | {8507 if p % 4 else 8532} | 1950" for p in people
    )
    visits = "visit_occurrence_id | person_id | visit_concept_id | visit_start_date | visit_end_date\n" + "\n".join(
        f"{p} | {p} | 9201 | {index - timedelta(days=20):%Y-%m-%d} | {index - timedelta(days=18):%Y-%m-%d}"
        for p in people
    )
    rows, number = [], 0
    for p in people:
        for _ in range(1 + p % 5):
            number += 1
            value = 120 + float(random.normal(0, 10)) if p != 7 else 98765.0
            concept = RARE if p <= 3 else 3004249
            day = index - timedelta(days=int(random.integers(1, 25)))
            rows.append(f"{number} | {p} | {concept} | {day:%Y-%m-%d} | {value:.4f} | 8876 | {p}")
    head = "measurement_id|person_id|measurement_concept_id|measurement_date|value_as_number|unit_concept_id|visit_occurrence_id\n"
    tables = {"cohort": cohort, "person": person, "visit_occurrence": visits, "measurement": head + "\n".join(rows)}
    deidentified(tmp_path / "rows", tables)
    return built(tmp_path, tables=tmp_path / "rows", prediction=Prediction("deterioration"))[0]


def test_layout_and_schema_are_the_releases_own(release: Path, tmp_path: Path) -> None:
    manifest = make(release, 300, 1, tmp_path / "twin")
    real = read_manifest(release)
    ours, theirs = (
        {f.path: f.columns for f in m.files if f.path.startswith(("tables/", "meds/"))} for m in (manifest, real)
    )
    assert ours == theirs
    assert verify(tmp_path / "twin", require_signature=False).ok
    assert manifest.release == "deterioration-seoul01-twin-1.0.0"
    assert manifest.recipient is None


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(release: Path, tmp_path: Path) -> None:
    first = make(release, 100, 1, tmp_path / "a").digest
    assert make(release, 100, 1, tmp_path / "b").digest == first
    assert make(release, 100, 2, tmp_path / "c").digest != first


def test_codes_and_values_are_distributed_alike(release: Path, tmp_path: Path) -> None:
    make(release, 2000, 1, tmp_path / "twin")
    real, twin = (open_dataset(folder).table("measurement").collect() for folder in (release, tmp_path / "twin"))
    typical = real.filter(pl.col("value_as_number") < 1000)["value_as_number"]
    assert twin["value_as_number"].median() == pytest.approx(typical.median(), abs=2)
    assert twin["value_as_number"].std() == pytest.approx(typical.std(), rel=0.35)
    assert twin.height / 2000 == pytest.approx(real.height / PEOPLE, rel=0.25)
    women = open_dataset(tmp_path / "twin").table("person").collect()["gender_concept_id"].eq(8532).mean()
    assert women == pytest.approx(0.25, abs=0.05)
    gap = twin.join(open_dataset(tmp_path / "twin").cohort().collect(), left_on="person_id", right_on="subject_id")
    days = (gap["index_date"] - gap["measurement_date"]).dt.total_days()
    assert days.min() >= 1
    assert days.max() <= 30


def test_nothing_that_few_people_have_is_in_the_profile_or_the_twin(release: Path, tmp_path: Path) -> None:
    make(release, 2000, 1, tmp_path / "twin")
    told = (tmp_path / "twin" / "docs/profile.json").read_text(encoding="utf-8")
    assert str(RARE) not in told
    assert "98765" not in told
    table = open_dataset(tmp_path / "twin").table("measurement").collect()
    assert set(table["measurement_concept_id"]) == {3004249}
    assert table["value_as_number"].max() < 1000
    real = open_dataset(release).table("measurement").collect()
    columns = ["measurement_date", "value_as_number"]
    assert table.join(real, on=columns).height == 0
    counts = json.loads(told)
    assert counts["people"] % counts["threshold"] == 0
    weights = [w for t in counts["tables"].values() for *_, w in t["rows"]]
    assert all(w % 10 == 0 for w in weights)


def test_a_twin_is_made_of_its_profile_alone(release: Path) -> None:
    """Two releases with equal aggregates have equal twins, so no row of theirs can be in one."""
    told = profile(release, "5.4", 10)
    assert "subject_id" not in json.dumps(told["tables"]["measurement"])
    assert told["tables"]["measurement"]["columns"]["measurement_id"] == {"kind": "key"}
    assert told["tables"]["measurement"]["columns"]["person_id"] == {"kind": "person"}


def test_references_point_at_rows_of_the_same_person(release: Path, tmp_path: Path) -> None:
    make(release, 200, 3, tmp_path / "twin")
    data = open_dataset(tmp_path / "twin")
    visits = data.table("visit_occurrence").collect()
    rows = data.table("measurement").collect().drop_nulls("visit_occurrence_id")
    assert rows.height
    joined = rows.join(visits, on="visit_occurrence_id", suffix="_of_visit")
    assert joined.height == rows.height
    assert (joined["person_id"] == joined["person_id_of_visit"]).all()
    assert (visits["visit_end_date"] >= visits["visit_start_date"]).all()


def test_the_lines_of_its_readme_run(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make(release, 100, 1, tmp_path / "twin")
    monkeypatch.chdir(tmp_path / "twin")
    exec(code_of(Path("README.en.md").read_text(encoding="utf-8")), {})
    assert "case" in capsys.readouterr().out


def test_too_few_people_and_what_is_there_are_refused(tmp_path: Path) -> None:
    folder = built(tmp_path)[0]
    with pytest.raises(BadInput, match="too few people to make a twin of"):
        make(folder, 10, 1, tmp_path / "twin")
    assert not (tmp_path / "twin").exists()
    with pytest.raises(BadInput, match="holds something already"):
        make(folder, 10, 1, folder)
    with pytest.raises(BadInput, match="tells nothing of fewer than ten"):
        make(folder, 10, 1, tmp_path / "twin", threshold=3)
