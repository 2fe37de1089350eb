"""What a run leaves behind: the same bytes for the same database, the dashboard's own layout, two languages, no rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cdm.errors import BadInput
from quality.baseline import dashboard, report
from quality.baseline.declared import everything
from quality.baseline.run import Baseline, Options
from tests.quality.baseline.databases import SOUND, TODAY, look

WRONG = {"measurement": SOUND["measurement"].replace("8554", "8840", 1).replace("2020-05-02", "1960-01-01")}
# What OHDSI's viewer reads of each check.
VIEWED = {
    "numViolatedRows", "pctViolatedRows", "numDenominatorRows", "executionTime", "queryText", "checkName", "checkLevel",
    "checkDescription", "cdmTableName", "sqlFile", "category", "context", "checkId", "failed", "passed", "isError",
    "notApplicable", "thresholdValue",
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _few_tables() -> Iterator[None]:
    """Reports are the same for few tables as for all, and sooner there."""
    few = tuple(one for one in everything("5.4") if one.table in ("measurement", "condition_occurrence"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("quality.baseline.run.everything", lambda version: few)
        yield


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> Baseline:
    return look(tmp_path_factory.mktemp("wrong"), **WRONG)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, wrong: Baseline) -> Path:
    folder = tmp_path_factory.mktemp("first")
    report.write(wrong, folder)
    return folder


def test_the_same_database_gives_the_same_bytes(tmp_path: Path, first: Path) -> None:
    report.write(look(tmp_path, **WRONG), tmp_path)
    for name in ("baseline.json", "baseline.html", "results.json"):
        assert (tmp_path / name).read_bytes() == (first / name).read_bytes(), name


def test_results_json_has_the_layout_that_the_dashboard_s_viewer_reads(wrong: Baseline) -> None:
    content = json.loads(dashboard.as_json(wrong))
    assert {"CheckResults", "Metadata", "Overview", "startTimestamp", "endTimestamp", "executionTime"} <= set(content)
    rows = content["CheckResults"]
    counted = [row for row in rows if row["failed"] or row["passed"]]
    assert all(set(row) >= VIEWED for row in counted)
    assert all(row["failed"] + row["passed"] + row["isError"] + row["notApplicable"] == 1 for row in rows)
    (unit,) = [
        row
        for row in counted
        if row["checkId"] == "concept_plausibleunitconceptids_measurement_measurement_concept_id_3004410"
    ]
    assert (unit["numViolatedRows"], unit["numDenominatorRows"], unit["pctViolatedRows"], unit["failed"]) == (
        1,
        2,
        0.5,
        1,
    )
    assert (unit["cdmTableName"], unit["cdmFieldName"]) == ("MEASUREMENT", "MEASUREMENT_CONCEPT_ID")
    assert unit["conceptId"] == "3004410"
    overview = content["Overview"]
    assert overview["countTotal"] == len(content["CheckResults"])
    assert overview["countThresholdFailed"] == sum(row["failed"] for row in content["CheckResults"])
    assert content["Metadata"][0]["cdmVersion"] == "5.4"


def test_the_page_speaks_both_languages_and_asks_nothing_from_outside(first: Path) -> None:
    page = (first / "baseline.html").read_text(encoding="utf-8")
    assert "해당 검사에 쓰지 않는 단위로 적힌 행." in page
    assert "Rows in a unit that this measurement does not come in." in page
    assert "<svg" in page
    assert "http" not in page.replace("http-equiv", "")


def test_no_report_holds_a_value_of_a_row(first: Path) -> None:
    for name in ("baseline.json", "baseline.html", "results.json"):
        text = (first / name).read_text(encoding="utf-8")
        assert "E11" not in text
        assert "1960-01-01" not in text


def test_a_failure_is_new_then_persisting_then_resolved(tmp_path: Path, first: Path) -> None:
    key = ("plausibleUnitConceptIds", "measurement", "measurement_concept_id", "3004410")
    options = Options(TODAY, last=first / "baseline.json")
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert look(tmp_path / "a", options, **WRONG).changes[key] == "persisting"
    repaired = look(tmp_path / "b", options)
    # One of two results came in another unit then, none does now.
    assert repaired.drift[key] == 50
    assert repaired.drift.keys().isdisjoint({("cdmTable", "measurement", "", "")})
    assert "Shares that moved much since the last run" in report.as_html(repaired)
    assert repaired.changes[key] == "resolved"
    report.write(repaired, tmp_path)
    (tmp_path / "c").mkdir()
    again = look(tmp_path / "c", replace(options, last=tmp_path / "baseline.json"), **WRONG)
    assert again.changes[key] == "new"


def test_a_waived_failure_is_accepted_until_its_day(tmp_path: Path) -> None:
    waivers = tmp_path / "waivers.yaml"
    waivers.write_text(
        "waivers: [{check: plausibleUnitConceptIds, table: measurement, concept: 3004410, name: lab, reason: r, expiry: 2024-06-01}]"
    )
    key = ("plausibleUnitConceptIds", "measurement", "measurement_concept_id", "3004410")
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    waived = look(tmp_path / "a", Options(TODAY, waivers=waivers), **WRONG)
    assert waived.waived[key].name == "lab"
    assert key not in {one.check.key for one in waived.open_failures}
    late = look(tmp_path / "b", Options(TODAY.replace(day=2), waivers=waivers), **WRONG)
    assert key in {one.check.key for one in late.open_failures}
    assert [waiver.name for waiver in late.expired] == ["lab"]


def test_what_is_no_former_result_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(BadInput, match=r"other\.json is no result of naru quality baseline"):
        look(tmp_path, Options(TODAY, last=tmp_path / "other.json"))
