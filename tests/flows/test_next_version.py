"""The next version of a study: after a refresh of the CDM as base and delta; what moved people, told apart."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from drb import open_board
from extract.delta import READ
from extract.loader import open_dataset
from extract.manifest import read_manifest
from extract.spec import Window
from flows import earlier_study, registry
from flows.attribution import Steps
from flows.cli.exits import call
from flows.plan import plan
from flows.run import Run, run_stage
from flows.stages import WORK
from tests.flows.commands import Alone
from tests.flows.first_version import ACTOR, FIRST, SECOND, SITE, FirstVersion, extract

pytestmark = [pytest.mark.xdist_group("flows_alone"), pytest.mark.timeout(600)]


def refresh(hospital: Path, days: pl.DataFrame, value: float = 7.25) -> None:
    """Add one measurement for every line of (person_id, day)."""
    file = hospital / "measurement.parquet"
    with duckdb.connect() as con:
        con.register("days", days)
        added = (
            f"SELECT m.* REPLACE (900000000 + row_number() OVER (ORDER BY d.person_id) AS measurement_id, d.person_id AS person_id, "
            f"d.day AS measurement_date, NULL AS measurement_datetime, {value} AS value_as_number, NULL AS visit_occurrence_id) "
            f"FROM days AS d CROSS JOIN (SELECT * FROM '{file}' WHERE measurement_concept_id > 0 LIMIT 1) AS m"
        )
        con.execute(f"COPY (SELECT * FROM '{file}' UNION ALL {added}) TO '{file}.new' (FORMAT parquet)")
    Path(f"{file}.new").replace(file)


ONE = pl.DataFrame({"person_id": [1], "day": [date(2000, 1, 1)]})


def only(hospital: Path, people: str) -> None:
    """Leave only these people in the hospital (SQL over person_id)."""
    for file in hospital.glob("*.parquet"):
        if "person_id" in pl.scan_parquet(file).collect_schema():
            with duckdb.connect() as con:
                con.execute(f"COPY (SELECT * FROM '{file}' WHERE {people}) TO '{file}.new' (FORMAT parquet)")
            Path(f"{file}.new").replace(file)


def of_women(study: Path, role: str) -> None:
    """Limit a definition to women."""
    file = study.parent / f"{role}.json"
    asked = json.loads(file.read_bytes())
    asked["PrimaryCriteria"]["CriteriaList"] = [
        {
            name: {**criterion, "Gender": [{"CONCEPT_ID": 8532, "CONCEPT_NAME": "FEMALE"}]}
            for name, criterion in one.items()
        }
        for one in asked["PrimaryCriteria"]["CriteriaList"]
    ]
    file.write_text(json.dumps(asked), encoding="utf-8")


def rows(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.sort(frame.columns, nulls_last=True)


def by_sql(release: Path, table: str) -> pl.DataFrame:
    """A table by the query that the README documents, run in the release's folder."""
    query = READ.format(table=table).replace("'base/", f"'{release}/base/").replace("'delta/", f"'{release}/delta/")
    with duckdb.connect() as con:
        return con.sql(query).pl()


def test_a_refresh_of_few_people_is_base_and_delta_and_reads_as_one_table(
    first_version: FirstVersion, extraction: Alone, tmp_path: Path
) -> None:
    mine = first_version.copy(tmp_path)
    draw = pl.read_parquet(next((mine.home.root / "runs").rglob("draw.parquet"))).sort("person_id")
    refresh(mine.hospital, draw.select("person_id", day=pl.col("index_date").dt.offset_by("-9d"))[:2])
    extract(mine.home, mine.study, extraction, delta_from=0)
    package, before = Path(registry.read(mine.home, SECOND).package), open_dataset(mine.home.store / FIRST)
    data = open_dataset(package)
    assert data.manifest.version == "1.1.0"
    assert data.manifest.base is not None
    assert data.manifest.base.release == FIRST
    changed = pl.read_parquet(package / "delta/people.parquet")["subject_id"]
    assert len(changed) == 2
    known = {file.sha256 for file in before.manifest.files}
    split = [Path(file.path).stem for file in data.manifest.files if file.path.startswith("base/")]
    assert {"person", "measurement", "visit_occurrence"} <= set(split)
    for table in split:
        assert data.manifest.file(f"base/{table}.parquet").sha256 in known
        now, then = data.table(table).collect(), before.table(table).collect()
        assert rows(by_sql(package, table)).equals(rows(now)), table
        others = ~pl.col("person_id").is_in(changed.implode())
        assert rows(now.filter(others)).equals(rows(then.filter(others))), table
        assert now.height == then.height + (2 if table == "measurement" else 0)
    # MEDS is written whole, so it is another witness of what the tables hold.
    meds = pl.concat([pl.read_parquet(path) for path in (package / "meds/data").rglob("*.parquet")])
    told = meds.filter(pl.col("omop_table") == "measurement").select("subject_id", "numeric_value")
    asked = data.table("measurement").select(
        subject_id="person_id", numeric_value=pl.col("value_as_number").cast(pl.Float32)
    )
    assert rows(told).equals(rows(asked.collect()))
    assert told["numeric_value"].to_list().count(7.25) == 2
    changes = json.loads((package / "docs/changes.json").read_bytes())
    assert (changes["rows_by_cause"], changes["codes_by_cause"]) == ([], [])  # two people
    assert changes["tables"] == [["measurement", "*", "*", "*", "0", "*"]]


