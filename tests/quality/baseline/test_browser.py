"""The report in Chromium, in both languages: `make test-browser`. Its pictures are those of the documentation."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest

from benchmarks._fault_kinds import KINDS
from cdm import open_source
from cdm.synthetic.hospital import materialise
from quality.baseline import report
from quality.baseline.evidence import gather
from quality.baseline.run import Baseline, Options, run
from tests.portal.story import CHROMIUM, chromium

pytestmark = [pytest.mark.slow, pytest.mark.browser]
DOCS = Path(__file__).parents[3] / "docs" / "images" / "quality"
MADE = ("glucose in mmol/L", "visits of others", "months missing", "conditions unmapped", "extract cut short")
TODAY = date(2026, 1, 1)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a hospital in which five mistakes were made since the last run."""
    folder = tmp_path_factory.mktemp("report")
    made = materialise("hanbit", 2_000, 1, folder)
    database = folder / "hanbit.duckdb"
    with duckdb.connect(str(database)) as con:
        con.execute("CREATE SCHEMA cdm")
        for table in sorted(made.glob("*.parquet")):
            con.execute(f"CREATE TABLE cdm.{table.stem} AS FROM read_parquet('{table}')")
    report.write(_look(database, folder), folder)
    with duckdb.connect(str(database)) as con:
        for kind in KINDS:
            if kind.name in MADE:
                con.execute(kind.sql)
    report.write(_look(database, folder, folder / "baseline.json"), folder)
    return folder / "baseline.html"


def _look(database: Path, folder: Path, last: Path | None = None) -> Baseline:
    with open_source(f"duckdb://{database}?schema=cdm", folder) as source:
        found = run(source, Options(TODAY, last=last))
        return replace(found, evidence=gather(source, found))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = DOCS if os.environ.get("NARU_PICTURES") == "docs" else tmp_path_factory.mktemp("pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def test_the_report_sorts_filters_and_speaks_both_languages(page: Path, pictures: Path) -> None:
    if not CHROMIUM.is_file():
        pytest.fail("this test needs Chromium: apt-get install -y chromium")
    with chromium() as browser:
        shown = browser.new_page(viewport={"width": 1240, "height": 1000})
        wrong: list[str] = []
        shown.on("pageerror", lambda error: wrong.append(str(error)))
        shown.goto(page.as_uri())
        assert shown.locator("h1").inner_text() == "기준 데이터베이스 품질 보고서"
        shown.screenshot(path=pictures / "baseline.ko.png")
        shown.click("button[data-set=en]")
        assert shown.locator("h1").inner_text() == "Baseline database quality report"
        shown.screenshot(path=pictures / "baseline.en.png")
        failures = shown.locator("details table").first
        failures.locator("th button").nth(5).click()
        shares = [
            float(cell.get_attribute("data-key") or 0) for cell in failures.locator("tbody td:nth-child(6)").all()
        ]
        assert shares == sorted(shares)
        shown.click("#failed")
        assert shown.evaluate("document.body.classList.contains('only-failed')")
        assert wrong == []


def test_what_is_behind_a_failure_opens_from_it(page: Path, pictures: Path) -> None:
    with chromium() as browser:
        shown = browser.new_page(viewport={"width": 1240, "height": 1000})
        wrong: list[str] = []
        shown.on("pageerror", lambda error: wrong.append(str(error)))
        shown.goto(page.as_uri())
        drill = shown.locator("details.drill[data-type=unitMixUp]")
        assert not drill.locator("polygon").first.is_visible()
        shown.click(f"a.behind[href='#{drill.get_attribute('id')}']")
        assert drill.locator("polygon").first.is_visible()
        assert "mg/dL" in drill.locator(".legend").inner_text() or "milligram" in drill.locator(".legend").inner_text()
        for other in shown.locator("details.drill").all():
            other.evaluate("d => { d.open = true }")
        drill.evaluate("d => d.scrollIntoView()")
        shown.screenshot(path=pictures / "behind.ko.png")
        shown.click("button[data-set=en]")
        drill.evaluate("d => d.scrollIntoView()")
        shown.screenshot(path=pictures / "behind.en.png")
        # Two months were planted to be empty.
        assert shown.locator("svg[aria-label=measurement]").get_attribute("data-holes") == "2"
        shown.locator("#glance").evaluate("d => d.scrollIntoView()")
        shown.screenshot(path=pictures / "glance.en.png")
        shown.click("button[data-set=ko]")
        shown.locator("#glance").evaluate("d => d.scrollIntoView()")
        shown.screenshot(path=pictures / "glance.ko.png")
        people = drill.locator("th button").nth(3)
        people.click()
        counts = [int(cell.get_attribute("data-key") or 0) for cell in drill.locator("tbody td:nth-child(4)").all()]
        assert counts == sorted(counts)
        assert wrong == []
