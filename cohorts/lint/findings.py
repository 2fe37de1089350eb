"""Findings: what was found where, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

from cohorts.expression.read import json_path

Severity = Literal["error", "warning", "note"]
Steps = tuple[str | int, ...]


@dataclass(frozen=True)
class Finding:
    """One finding.

    error: the definition cannot run, or finds nobody. warning: it likely does not do what is meant. note: what is
    really evaluated. path: the place in the definition's JSON.
    """

    code: str
    severity: Severity
    path: str
    en: str
    ko: str

    def to_json(self) -> dict[str, str]:
        """Plain JSON."""
        return {"code": self.code, "severity": self.severity, "path": self.path, "en": self.en, "ko": self.ko}


def finding(code: str, severity: Severity, steps: Steps, en: str, ko: str) -> Finding:
    """A finding at a place given by its steps."""
    return Finding(code, severity, json_path("$", steps), en, ko)


def walk(model: BaseModel, steps: Steps = ()) -> Iterator[tuple[Steps, BaseModel]]:
    """Every part of an expression with the steps to it, outer parts first."""
    yield steps, model
    for name, field in type(model).model_fields.items():
        value, here = getattr(model, name), (*steps, field.alias or name)
        if isinstance(value, BaseModel):
            yield from walk(value, here)
        elif isinstance(value, tuple):
            for position, item in enumerate(value):
                if isinstance(item, BaseModel):
                    yield from walk(item, (*here, position))
