"""What is behind a failure is found and told; who it is about is not, and no group of fewer than ten people."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest

from cdm import open_source
from quality.baseline import report
from quality.baseline.evidence import CELL, Cell, Evidence, gather
from quality.baseline.evidence.cell import shown
from quality.baseline.run import Baseline, Options, run
from tests.quality.baseline.databases import SOUND
from tests.tables import write_duckdb

TODAY = date(2024, 6, 1)
# Numbers that cannot be taken for a count, a year or a concept.
FIRST = 770_000_001
GLUCOSE, MG, MMOL, WRONG, FEWER, RARE, EARLY = 3004501, 8840, 8753, 4000001, 4000002, 4000003, 4000004
PLANTED = f"""
INSERT INTO cdm.concept (concept_id, concept_name, domain_id, vocabulary_id, concept_class_id, standard_concept, concept_code) VALUES
  ({GLUCOSE}, 'glucose', 'Measurement', 'LOINC', 'Lab Test', 'S', 'g'), ({MMOL}, 'mmol/L', 'Unit', 'UCUM', 'Unit', 'S', 'l'),
  ({WRONG}, 'a drug among conditions', 'Drug', 'RxNorm', 'Ingredient', 'S', 'w'),
  ({FEWER}, 'a rarer drug among conditions', 'Drug', 'RxNorm', 'Ingredient', 'S', 'f'),
  ({RARE}, 'a rare drug among conditions', 'Drug', 'RxNorm', 'Ingredient', 'S', 'r'),
  ({EARLY}, 'before anybody was born', 'Condition', 'SNOMED', 'Disorder', 'S', 'e');
INSERT INTO cdm.person (person_id, gender_concept_id, year_of_birth, month_of_birth, day_of_birth, race_concept_id, ethnicity_concept_id)
  SELECT {FIRST} + i, 8507, 1960, 1, 1, 0, 0 FROM range(60) t(i);
INSERT INTO cdm.measurement (measurement_id, person_id, measurement_concept_id, measurement_date, measurement_type_concept_id,
    value_as_number, unit_concept_id)
  SELECT 5000 + i, {FIRST} + i % 60, {GLUCOSE}, DATE '2018-01-01' + (i * 3)::INTEGER, 32817,
    CASE WHEN i % 3 = 0 THEN 5.4 + i % 7 / 10.0 ELSE 98 + i % 13 END, {MG} FROM range(600) t(i);
INSERT INTO cdm.condition_occurrence (condition_occurrence_id, person_id, condition_concept_id, condition_start_date,
    condition_type_concept_id)
  SELECT 6000 + i, {FIRST} + i, CASE WHEN i < 20 THEN {WRONG} WHEN i < 32 THEN {FEWER} WHEN i < 36 THEN {RARE} ELSE {EARLY} END,
    CASE WHEN i < 36 THEN DATE '2020-03-01' ELSE DATE '1955-02-03' END, 32817 FROM range(60) t(i);
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Baseline:
    folder = tmp_path_factory.mktemp("planted")
    path = write_duckdb(folder / "planted.duckdb", dict(SOUND))
    with duckdb.connect(str(path)) as con:
        con.execute(PLANTED)
    with open_source(f"duckdb://{path}?schema=cdm", folder) as source:
        baseline = run(source, Options(TODAY))
        return replace(baseline, evidence=gather(source, baseline))


@pytest.fixture(scope="module")
def evidence(found: Baseline) -> Evidence:
    assert found.evidence is not None
    return found.evidence


def test_a_concept_of_another_domain_is_named(evidence: Evidence) -> None:
    drill = evidence.drills["fkDomain", "condition_occurrence", "condition_concept_id", ""]
    # Of 36 rows 4 are of the rarest; were the 12 of the next one told, so would those 4 be.
    assert drill.cells == (Cell(WRONG, 20, 20, "a drug among conditions"),)
    assert drill.more


def test_rows_before_birth_are_told_by_concept_and_year(evidence: Evidence) -> None:
    drill = evidence.drills["plausibleAfterBirth", "condition_occurrence", "condition_start_date", ""]
    assert drill.cells == (Cell(EARLY, 24, 24, "before anybody was born"),)
    assert not drill.more
    assert drill.years == (Cell(1955, 24, 24),)


def test_two_units_in_one_are_two_humps(evidence: Evidence) -> None:
    drill = evidence.drills["unitMixUp", "measurement", "measurement_concept_id", f"{GLUCOSE} in {MG}"]
    (spread,) = drill.spreads
    assert (spread.unit, spread.name, spread.rows) == (MG, "mg/dL", 600)
    low, high = ([n for edge, n in spread.bins.items() if (edge < 20) == side] for side in (True, False))
    assert (sum(low), sum(high)) == (200, 400)
    assert not [edge for edge in spread.bins if 10 < edge < 80]


def test_what_is_left_over_is_nothing_or_a_cell() -> None:
    cells = [Cell(1, 40, 40), Cell(2, 15, 15), Cell(3, 4, 4), Cell(4, 30, 9)]
    assert shown(cells, 59) == ((cells[0],), True)
    assert shown(cells[:2], 55) == ((cells[0], cells[1]), False)
    assert shown(cells, 89) == ((cells[0], cells[1]), True)
    assert shown([cells[2]], 4) == ((), True)


class _Cells(HTMLParser):
    """The texts and sort keys of cells of numbers, and of titles in plots."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers: list[str] = []
        self._reading = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._reading = tag == "title" or (tag == "td" and given.get("class") == "n")
        if tag == "title":
            self.numbers.append("")

    def handle_data(self, data: str) -> None:
        if self._reading:
            self.numbers.append(data.strip().partition(": ")[2] or data.strip())


def test_the_page_tells_the_planted_faults_and_nobody(found: Baseline) -> None:
    page = report.as_html(found)
    for anchor in (
        "behind-plausibleAfterBirth-condition_occurrence-condition_start_date",
        "behind-unitMixUp-measurement",
    ):
        assert f'href="#{anchor}' in page
        assert f'id="{anchor}' in page
    assert "before anybody was born" in page
    assert not [concept for concept in (FEWER, RARE) if str(concept) in page]
    assert not re.search(r"7700000\d\d", page)
    assert "1955-02-03" not in page


def test_no_cell_of_the_page_is_smaller_than_ten(found: Baseline) -> None:
    cells = _Cells()
    page = report.as_html(found)
    # Between them stands how many checks failed, table by table.
    checks = page.index("Table by table")
    cells.feed(page[page.index('class="tiles"') : checks] + page[page.index('id="Conformance"') :])
    counts = [int(text.replace(",", "")) for text in cells.numbers if re.fullmatch(r"[\d,]+", text)]
    assert counts
    assert not [count for count in counts if 0 < count < CELL]
    # There are small numbers to hide: a handful of people without a row.
    assert any(0 < one.figure.violated < CELL for one in found.results)
    assert f"&lt;{CELL}" in page


def test_the_same_database_gives_the_same_page(found: Baseline, tmp_path: Path) -> None:
    path = write_duckdb(tmp_path / "planted.duckdb", dict(SOUND))
    with duckdb.connect(str(path)) as con:
        con.execute(PLANTED)
    with open_source(f"duckdb://{path}?schema=cdm", tmp_path) as source:
        again = run(source, Options(TODAY))
        again = replace(again, evidence=gather(source, again))
    assert again.evidence == found.evidence
