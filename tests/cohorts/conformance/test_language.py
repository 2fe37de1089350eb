"""The whole language once, on tiny CDMs full of edges: every engine finds what the fast engine finds."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from cohorts.attrition import Attrition
from tests.cohorts import tiny
from tests.cohorts.conformance.engines import Engine, Rows, in_duckdb, reference
from tests.cohorts.conformance.language import Json, entry_definitions, rule_definitions

Found = tuple[Rows, dict[str, Attrition]]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Found]:
    """What the fast engine finds, by kind of definitions."""
    folder = tmp_path_factory.mktemp("fast")
    url = in_duckdb(folder)("tiny", tiny.tables(1))
    return {kind: reference(folder, url, given) for kind, given in asked().items()}


def asked() -> dict[str, dict[str, Json]]:
    return {"rules": dict(rule_definitions()), "entries": dict(entry_definitions())}


def by_rule(given: Json, told: Attrition) -> dict[str, int]:
    """How many events keep each rule."""
    names = [rule["name"] for rule in given["InclusionRules"]]
    return {
        name: sum(one.entries for one in told.combinations if number in one.rules)
        for number, name in enumerate(names, 1)
    }


def test_every_attribute_window_count_and_group(engine: Engine, answers: Mapping[str, Found]) -> None:
    given = asked()["rules"]
    _, found = engine.find(engine.write("tiny", tiny.tables(1)), given)
    _, wanted = answers["rules"]
    for name, definition in given.items():
        assert by_rule(definition, found[name]) == by_rule(definition, wanted[name])
    assert found == wanted


def test_every_limit_and_exit(engine: Engine, answers: Mapping[str, Found]) -> None:
    found = engine.find(engine.write("tiny", tiny.tables(1)), asked()["entries"])
    assert found == answers["entries"]


def test_the_rules_tell_events_apart(answers: Mapping[str, Found]) -> None:
    """Else the tests above would prove little."""
    given, (_, told) = asked()["rules"], answers["rules"]
    kept = {rule: count for name in given for rule, count in by_rule(given[name], told[name]).items()}
    events = told["0"].steps[0].entries
    assert len(kept) > 400
    assert sum(0 < count < events for count in kept.values()) > len(kept) / 2
