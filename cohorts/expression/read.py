"""From a file to an `Expression`, or to one sentence that says what is wrong where."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

from pydantic import BaseModel, ValidationError

from cdm.errors import BadInput
from cohorts.expression.cohort import Expression

MAX_BYTES = 8_000_000
MAX_DEPTH = 60

# Attributes that name a concept set (besides ConceptSetSelection.codeset_id, which has the same name).
REFERENCES = frozenset(
    {
        "codeset_id",
        "drug_codeset_id",
        "condition_source_concept",
        "death_source_concept",
        "device_source_concept",
        "drug_source_concept",
        "measurement_source_concept",
        "observation_source_concept",
        "procedure_source_concept",
        "specimen_source_concept",
        "visit_source_concept",
        "visit_detail_source_concept",
        "place_of_service_location",
        "payer_concept",
        "plan_concept",
        "sponsor_concept",
        "stop_reason_concept",
        "payer_source_concept",
        "plan_source_concept",
        "sponsor_source_concept",
        "stop_reason_source_concept",
    }
)


def read(path: Path) -> Expression:
    """The expression in a file, as ATLAS exports it (bare, or wrapped in {"expression": ...}).

    Raises `BadInput` with file and JSON path.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise BadInput(_too_big(str(path), size))
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadInput(
            f"{path}: cannot be read ({error.strerror}); give the JSON file of a cohort definition"
        ) from None
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: is not UTF-8 text (byte {error.start}); export the definition again") from None
    return parse(text, str(path))


def parse(text: str, where: str) -> Expression:
    """The expression in a JSON text; `where` names its origin in messages. Raises `BadInput`."""
    if len(text) > MAX_BYTES:
        raise BadInput(_too_big(where, len(text)))
    given, root = _unwrap(_load(text, where), where)
    _limit_depth(given, where, root)
    try:
        expression = Expression.model_validate(given)
    except ValidationError as error:
        _refuse(error, where, root)
    _check_references(expression, where, root)
    return expression


def _too_big(where: str, size: int) -> str:
    return (
        f"{where}: is {size / 1e6:.1f} MB, and a cohort definition may have at most {MAX_BYTES / 1e6:.0f} MB; "
        "use descendants instead of long concept lists"
    )


def _no_constant(name: str) -> NoReturn:
    raise BadInput(f"holds {name}, which is no number of JSON")


def _load(text: str, where: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise BadInput(
            f"{where}:{error.lineno}:{error.colno}: is not JSON ({error.msg}); export the definition again"
        ) from None
    except BadInput as error:
        raise BadInput(f"{where}: {error}") from None
    except RecursionError:
        raise BadInput(f"{where}: is nested too deeply for a cohort definition") from None
    except ValueError:
        raise BadInput(f"{where}: holds a number of too many digits") from None


def _unwrap(given: Any, where: str) -> tuple[Any, str]:
    """ATLAS files are bare; WebAPI and PhenotypeLibrary ones wrap the expression, sometimes as a text."""
    if isinstance(given, dict) and "expression" in given and "PrimaryCriteria" not in given:
        inner = given["expression"]
        return (_load(inner, f"{where}: $.expression") if isinstance(inner, str) else inner), "$.expression"
    return given, "$"


def _limit_depth(given: Any, where: str, root: str) -> None:
    level, depth = [given], 0
    while level:
        if depth > MAX_DEPTH:
            raise BadInput(f"{where}: {root} is nested more than {MAX_DEPTH} levels deep; simplify its groups")
        level = [child for node in level for child in _children(node)]
        depth += 1


def _children(node: Any) -> list[Any]:
    if isinstance(node, dict):
        return list(node.values())
    return node if isinstance(node, list) else []


def json_path(root: str, steps: tuple[str | int, ...]) -> str:
    """`$.PrimaryCriteria.CriteriaList[0]` from the steps to it."""
    return root + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)


def _refuse(error: ValidationError, where: str, root: str) -> NoReturn:
    first = error.errors(include_url=False, include_context=True)[0]
    place = json_path(
        root,
        tuple(step for step in first["loc"] if step not in {"int", "float", "function-before[_iso_date(), date]"}),
    )
    raise BadInput(f"{where}: {place} {_what(first['type'], first['msg'], first.get('ctx') or {})}")


def _what(kind: str, message: str, context: dict[str, Any]) -> str:
    if kind == "extra_forbidden":
        return "is no part of a cohort definition; check its spelling (circe-be 1.12 knows no such key)"
    if kind == "missing":
        return "is missing"
    if kind == "value_error":
        return str(context.get("error", message))
    if kind in {"model_type", "model_attributes_type", "dict_type"}:
        return "has to be an object {...}"
    if kind in {"tuple_type", "list_type"}:
        return "has to be a list [...]"
    if kind == "too_short":
        return "is empty; give at least one entry"
    return f"is not what it has to be: {message[:1].lower()}{message[1:]}"


def _check_references(expression: Expression, where: str, root: str) -> None:
    known: set[int] = set()
    for position, concept_set in enumerate(expression.concept_sets or ()):
        if concept_set.id in known:
            raise BadInput(f"{where}: {root}.ConceptSets[{position}].id {concept_set.id} is used by two concept sets")
        known.add(concept_set.id)
    for steps, reference in references(expression):
        if reference not in known:
            have = ", ".join(str(i) for i in sorted(known)[:20]) or "none"
            raise BadInput(
                f"{where}: {json_path(root, steps)} refers to concept set {reference}, which the definition does not "
                f"have (it has {have}); add it or correct the reference"
            )


def references(model: BaseModel, steps: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], int]]:
    """Every mention of a concept set in a model: where it stands (as JSON names it), and the set's id."""
    found: list[tuple[tuple[str | int, ...], int]] = []
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        here = (*steps, field.alias or name)
        if value is None or name == "concept_sets":
            continue
        if name in REFERENCES and isinstance(value, int):
            found.append((here, value))
        elif isinstance(value, BaseModel):
            found.extend(references(value, here))
        elif isinstance(value, tuple):
            for position, item in enumerate(value):
                if isinstance(item, BaseModel):
                    found.extend(references(item, (*here, position)))
    return found
