"""Pydantic models as tables: every key, its type, its default, and what the docstring says of it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from docs.from_code.markdown import table

BOUNDS = {
    "minimum": "at least {}", "exclusiveMinimum": "above {}", "maximum": "at most {}",
    "exclusiveMaximum": "below {}", "minItems": "at least {} of them", "pattern": "`{}`",
}  # fmt: skip
PLAIN = {"integer": "whole number", "number": "number", "string": "text", "boolean": "true or false", "null": "nothing"}


def section(model: type[BaseModel], level: int = 2, *told_by: type[BaseModel]) -> str:
    """A heading, what the model is, and its keys; `told_by`: other models whose docstrings tell of the same keys."""
    about, said = _docstring(model, model)
    for other in (*told_by, *model.__mro__):
        if issubclass(other, BaseModel) and other is not BaseModel:
            said = {**_docstring(other, model)[1], **said}
    properties: Mapping[str, Any] = model.model_json_schema(by_alias=False)["properties"]
    rows = []
    for name, given in properties.items():
        required = model.model_fields[name].is_required()
        rows.append((f"`{name}`", kind(given), "required" if required else _default(model, name), said.get(name, "")))
    return "\n\n".join((f"{'#' * level} {model.__name__}", about, table(("key", "type", "default", "meaning"), rows)))


def kind(given: Mapping[str, Any]) -> str:
    """A JSON schema in words."""
    if "$ref" in given:
        return _link(given["$ref"].rpartition("/")[2])
    if "allOf" in given:
        return kind(given["allOf"][0])
    if "anyOf" in given or "oneOf" in given:
        parts = given.get("anyOf") or given["oneOf"]
        return " or ".join(dict.fromkeys(kind(part) for part in parts if part.get("type") != "null"))
    if "enum" in given:
        return ", ".join(f"`{value}`" for value in given["enum"])
    if "const" in given:
        return f"`{given['const']}`"
    if given.get("type") == "array":
        return f"list of {kind(given.get('items', {}))}"
    if given.get("type") == "object" and isinstance(given.get("additionalProperties"), dict):
        return f"{{name: {kind(given['additionalProperties'])}}}"
    if "patternProperties" in given:
        return f"{{name: {kind(next(iter(given['patternProperties'].values())))}}}"
    bounds = [words.format(given[name]) for name, words in BOUNDS.items() if name in given]
    return ", ".join([PLAIN.get(given.get("type", ""), "any"), *bounds])


def _link(name: str) -> str:
    return "any JSON" if name == "JsonValue" else f"[{name}](#{name.lower()})"


def _default(model: type[BaseModel], name: str) -> str:
    value = model.model_fields[name].get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        value = value.model_dump(exclude_none=True) if value != type(value).model_construct() else "as below"
    if value is None or value in ((), {}, [], ""):
        return "none"
    shown = list(value) if isinstance(value, tuple) else value
    return f"`{str(shown).lower() if isinstance(shown, bool) else shown}`"


def _docstring(telling: type[BaseModel], model: type[BaseModel]) -> tuple[str, dict[str, str]]:
    """What a docstring says of the model, and of each of its fields (`name: words`, `name, name: words`)."""
    text = " ".join(inspect.cleandoc(telling.__doc__ or "").split())
    one = "|".join(sorted(map(re.escape, model.model_fields), key=len, reverse=True))
    mark = re.compile(rf"(?:^|(?<=[.;:)] ))((?:{one})(?:, (?:{one}))*): ")
    found = list(mark.finditer(text))
    about = text[: found[0].start()] if found else text
    ends = [*(m.start() for m in found[1:]), len(text)]
    said: dict[str, str] = {}
    for m, end in zip(found, ends, strict=False):
        words = text[m.end() : end].strip().rstrip(".")
        said |= {name: f"{words[:1].upper()}{words[1:]}." for name in m[1].split(", ")}
    return about.strip(), said
