"""What a gate writes: the same bytes every time, in two languages, and never a patient's value."""

import html.parser
import json
import re
from pathlib import Path

import pytest

from cdm.errors import BadInput
from quality.checks import CATALOGUE
from quality.gate import GateResult, check_release, judge_release
from quality.report import as_html, as_json
from quality.spec import GateSpec
from tests.quality.faults import FAULTS
from tests.quality.runs import Run, clean

CANARY = "CANARY-김나루-1234"


def _faulty() -> Run:
    run = clean()
    for what in ("visits end before they start", "weights were changed", "a row was lost"):
        run = next(fault for fault in FAULTS if fault.what == what).make(run)
    return run


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> GateResult:
    return judge_release(_faulty().write(tmp_path_factory.mktemp("run")))


def test_the_same_findings_give_the_same_bytes(result: GateResult, tmp_path: Path) -> None:
    again = judge_release(_faulty().write(tmp_path))
    assert (as_json(result), as_html(result)) == (as_json(again), as_html(again))


def test_json_holds_verdict_figures_and_the_rules_they_are_about(result: GateResult) -> None:
    content = json.loads(as_json(result))
    assert content["passed"] is False
    assert content["checks"] == len(content["findings"])
    assert {finding["check"] for finding in content["findings"]} == set(content["rules"])
    lost = next(f for f in content["findings"] if f["check"] == "reconciliation.rows" and f["status"] == "failed")
    assert (lost["table"], lost["measured"], lost["threshold"], lost["severity"]) == (
        "observation_period",
        1,
        0,
        "block",
    )


def test_the_page_needs_nothing_from_outside(result: GateResult) -> None:
    page = as_html(result)
    assert not re.search(r"(src|href)\s*=\s*[\"'](?!#)", page)
    assert "http:" not in page
    assert "https:" not in page
    assert "@import" not in page
    assert "url(" not in page


def test_the_page_says_everything_in_korean_and_in_english(result: GateResult) -> None:
    page = as_html(result)
    assert page.count('<span lang="ko">') == page.count('<span lang="en">') > 100
    assert "반출 차단" in page
    assert "must not leave" in page


def test_the_page_is_well_formed(result: GateResult) -> None:
    class Balance(html.parser.HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.open: list[str] = []

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            if tag not in ("meta", "rect"):
                self.open.append(tag)

        def handle_endtag(self, tag: str) -> None:
            if tag != "rect":
                assert self.open.pop() == tag

    parser = Balance()
    parser.feed(as_html(result))
    assert parser.open == []


def test_a_clean_release_is_green(tmp_path: Path) -> None:
    page = as_html(judge_release(clean().write(tmp_path)))
    assert "May leave" in page
    assert "✕" not in page.split("<script>")[0].split("</style>")[1]


@pytest.mark.xdist_group("great_expectations")
def test_great_expectations_validates_the_same_figures_and_writes_data_docs(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    inputs = _canary(_faulty()).write(tmp_path / "in", GateSpec(completeness={"measurement.value_as_number": 99}))
    result = check_release(inputs, out)
    assert not result.passed
    assert (out / "gx" / "data_docs" / "index.html").is_file()
    suites = {path.stem: json.loads(path.read_text()) for path in (out / "gx" / "expectations").glob("*.json")}
    assert set(suites) == {check.group for check in CATALOGUE.values()}
    assert sum(len(suite["expectations"]) for suite in suites.values()) == len(result.findings)
    severities = {e["severity"] for suite in suites.values() for e in suite["expectations"]}
    assert severities == {"critical", "warning"}
    failed = [
        entry["expectation_config"]["kwargs"]["key"].split("/")[0]
        for path in (out / "gx" / "uncommitted" / "validations").rglob("*.json")
        for entry in json.loads(path.read_text())["results"]
        if not entry["success"]
    ]
    assert sorted(failed) == sorted(finding.check for finding in result.failures)
    written = [path for path in out.rglob("*") if path.is_file()]
    assert {path.name for path in out.iterdir()} == {"quality.json", "quality.html", "gx"}
    for path in written:
        assert not _leaks(path.read_bytes()), path


def _canary(run: Run) -> Run:
    """Plant a name into every text of the extracted rows, and into the release where the gate must find it."""
    for name in ("raw.person", "raw.visit_occurrence", "raw.measurement"):
        column = next(c for c in run.content[name].column_names if c.endswith("_source_value"))
        run = run.put(name, f"SELECT * REPLACE ('{CANARY}' AS {column}) FROM it")
    return run.put("deid.person", f"SELECT *, '{CANARY}' AS person_source_value FROM it")


def _leaks(content: bytes) -> bool:
    """Whether a canary, or a number of a person, stands in what was written."""
    return any(part in content for part in (CANARY.encode(), "김나루".encode(), json.dumps("김나루")[1:-1].encode()))


def test_no_canary_stands_in_the_reports(tmp_path: Path) -> None:
    result = judge_release(_canary(_faulty()).write(tmp_path))
    assert "deidentification.no_free_text" in {finding.check for finding in result.failures}
    assert not _leaks(as_json(result).encode())
    assert not _leaks(as_html(result).encode())


@pytest.mark.parametrize("missing", ["draw.parquet", "crosswalk.parquet", "deid/columns.json", "raw", "deid"])
def test_a_missing_file_is_named(missing: str, tmp_path: Path) -> None:
    inputs = clean().write(tmp_path)
    path = tmp_path / missing
    path.rename(tmp_path / "elsewhere")
    with pytest.raises(BadInput, match=re.escape(str(path))):
        judge_release(inputs)


def test_a_truncated_file_is_named_without_its_content(tmp_path: Path) -> None:
    inputs = _canary(clean()).write(tmp_path)
    path = inputs.raw / "measurement.parquet"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(BadInput, match="measurement.parquet") as caught:
        judge_release(inputs)
    assert not _leaks(str(caught.value).encode())
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_record_that_is_no_record_is_named(tmp_path: Path) -> None:
    inputs = clean().write(tmp_path)
    (inputs.deid / "columns.json").write_text('{"person": "keep"}')
    with pytest.raises(BadInput, match=r"columns\.json: not the record"):
        judge_release(inputs)
