"""Where it is: a hospital's OMOP CDM (5.3, 5.4), whatever database it lives in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cdm.source import Source

__all__ = ["open_source"]


def open_source(url: str, home: Path) -> Source:
    """Open a hospital's CDM by its address, read-only; see `cdm.open.ACCEPTED` for the kinds.

    home: where samples and synthetic hospitals are kept, made once.
    Raises BadInput for an address or database that is not what it has to be, SourceUnavailable when it is away.
    """
    from cdm.open import (
        open_source as opener,
    )  # pyarrow and DuckDB are loaded when something is opened, not before

    return opener(url, home)
