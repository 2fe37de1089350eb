"""Semantic versions of a study's releases at one hospital, told from what they were made of.

| what changed since the newest release | next |
|---|---|
| nothing, or everything is as it was for an earlier one | that release's version |
| study, definition, policy, seeds: the dataset means something else | major |
| the hospital's CDM release, its CDM version, the vocabulary, who withdrew: the same question on newer data | minor |
| code only: the same data, packed anew | patch |
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from cdm.errors import BadInput
from extract.manifest import Provenance

MAJOR = ("study_digest", "definition_digest", "policy_digest", "seeds")
MINOR = ("cdm_release_digest", "cdm_version", "vocabulary_version", "withdrawals_digest")
FIRST = "1.0.0"


@dataclass(frozen=True)
class Built:
    """An earlier release: its version, and its provenance as it stands in the manifest."""

    version: str
    provenance: Provenance | Mapping[str, object]


def next_version(previous: Sequence[Built], now: Provenance | Mapping[str, object]) -> str:
    """Give the version of a release of provenance `now` after `previous`, in whatever order those come.

    Raises BadInput for a version that is not MAJOR.MINOR.PATCH or a provenance with unknown or missing parts.
    """
    current = _provenance(now)
    earlier = sorted(
        ((numbers(built.version), _provenance(built.provenance)) for built in previous),
        key=lambda pair: pair[0],
    )
    if not earlier:
        return FIRST
    for number, provenance in reversed(earlier):
        if provenance == current:
            return _text(number)
    (major, minor, patch), newest = earlier[-1]
    if _differ(newest, current, MAJOR):
        return _text((major + 1, 0, 0))
    if _differ(newest, current, MINOR):
        return _text((major, minor + 1, 0))
    return _text((major, minor, patch + 1))


def _differ(one: Provenance, other: Provenance, parts: tuple[str, ...]) -> bool:
    return any(getattr(one, part) != getattr(other, part) for part in parts)


def _provenance(given: Provenance | Mapping[str, object]) -> Provenance:
    if isinstance(given, Provenance):
        return given
    try:
        return Provenance.model_validate(dict(given))
    except ValidationError as error:
        parts = ", ".join(sorted({str(wrong["loc"][0]) for wrong in error.errors()}))
        raise BadInput(f"provenance: {parts}: missing, unknown or not a text; a release's own is expected") from None


def numbers(version: str) -> tuple[int, int, int]:
    """Read MAJOR.MINOR.PATCH. Raises BadInput for anything else."""
    found = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)", version)
    if found is None:
        raise BadInput(f"version '{version}': expected MAJOR.MINOR.PATCH, as in 1.0.0")
    return int(found[1]), int(found[2]), int(found[3])


def _text(number: tuple[int, int, int]) -> str:
    return ".".join(map(str, number))
