"""Each rule of the programme's policy is switched off in turn, and somebody must notice.

Of each kind of rule one, at a hospital of the tables that these rules are about; the long run takes every rule and table.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pytest

from cdm.schema import tables
from tests.deid.red_team import attack, hospital, policy, release, weaker

RULES = [
    (table, column)
    for table, rules in policy().columns.items()
    for column, rule in rules.items()
    if table in tables("5.4")
    and column in tables("5.4")[table].names
    and rule.action != "keep"
    # How finely sex may be told is what k decides: where it may be told, the rule changes nothing.
    and (table, column) != ("person", "gender_concept_id")
]


def _one_of_each_kind() -> list[tuple[str, str]]:
    """The first rule of each action, way of generalising and family of column."""
    kinds: dict[tuple[object, ...], tuple[str, str]] = {}
    for table, column in RULES:
        rule = policy().columns[table][column]
        kinds.setdefault((rule.action, rule.by, tables("5.4")[table].column(column).family), (table, column))
    return list(kinds.values())


def few_tables(*named: str) -> dict[str, pa.Table]:
    """Some of the hospital's tables (else all that a kind of rule is tried on), and people with their observation and visits."""
    wanted = {
        *(named or (table for table, _ in _one_of_each_kind())),
        "person",
        "observation_period",
        "visit_occurrence",
    }
    return {name: rows for name, rows in hospital().items() if name in wanted}


@pytest.mark.parametrize("content", [hospital, few_tables])
def test_nothing_is_found_where_every_rule_holds(tmp_path: Path, content: Callable[[], dict[str, pa.Table]]) -> None:
    assert attack(release(tmp_path, policy(), content())) == []


@pytest.mark.parametrize(("table", "column"), _one_of_each_kind())
def test_a_kind_of_rule_that_is_switched_off_is_noticed(tmp_path: Path, table: str, column: str) -> None:
    assert attack(release(tmp_path, weaker(policy(), table, column), few_tables(table)))


@pytest.mark.slow
@pytest.mark.parametrize("table", sorted({table for table, _ in _one_of_each_kind()}))
def test_nothing_is_found_in_the_tables_of_a_kind_where_every_rule_holds(tmp_path: Path, table: str) -> None:
    assert attack(release(tmp_path, policy(), few_tables(table))) == []


@pytest.mark.slow
@pytest.mark.parametrize(("table", "column"), RULES)
def test_every_rule_that_is_switched_off_is_noticed(tmp_path: Path, table: str, column: str) -> None:
    assert attack(release(tmp_path, weaker(policy(), table, column)))


@pytest.mark.parametrize(
    "setting", [{"top_age": 120}, {"shared_day_limit": 1.0}, {"sensitive": True}], ids=lambda given: next(iter(given))
)  # fmt: skip
def test_a_setting_that_is_loosened_is_noticed(tmp_path: Path, setting: Mapping[str, object]) -> None:
    given = policy()
    if "sensitive" in setting:
        given = dataclasses.replace(given, sensitive_approved=tuple(given.sensitive))
    else:
        given = dataclasses.replace(given, settings=given.settings.model_copy(update=dict(setting)))
    assert attack(release(tmp_path, given, few_tables("condition_occurrence")))


def test_a_smaller_k_is_noticed(tmp_path: Path) -> None:
    content = few_tables("condition_occurrence")
    born = content["person"]["year_of_birth"].to_pylist()
    few = content["person"].set_column(
        content["person"].column_names.index("year_of_birth"), "year_of_birth", pa.array([*born[:-2], 2004, 2004])
    )
    given = policy()
    given = dataclasses.replace(given, settings=given.settings.model_copy(update={"k": 2}))
    assert attack(release(tmp_path, given, {**content, "person": few})) == ["deidentification.k_anonymous"]
