"""The small types that study and site files share."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints


def _short(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", name):
        raise ValueError(
            "a short name is expected: small letters, digits, _ and -, beginning with a letter, at most 40"
        )
    return name


Slug = Annotated[str, AfterValidator(_short)]


class Text(BaseModel):
    """One text in the two languages of the programme."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ko: Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]
    en: Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]
