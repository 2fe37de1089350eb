"""What a reviewer is told of leakage and of the version before."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

from drb.evidence import Light, Part
from drb.views import ReleaseView
from flows.evidence.leakage import with_leakage
from flows.evidence.versions import with_overlap

BEFORE = cast("ReleaseView", SimpleNamespace(name="deterioration-seoul01-1.0.0", at=datetime.now(UTC)))


def line(name: str, auroc: float, finding: bool) -> dict[str, Any]:
    return {"name": name, "auroc": auroc, "low": auroc - 0.02, "high": auroc + 0.02, "finding": finding}


def test_a_finding_of_the_screen_makes_a_green_light_amber_and_is_named() -> None:
    green = Part(light=Light.GREEN)
    told = {
        "screened": True,
        "features": [line("rows_before", 0.86, True), line("file_order", 0.5, False)],
        "codes": [],
    }
    part = with_leakage(green, told)
    assert part.light is Light.AMBER
    assert part.tables[0].rows == (("rows_before", "0.860", "0.840 - 0.880"),)
    assert "1 trivial features" in part.said[0].en
    calm = {**told, "features": [line("file_order", 0.5, False)]}
    assert with_leakage(green, calm).light is Light.GREEN
    assert with_leakage(Part(light=Light.RED), told).light is Light.RED
    assert with_leakage(green, {}) == with_leakage(green, {"screened": False}) == green


def test_few_people_between_two_versions_are_pointed_at_and_not_counted() -> None:
    people = {"stayed all": "*", "added all": "0", "removed all": "*", "removed withdrawal": "*"}
    part = with_overlap(Part(light=Light.GREEN), BEFORE, {"before": "1.0.0", "people": people})
    assert part.light is Light.AMBER
    assert "Few people make the difference" in part.said[0].en
    enough = {"stayed all": "300", "added all": "70", "removed all": "30", "removed withdrawal": "12"}
    part = with_overlap(Part(light=Light.GREEN), BEFORE, {"before": "1.0.0", "people": enough})
    assert part.light is Light.GREEN
    assert [row[1] for row in part.tables[0].rows] == ["300", "70", "30", "12"]


def test_without_a_comparison_the_part_says_so() -> None:
    green = Part(light=Light.GREEN)
    assert with_overlap(green, None, {}) == green
    part = with_overlap(green, BEFORE, {})
    assert part.light is Light.AMBER
    assert "No count of the people shared" in part.said[0].en
