"""Where a part of an expression stands in its JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator

from pydantic import BaseModel

from cohorts.expression.base import spelling

Steps = tuple[str | int, ...]
_SHOWN = 60


def json_path(root: str, steps: Steps) -> str:
    """`$.PrimaryCriteria.CriteriaList[0]` from the steps to it; a key that is no plain word stands quoted, and short."""
    return root + "".join(_step(step) for step in steps)


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    short = step if len(step) <= _SHOWN else f"{step[:_SHOWN]}..."
    return f".{short}" if step.isascii() and step.isidentifier() and short == step else f"[{json.dumps(short)}]"


def walk(model: BaseModel, steps: Steps = ()) -> Iterator[tuple[Steps, BaseModel]]:
    """Every part of an expression with the steps to it, outer parts first."""
    yield steps, model
    for name in type(model).model_fields:
        value, here = getattr(model, name), (*steps, spelling(type(model), name))
        if isinstance(value, BaseModel):
            yield from walk(value, here)
        elif isinstance(value, tuple):
            for position, item in enumerate(value):
                if isinstance(item, BaseModel):
                    yield from walk(item, (*here, position))
