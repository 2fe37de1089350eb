"""The matched sets of a draw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Sets:
    """Matched sets by rows of the draw: the person's index, the set's index (from 0), whether a case."""

    person: NDArray[np.int64]
    matched_set: NDArray[np.int64]
    case: NDArray[np.bool_]
