"""Where a failure comes from: which concepts, which years, which values, without a row or a person of it.

Looked up after the verdicts, for what failed alone. A cell is told when at least CELL people are in it, or, where a table is
about nobody, as many rows; so many others stay untold that they cannot be worked out by subtracting.
"""

from __future__ import annotations

from quality.baseline.evidence.cell import CELL, Calendar, Cell, Drill, Evidence, Spread
from quality.baseline.evidence.gather import gather

__all__ = ["CELL", "Calendar", "Cell", "Drill", "Evidence", "Spread", "gather"]
