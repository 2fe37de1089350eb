"""A definition with one thing changed: what its made-up people have to notice."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from cohorts.expression import Expression, parse

Json = Any
Steps = tuple[str | int, ...]


def mutants(definition: Json) -> dict[str, Expression]:
    """Name of the change -> the changed definition."""
    return {name: parse(json.dumps(changed), name) for name, changed in _changed(definition)}


def _changed(definition: Json) -> Iterator[tuple[str, Json]]:
    for steps, node in _walk(definition, ()):
        if "ConceptSets" in steps:
            continue
        yield from _dropped(definition, steps, node)
        if isinstance(node, int) and not isinstance(node, bool) and steps[-1] in ("Days", "PriorDays", "PostDays", "Offset",
                                                                                 "Value", "StartOffset"):  # fmt: skip
            for moved in (node - 1, node + 1):
                if moved >= 0:
                    yield f"{_said(steps)} {node} -> {moved}", _with(definition, steps, moved)
        if steps[-1] == "First":
            yield f"{_said(steps)} dropped", _with(definition, steps, not node)
    yield from _limits(definition)


def _dropped(definition: Json, steps: Steps, node: Json) -> Iterator[tuple[str, Json]]:
    """Lists without one of their parts: rules, criteria, entry events."""
    if isinstance(node, list) and steps[-1] in ("InclusionRules", "CriteriaList", "DemographicCriteriaList"):
        for n in range(len(node)):
            if len(node) > 1 or steps[-1] != "CriteriaList":
                yield f"{_said((*steps, n))} dropped", _with(definition, steps, node[:n] + node[n + 1 :])


def _limits(definition: Json) -> Iterator[tuple[str, Json]]:
    for steps in (("ExpressionLimit", "Type"), ("PrimaryCriteria", "PrimaryCriteriaLimit", "Type")):
        for kind in ("All", "First", "Last"):
            if _at(definition, steps) != kind:
                yield f"{_said(steps)} {kind}", _with(definition, steps, kind)


def _walk(node: Json, steps: Steps) -> Iterator[tuple[Steps, Json]]:
    if steps:
        yield steps, node
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from _walk(value, (*steps, key))


def _at(node: Json, steps: Steps) -> Json:
    for step in steps:
        node = node[step]
    return node


def _with(definition: Json, steps: Steps, value: Json) -> Json:
    changed = copy.deepcopy(definition)
    _at(changed, steps[:-1])[steps[-1]] = value
    return changed


def _said(steps: Steps) -> str:
    return ".".join(map(str, steps))
