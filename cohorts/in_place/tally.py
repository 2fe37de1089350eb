"""Attrition, counted where the data lie: only numbers leave."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cohorts.attrition import Attrition, Combination, Step
from cohorts.in_place.trees import (
    Query,
    ascending,
    column,
    columns,
    count_distinct,
    count_rows,
    derived,
    descending,
    first_place,
    largest,
    select,
    table,
)
from cohorts.plan.nodes import Definition

Rows = list[tuple[Any, ...]]
Ask = Callable[[Query], Rows]
_BEST = ("person_id", "mask", "kept", "lowest", "ordinal")


def attrition(definition: Definition, tables: Mapping[str, object], ask: Ask) -> Attrition:
    """The attrition of a definition whose tables are made."""
    steps = [_step("primary events", "qualified", ask)]
    if definition.additional is not None or definition.qualified_limit != "all":
        steps.append(_step("additional criteria", "asked", ask))
    combinations: tuple[Combination, ...] = ()
    if "judged" in tables:
        steps += _rules(definition, ask)
        combinations = _combinations(ask)
    return Attrition(definition.name, (*steps, _step("cohort", "cohort_row", ask)), combinations)


def _step(name: str, made: str, ask: Ask) -> Step:
    counts = {"people": count_distinct(column("t.person_id")), "entries": count_rows()}
    ((people, entries),) = ask(select(counts, table(made, "t")))
    return Step(name, people, entries)


def _rules(definition: Definition, ask: Ask) -> list[Step]:
    """Rules in turn: an event is left after rule n if it keeps at least the first n."""
    entries: dict[int, int] = dict(ask(_by("turn", table("judged", "j"))))
    best = select(
        {"person_id": column("b.person_id"), "turn": largest(column("b.turn"))},
        table("judged", "b"),
        group_by=["b.person_id"],
    )
    people: dict[int, int] = dict(ask(_by("turn", derived(best, "j"))))
    return [
        Step(rule.name, _at_least(people, number), _at_least(entries, number))
        for number, rule in enumerate(definition.rules, 1)
    ]


def _at_least(counts: Mapping[int, int], number: int) -> int:
    return sum(count for turn, count in counts.items() if turn >= number)


def _by(name: str, source: Any) -> Query:
    key = f"j.{name}"
    return select({name: column(key), "counted": count_rows()}, source, group_by=[key])


def _combinations(ask: Ask) -> tuple[Combination, ...]:
    """By the set of rules kept; a person counts with the best event: most rules, lowest first rule, first in order."""
    entries: dict[int, int] = dict(ask(_by("mask", table("judged", "j"))))
    order = [descending(column("kept")), ascending(column("lowest")), ascending(column("ordinal"))]
    best = first_place(select(columns("j", _BEST), table("judged", "j")), _BEST, ["person_id"], order)
    people: dict[int, int] = dict(ask(_by("mask", derived(best, "j"))))
    masks = sorted(entries, key=lambda mask: (-mask.bit_count(), mask))
    return tuple(
        Combination(
            tuple(number + 1 for number in range(mask.bit_length()) if mask >> number & 1),
            people.get(mask, 0),
            entries[mask],
        )
        for mask in masks
    )
