"""Pins: the concepts that a definition's sets held where and when it was imported.

A concept set is a recipe; which concepts it gives depends on the vocabulary that it is read with. The pins stand beside
the definition (`DEF.json` and `DEF.pins.json`), so that a hospital can see where its own vocabulary gives others. They
do not change what runs: a cohort is always found with the hospital's vocabulary, as ATLAS does it.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cdm.errors import BadInput
from cohorts.expression.base import CodesetRef, ConceptId, Entries
from cohorts.expression.paths import json_path
from cohorts.expression.read import KINDS
from cohorts.expression.text import content, plain

ENDING = ".pins.json"
ShortText = Annotated[str, Field(max_length=1000)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PinnedDefinition(_Part):
    """The definition in its WebAPI. sha256: of its expression as `sha256` here makes it; modified: UTC where known."""

    id: int
    name: ShortText
    modified: ShortText | None
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class WebApi(_Part):
    """Where it was imported from; the address holds no secret."""

    url: ShortText
    version: ShortText


class Vocabulary(_Part):
    """The vocabulary that resolved the sets: the source's key in that WebAPI, and the version it tells of itself."""

    source_key: ShortText
    version: ShortText


class PinnedSet(_Part):
    """One concept set with the ids of all its concepts, ascending."""

    id: CodesetRef
    name: ShortText | None
    concept_ids: Entries[ConceptId]


class Pins(_Part):
    """The content of a pins file. resolved_at: YYYY-MM-DDTHH:MM:SSZ."""

    format: Literal["naru-pins-1"] = "naru-pins-1"
    definition: PinnedDefinition
    webapi: WebApi
    vocabulary: Vocabulary
    resolved_at: ShortText
    concept_sets: Entries[PinnedSet]


def beside(definition: Path) -> Path:
    """Where the pins of a definition stand."""
    return definition.with_name(definition.stem + ENDING)


def sha256(expression: Any) -> str:
    """SHA-256 of an expression's JSON with sorted keys and no blanks, in UTF-8: formatting does not matter."""
    text = json.dumps(expression, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def sha256_of(definition: Path) -> str:
    """`sha256` of the expression in a file. Raises `BadInput`."""
    return sha256(plain(content(definition), str(definition), KINDS)[0])


def read(path: Path) -> Pins:
    """The pins in a file. Raises `BadInput` with file and JSON path."""
    given, _ = plain(content(path), str(path), frozenset())
    try:
        return Pins.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise BadInput(
            f"{path}: {json_path('$', first['loc'])} is not what a pins file has there ({first['msg']}); "
            "import the definition again, or remove this file"
        ) from None


def written(pins: Pins) -> str:
    """The text of a pins file."""
    return json.dumps(pins.model_dump(mode="json"), ensure_ascii=False, indent=1) + "\n"
