"""What the language has, read off the expression models: every attribute of every part, and every word it can be."""

from __future__ import annotations

import types
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from cohorts.criteria.domains import REFUSED as REFUSED_KINDS
from cohorts.expression import Expression
from cohorts.expression.base import Concept, spelling
from cohorts.expression.groups import Criterion

# What no CDM 5.3 or 5.4 can answer. Naru says so, and `test_generated.py` sees that it does.
REFUSED = {
    "DrugExposure": ("EffectiveDrugDose", "DoseUnit", "DoseUnitCS"),
    "VisitDetail": ("PlaceOfServiceLocation",),
    "VisitOccurrence": ("PlaceOfServiceLocation",),
}
# For readers only: nothing depends on them.
SILENT = {"Expression": ("cdmVersionRange", "Title"), "InclusionRule": ("description",), "ConceptSet": ("name",)}


@cache
def kinds() -> dict[str, type[BaseModel]]:
    """The kinds of criteria that a CDM can answer, by their name."""
    found = {alias: _models(kind)[0] for _, alias, kind in named(Criterion)}
    return {name: model for name, model in found.items() if name not in REFUSED_KINDS}


@cache
def attributes(kind: str) -> dict[str, str]:
    """The attributes of a kind (or other part) that can be answered, and what sort of value each takes."""
    refused = REFUSED.get(kind, ())
    return {alias: _sort(alias, kind) for _, alias, kind in named(parts()[kind]) if alias not in refused}


def named(model: type[BaseModel]) -> list[tuple[str, str, Any]]:
    """The attributes of a part: name, name in JSON, and of what kind it is."""
    kinds = get_type_hints(model, include_extras=True)
    return [(name, spelling(model, name), kinds[name]) for name in model.model_fields]


def _sort(alias: str, kind: Any) -> str:
    models = _models(kind)
    if models:
        many = "tuple" in str(kind)
        return (
            {"Concept": "Concepts", "Criterion": "Criteria"}.get(models[0].__name__, "") if many else models[0].__name__
        )
    if bool in _leaves(kind):
        return "Flag"
    return "Days" if alias == "GapDays" else "CodesetRef"


@cache
def parts() -> dict[str, type[BaseModel]]:
    """Every model that a definition is made of, by its name, without the kinds that cannot be answered."""
    found: dict[str, type[BaseModel]] = {}
    waiting: list[type[BaseModel]] = [Expression]
    while waiting:
        model = waiting.pop()
        if model.__name__ in found or model.__name__ in REFUSED_KINDS or model is Concept:
            continue
        found[model.__name__] = model
        waiting += [inner for *_, kind in named(model) for inner in _models(kind)]
    return found


def grammar() -> set[str]:
    """`Part.Attribute` for all there is, `Part.Attribute=word` for every word of an attribute that has few."""
    found: set[str] = set()
    for name, model in parts().items():
        left_out = (*REFUSED.get(name, ()), *SILENT.get(name, ()))
        for _, alias, kind in named(model):
            if alias in left_out or alias in REFUSED_KINDS:
                continue
            found.add(f"{name}.{alias}")
            found |= {f"{name}.{alias}={word}" for word in _words(kind)}
    return found


def used(given: Any, model: type[BaseModel] = Expression) -> Iterator[str]:
    """What of the grammar a definition uses. An attribute that is null is not used."""
    if not isinstance(given, dict):
        return
    fields = _fields(model)
    for alias in given.keys() & fields.keys():
        words, inner = fields[alias]
        value = given[alias]
        if value is None:
            continue
        yield f"{model.__name__}.{alias}"
        yield from (f"{model.__name__}.{alias}={word}" for word in words if _same(word, value))
        for part in inner:
            for one in value if isinstance(value, list) else [value]:
                yield from used(one, part)


@cache
def _fields(model: type[BaseModel]) -> dict[str, tuple[set[Any], list[type[BaseModel]]]]:
    """Of each attribute the words that it can be, and the models that it can hold."""
    return {alias: (_words(kind), _models(kind)) for _, alias, kind in named(model)}


def _same(word: Any, value: Any) -> bool:
    return str(word).lower() == str(value).lower() if isinstance(value, str) else word == value


def _words(annotation: Any) -> set[Any]:
    return {word for leaf in _leaves(annotation) if get_origin(leaf) is Literal for word in get_args(leaf)}


def _models(annotation: Any) -> list[type[BaseModel]]:
    return [leaf for leaf in _leaves(annotation) if isinstance(leaf, type) and issubclass(leaf, BaseModel)]


def _leaves(annotation: Any) -> list[Any]:
    if get_origin(annotation) in {Union, types.UnionType, tuple, list, Annotated}:
        return [leaf for part in get_args(annotation) for leaf in _leaves(part)]
    return [annotation]