@contextmanager
def planned(version: FirstVersion) -> Iterator[Run]:
    """A run of the next version with cohort and draw done."""
    with open_board(version.home.board_url) as board:
        run = plan(version.home, board, version.study, SITE, None, ACTOR)
        for name in ("cohort", "draw"):
            run_stage(run, name, WORK[name])
        yield run


def steps_of(version: FirstVersion, causes: tuple[str, ...], scratch: Path) -> Steps:
    with planned(version) as run:
        assert run.earlier is not None
        found = earlier_study.steps(run, read_manifest(run.earlier), causes, scratch)
    assert found is not None
    assert not list(scratch.glob("earlier*"))
    return found


def test_the_earlier_definition_runs_on_the_refreshed_cdm(first_version: FirstVersion, tmp_path: Path) -> None:
    first = set(pl.read_parquet(first_version.home.store / FIRST / "tables/cohort.parquet")["subject_id"])
    words = first_version.copy(tmp_path / "words")
    for role in ("case", "control"):  # the same definition in another layout
        file = words.study.parent / f"{role}.json"
        file.write_text(json.dumps(json.loads(file.read_bytes()), indent=3), encoding="utf-8")
    only(words.hospital, "person_id % 3 > 0")
    told = steps_of(words, ("definition", "cdm"), tmp_path)
    assert told.refreshed == told.drawn
    assert not first <= told.refreshed
    women = first_version.copy(tmp_path / "women")
    of_women(women.study, "case")
    refresh(women.hospital, ONE)
    told = steps_of(women, ("definition", "cdm"), tmp_path)
    assert first <= told.refreshed
    assert not first <= told.drawn
    with planned(women) as run:
        assert run.earlier is not None
        earlier = read_manifest(run.earlier)
        assert earlier_study.same_settings(run, earlier) is True
        longer = run.study.spec.extract.model_copy(update={"window": Window(from_days=-730, to_days=0)})
        study = replace(run.study, spec=run.study.spec.model_copy(update={"extract": longer}))
        assert earlier_study.same_settings(replace(run, study=study), earlier) is False


def test_what_was_asked_before_is_believed_only_as_the_manifest_has_it(
    first_version: FirstVersion, tmp_path: Path
) -> None:
    mine = first_version.copy(tmp_path / "mine")
    of_women(mine.study, "case")
    refresh(mine.hospital, ONE)
    built = json.loads((mine.home.root / "built" / f"{FIRST}.json").read_bytes())
    moved = built["package"].replace(str(first_version.home.root), str(mine.home.root))
    (mine.home.root / "built" / f"{FIRST}.json").write_text(json.dumps({**built, "package": moved}))
    kept = Path(moved).parent / earlier_study.ASKED / "case.json"
    kept.write_bytes(kept.read_bytes() + b" ")
    with planned(mine) as run:
        assert run.earlier is not None
        earlier = read_manifest(run.earlier)
        assert earlier_study.steps(run, earlier, ("definition", "cdm"), tmp_path) is None
        assert earlier_study.steps(run, earlier, ("cdm",), tmp_path) is None
        assert earlier_study.same_settings(run, earlier) is None
        both = earlier_study.steps(run, earlier, ("cdm", "policy"), tmp_path)
        assert both is not None
        assert both.refreshed == both.drawn


def test_a_definition_and_a_refresh_that_came_together_are_told_apart_to_the_startup(
    first_version: FirstVersion, extraction: Alone, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = first_version.copy(tmp_path)
    of_women(mine.study, "case")
    only(mine.hospital, "person_id % 4 > 0")
    extract(mine.home, mine.study, extraction)
    (name,) = {path.stem for path in (mine.home.root / "built").glob("*.json")} - {FIRST}
    package = Path(registry.read(mine.home, name).package)
    told = json.loads((package / "docs/changes.json").read_bytes())
    assert told["apart"]
    assert told["causes"] == ["definition", "cdm"]  # the study's other settings are known to be as they were
    rows = {(table, who, causes) for table, who, causes, *_ in told["rows_by_cause"]}
    assert {("person", "came", "definition"), ("person", "came", "cdm"), ("person", "left", "definition")} <= rows
    assert {causes for _, who, causes in rows if who == "stayed"} <= {
        *("cdm", "definition + cdm"),
        *("cdm + deidentification", "definition + cdm + deidentification"),
    }
    people = {n for *_, added, _, removed in told["rows_by_cause"] for n in (added, removed)}
    assert all(int(n) >= 10 for n in people - {"0", "*"})
    causes = {cause for cause, _ in told["by_cause"]}
    assert {"definition", "cdm"} <= causes
    assert not any("definition +" in cause for cause in causes)
    assert "A person counts once" in (package / "docs/CHANGES.md").read_text(encoding="utf-8")
    assert not (package / "asked").exists()
    assert call(["diff", str(mine.home.store / FIRST), str(package), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == told
