"""YAML files that people write: read strictly, and every mistake told with file, line, key and what is accepted."""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from cdm.errors import BadInput

Model = TypeVar("Model", bound=BaseModel)
Where = tuple[str | int, ...]
MAX_BYTES = 1_000_000


@dataclass(frozen=True)
class Document:
    """A parsed file: plain data, and the line (from 1) of every key."""

    path: Path
    data: object
    lines: Mapping[Where, int]

    def line(self, where: Where) -> int:
        """The line of a key, or of the nearest key above it that the file holds."""
        while where and where not in self.lines:
            where = where[:-1]
        return self.lines.get(where, 1)


def read(path: Path, what: str) -> Document:
    """Parse a YAML file. `what` names its kind in errors, e.g. 'study file'. Raises BadInput."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        raise BadInput(f"{path}: no such {what}; give the path of an existing YAML file") from None
    except IsADirectoryError:
        raise BadInput(f"{path}: this is a folder, not a {what}; name the YAML file in it") from None
    except OSError as error:
        raise BadInput(f"{path}: the {what} cannot be read ({error.strerror})") from None
    if len(text) > MAX_BYTES:
        raise BadInput(f"{path}: the {what} has {len(text):,} bytes; at most {MAX_BYTES:,} are accepted")
    try:
        loader = yaml.SafeLoader(text.decode("utf-8"))
        try:
            node = loader.get_single_node()
            lines: dict[Where, int] = {}
            data = None if node is None else _build(loader, node, (), lines, path)
        finally:
            loader.dispose()
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: the {what} is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{path}:{mark.line + 1}" if mark else str(path)
        raise BadInput(f"{place}: the {what} is not valid YAML: {error.problem}") from None
    except yaml.YAMLError:
        raise BadInput(f"{path}: the {what} is not valid YAML") from None
    except RecursionError:
        raise BadInput(f"{path}: the {what} is nested too deeply or refers to itself") from None
    return Document(path, data, lines)


def _build(loader: yaml.SafeLoader, node: yaml.Node, where: Where, lines: dict[Where, int], path: Path) -> object:
    lines.setdefault(where, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        found: dict[object, object] = {}
        for key_node, value_node in node.value:
            key = loader.construct_object(key_node, deep=True)
            line = key_node.start_mark.line + 1
            if not isinstance(key, str | int):
                raise BadInput(f"{path}:{line}: a key must be a word, not {type(key).__name__}")
            if key in found:
                raise BadInput(f"{path}:{line}: the key '{key}' is given twice; keep one")
            lines[(*where, key)] = line
            found[key] = _build(loader, value_node, (*where, key), lines, path)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_build(loader, child, (*where, i), lines, path) for i, child in enumerate(node.value)]
    return loader.construct_object(node, deep=True)


def validate(document: Document, model: type[Model], what: str) -> Model:
    """The document as a model. Raises BadInput with one line for each mistake, in the file's order."""
    if not isinstance(document.data, dict):
        raise BadInput(f"{document.path}:1: the {what} must be a mapping of keys, starting with "
                       f"{', '.join(list(model.model_fields)[:3])}")  # fmt: skip
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        told = sorted({_sentence(document, model, detail) for detail in error.errors()})
        raise BadInput("\n".join(f"{document.path}:{line}: {text}" for line, text in told)) from None


def _sentence(document: Document, model: type[BaseModel], detail: ErrorDetails) -> tuple[int, str]:
    where = tuple(part for part in detail["loc"])
    line = document.line(where)
    key = ".".join(str(part) for part in where) or "the file"
    if detail["type"] == "extra_forbidden":
        accepted = sorted(_keys_at(model, where[:-1]))
        near = difflib.get_close_matches(str(where[-1]), accepted, n=1)
        meant = f" (did you mean '{near[0]}'?)" if near else ""
        return line, f"{key}: this key is unknown{meant}; accepted here: {', '.join(accepted)}"
    if detail["type"] == "missing":
        return line, f"{key}: this key is missing; add it"
    found = detail.get("input")
    shown = f" (found: {found!r})" if isinstance(found, str | int | float | bool) and len(repr(found)) < 60 else ""
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return line, f"{key}: {message}{shown}"


def _keys_at(model: type[BaseModel], where: Where) -> set[str]:
    models = [model]
    for part in where:
        models = [inner for m in models for inner in _inner(m, part)]
    return {field.alias or name for m in models for name, field in m.model_fields.items()}


def _inner(model: type[BaseModel], part: str | int) -> Iterator[type[BaseModel]]:
    for name, field in model.model_fields.items():
        if part in (name, field.alias):
            yield from _models_in(field.annotation)
    if not any(part in (name, f.alias) for name, f in model.model_fields.items()):
        yield model  # a key of a mapping, an index, or a union's tag: stay


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif typing.get_origin(annotation) is not None or isinstance(annotation, types.UnionType):
        for argument in typing.get_args(annotation):
            yield from _models_in(argument)
