"""The small types that study and site files share."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]


class Text(BaseModel):
    """One text in the two languages of the programme."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ko: Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]
    en: Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]
