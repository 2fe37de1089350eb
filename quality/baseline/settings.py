"""What a site and a study say about the checks: other thresholds, and failures that are accepted for a while."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cdm.errors import BadInput
from quality.baseline.declared import TYPES, Check

Entry = TypeVar("Entry", bound="Selection")


class Selection(BaseModel):
    """Which checks an entry is about: those whose type, table, field and concept are as given; what is left out is any."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    check: str
    table: str | None = None
    field: str | None = None
    concept: int | str | None = None

    def selects(self, check: Check) -> bool:
        """Whether a check is meant."""
        return (
            self.check == check.type
            and self.table in (None, check.table)
            and self.field in (None, check.field)
            and (self.concept is None or str(self.concept) == check.concept)
        )

    def about(self) -> dict[str, str]:
        """What is given, as texts."""
        parts = {"check": self.check, "table": self.table, "field": self.field, "concept": self.concept}
        return {name: str(value) for name, value in parts.items() if value is not None}


class Threshold(Selection):
    """The percentage of violating rows that a site or a study tolerates."""

    threshold: float = Field(ge=0, le=100)


class Waiver(Selection):
    """A failure that somebody accepts until a day. name: who, or the decision's name; reason: why."""

    name: str = Field(min_length=1)
    reason: str = Field(min_length=1)
    expiry: date


def read_thresholds(path: Path, known: Sequence[Check]) -> tuple[Threshold, ...]:
    """Read a YAML file with a list `thresholds`. Raises BadInput for what is no threshold or selects no check."""
    return _read(path, "thresholds", Threshold, known)


def read_waivers(path: Path, known: Sequence[Check]) -> tuple[Waiver, ...]:
    """Read a YAML file with a list `waivers`. Raises BadInput for what is no waiver or selects no check."""
    return _read(path, "waivers", Waiver, known)


def tolerating(checks: Iterable[Check], thresholds: Sequence[Threshold]) -> tuple[Check, ...]:
    """Give the checks with their thresholds; of several entries that select a check the last one counts (site, then study)."""
    return tuple(_tolerating(check, thresholds) for check in checks)


def _tolerating(check: Check, thresholds: Sequence[Threshold]) -> Check:
    chosen = [entry for entry in thresholds if entry.selects(check)]
    return check.tolerating(chosen[-1].threshold) if chosen else check


def _read(path: Path, key: str, kind: type[Entry], known: Sequence[Check]) -> tuple[Entry, ...]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError:
        raise BadInput(f"{path} cannot be read; check the path") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise BadInput(f"{path} is not YAML; expected a list under {key}:") from None
    if not isinstance(content, dict) or set(content) != {key} or not isinstance(content[key], list):
        raise BadInput(f"{path}: expected one key, {key}, that holds a list")
    return tuple(_entry(path, f"{key}[{number}]", kind, entry, known) for number, entry in enumerate(content[key]))


def _entry(path: Path, where: str, kind: type[Entry], given: object, known: Sequence[Check]) -> Entry:
    try:
        entry = kind.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        raise BadInput(f"{path}: {'.'.join([where, *map(str, first['loc'])])}: {first['msg']}") from None
    if entry.check not in TYPES:
        raise BadInput(f"{path}: {where}.check: there is no check {entry.check}; there are: {', '.join(TYPES)}")
    if not any(entry.selects(check) for check in known):
        raise BadInput(f"{path}: {where} selects no check of this CDM version; check table, field and concept")
    return entry
