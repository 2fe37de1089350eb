"""A second run counts only what changed, and tells the same figures as one that counts everything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from cdm import open_source
from cdm.source import Source
from quality.baseline import report
from quality.baseline.declared import everything
from quality.baseline.measure.again import reads
from quality.baseline.run import Baseline, Options, run
from tests.quality.baseline.databases import SOUND, TODAY, database, look, result

LATER = TODAY.replace(day=20)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("first")
    report.write(look(folder), folder)
    return folder / "baseline.json"


def _again(folder: Path, first: Path, today: date = TODAY, **changed: str | None) -> Baseline:
    return look(folder, Options(today, last=first), **changed)


def _figures(baseline: Baseline) -> Mapping[tuple[str, ...], tuple[int, int, str]]:
    return {one.check.key: (one.figure.violated, one.figure.rows, one.status) for one in baseline.results}


def test_nothing_changed_nothing_is_counted(tmp_path: Path, first: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []
    monkeypatch.setattr("quality.baseline.run.measure", lambda db, checks, **_: counted.append(len(checks)) or {})
    found = _again(tmp_path, first)
    assert counted == [0]
    assert found.taken == len(found.results) == len(everything("5.4"))
    assert set(found.unchanged) == set(SOUND) - {"concept", "concept_ancestor"}
    before = {tuple(one[k] for k in ("check", "table", "field", "concept")): one for one in _results(first)}
    assert all(before[key]["status"] == status for key, (_, _, status) in _figures(found).items())


def _results(path: Path) -> list[dict[str, object]]:
    results = json.loads(path.read_text())["results"]
    assert isinstance(results, list)
    return results


# table, what is changed in it; what must be counted anew through it, though its own table did not change.
CHANGES = [
    ("measurement", "8554", "8840", None),
    ("person", "8532", "8507", ("measurement", "plausibleAfterBirth")),
    ("visit_occurrence", "10   ", "11   ", ("condition_occurrence", "isForeignKey")),
    ("death", "2020-06-01", "2010-06-01", ("condition_occurrence", "plausibleBeforeDeath")),
    ("concept", "T2DM         | Condition", "T2DM         | Drug", ("condition_occurrence", "fkDomain")),
    ("concept_ancestor", "4127886 ", "201826 ", ("condition_occurrence", "plausibleGenderUseDescendants")),
    ("condition_occurrence", "4127886", "0      ", ("condition_era", "measureConditionEraCompleteness")),
]


@pytest.mark.parametrize(("table", "old", "new", "through"), CHANGES, ids=[case[0] for case in CHANGES])
def test_a_change_in_one_table_is_counted_wherever_it_shows(
    tmp_path: Path, first: Path, table: str, old: str, new: str, through: tuple[str, str] | None
) -> None:
    assert old in SOUND[table]
    changed = {table: SOUND[table].replace(old, new, 1)}
    (tmp_path / "again").mkdir()
    (tmp_path / "whole").mkdir()
    found = _again(tmp_path / "again", first, **changed)
    assert _figures(found) == _figures(look(tmp_path / "whole", **changed))
    assert 0 < found.taken < len(found.results)
    assert table not in found.unchanged
    if through:
        assert through[0] not in found.unchanged


def test_a_table_that_comes_or_goes_is_a_change(tmp_path: Path, first: Path) -> None:
    (tmp_path / "again").mkdir()
    (tmp_path / "whole").mkdir()
    found = _again(tmp_path / "again", first, death=None)
    assert _figures(found) == _figures(look(tmp_path / "whole", death=None))
    assert result(found.results, "cdmTable", "death").status == "failed"


def test_limits_that_move_with_the_day_are_counted_on_another_day(tmp_path: Path, first: Path) -> None:
    future = {"measurement": SOUND["measurement"].replace("2020-05-02", "2024-06-10")}
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    early = look(tmp_path / "a", Options(TODAY), **future)
    assert result(early.results, "plausibleValueHigh", "measurement", "measurement_date").figure.violated == 1
    report.write(early, tmp_path)
    late = _again(tmp_path / "b", tmp_path / "baseline.json", LATER, **future)
    assert result(late.results, "plausibleValueHigh", "measurement", "measurement_date").figure.violated == 0
    assert late.taken > len(late.results) / 2


def test_thresholds_are_judged_anew_over_figures_taken_from_before(tmp_path: Path) -> None:
    wrong = {"measurement": SOUND["measurement"].replace("8554", "8840", 1)}
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    report.write(look(tmp_path / "a", **wrong), tmp_path)
    thresholds = tmp_path / "t.yaml"
    thresholds.write_text("thresholds: [{check: plausibleUnitConceptIds, threshold: 60}]")
    found = look(tmp_path / "b", Options(TODAY, (thresholds,), last=tmp_path / "baseline.json"), **wrong)
    key = ("plausibleUnitConceptIds", "measurement", "measurement_concept_id", "3004410")
    assert found.taken == len(found.results)
    assert result(found.results, *key).status == "passed"
    assert found.changes[key] == "resolved"


def test_the_order_of_rows_does_not_matter_and_a_double_row_does(tmp_path: Path, first: Path) -> None:
    lines = SOUND["measurement"].strip().splitlines()
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    turned = _again(tmp_path / "a", first, measurement="\n".join([lines[0], *reversed(lines[1:])]))
    assert turned.taken == len(turned.results)
    doubled = _again(tmp_path / "b", first, measurement="\n".join([*lines, lines[1], lines[1]]))
    assert "measurement" not in doubled.unchanged


def test_other_ways_of_counting_take_nothing_over(tmp_path: Path, first: Path) -> None:
    options = Options(TODAY, last=first)
    for name, one in (("a", replace(options, refuse_negative=True)), ("b", replace(options, whole=True))):
        (tmp_path / name).mkdir()
        assert look(tmp_path / name, one).taken == 0


def test_a_check_whose_figure_needs_a_table_is_said_to_read_it(tmp_path: Path) -> None:
    with open_source(database(tmp_path), tmp_path) as source:
        there = {one.check.key for one in run(source, Options(TODAY)).results if not one.figure.error}
        for table in ("person", "concept"):
            lost = [one.check for one in run(_Without(source, table), Options(TODAY)).results if one.figure.error]
            assert [check for check in lost if check.key in there and table not in reads(check)] == []


class _Without:
    """The same source, less one table."""

    def __init__(self, source: Source, table: str) -> None:
        self._source, self._table = source, table

    def tables(self) -> Mapping[str, tuple[str, ...]]:
        return {name: fields for name, fields in self._source.tables().items() if name != self._table}

    def __getattr__(self, name: str) -> object:
        return getattr(self._source, name)
