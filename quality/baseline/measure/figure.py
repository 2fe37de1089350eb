"""What was counted for one check."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """Violating rows (or people, or source values) out of how many. error: why nothing could be counted, else empty."""

    violated: int
    rows: int
    error: str = ""
