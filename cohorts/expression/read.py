"""From a file to an `Expression`, or to one sentence that says what is wrong where."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

from pydantic import BaseModel, ValidationError

from cdm.errors import BadInput
from cohorts.expression.base import MAX_CRITERIA, spelling
from cohorts.expression.cohort import Expression
from cohorts.expression.groups import CriteriaGroup, Criterion, DemographicCriteria
from cohorts.expression.paths import Steps, json_path, walk
from cohorts.expression.text import content, plain

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
KINDS = frozenset(spelling(Criterion, name) for name in Criterion.model_fields)
# What pydantic adds to a place for the alternatives of a type.
_NO_STEPS = frozenset({"int", "float", "str", "function-before[_iso_date(), date]"})


def read(path: Path) -> Expression:
    """The expression in a file, as ATLAS exports it (bare, or wrapped in {"expression": ...}).

    Raises `BadInput` with file and JSON path.
    """
    return parse(content(path), str(path))


def parse(text: str, where: str) -> Expression:
    """The expression in a JSON text; `where` names its origin in messages. Raises `BadInput`."""
    given, root = plain(text, where, KINDS)
    try:
        expression = Expression.model_validate(given)
    except ValidationError as error:
        _refuse(error, where, root)
    _limit_size(expression, where, root)
    _check_references(expression, where, root)
    return expression


def _refuse(error: ValidationError, where: str, root: str) -> NoReturn:
    first = error.errors(include_url=False, include_context=True, include_input=False)[0]
    place = json_path(root, tuple(step for step in first["loc"] if step not in _NO_STEPS))
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
    if kind == "too_long":
        return f"has more than {context['max_length']:,} entries, the most that are accepted"
    return f"is not what it has to be: {message[:1].lower()}{message[1:]}"


def _limit_size(expression: Expression, where: str, root: str) -> None:
    without_sets = expression.model_copy(update={"concept_sets": None})
    size = sum(isinstance(part, Criterion | DemographicCriteria | CriteriaGroup) for _, part in walk(without_sets))
    if size > MAX_CRITERIA:
        raise BadInput(f"{where}: {root} has {size:,} criteria and groups; at most {MAX_CRITERIA:,} are accepted")


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


def references(model: BaseModel, steps: Steps = ()) -> list[tuple[Steps, int]]:
    """Every mention of a concept set in a model: where it stands (as JSON names it), and the set's id."""
    found: list[tuple[Steps, int]] = []
    for name in type(model).model_fields:
        value = getattr(model, name)
        here = (*steps, spelling(type(model), name))
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
