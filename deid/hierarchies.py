"""Generalisation hierarchies: each value of a quasi-identifier, at each level, as the group it falls into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cdm.errors import BadInput

SUPPRESSED = "*"
Codes = NDArray[np.int32]


@dataclass(frozen=True)
class Hierarchy:
    """One quasi-identifier's levels, from the value itself (level 0) to the coarsest.

    name: the quasi-identifier. codes: int32 (levels, values), the group of each value at each level.
    labels: for each level the text of each group. Groups nest: values together at one level stay together
    at every higher one.
    """

    name: str
    codes: Codes
    labels: tuple[tuple[str, ...], ...]

    @property
    def levels(self) -> int:
        """Count the levels."""
        return int(self.codes.shape[0])

    @property
    def values(self) -> int:
        """Count the values at level 0."""
        return int(self.codes.shape[1])

    def group_sizes(self, level: int) -> NDArray[np.int64]:
        """Count the values in each group of a level."""
        return np.bincount(self.codes[level], minlength=len(self.labels[level]))

    @classmethod
    def of(cls, name: str, rows: Sequence[Sequence[str]]) -> Hierarchy:
        """Build it from one row of texts for each value: the value, then its group at each higher level.

        Raises BadInput where rows differ in length, a value stands twice, or the levels do not nest.
        """
        if len({len(row) for row in rows}) != 1:
            raise BadInput(f"hierarchy '{name}': every value needs a group at every level; complete the rows")
        columns = [np.array(column, dtype=object) for column in zip(*rows, strict=True)]
        found = [np.unique(column.astype(str), return_inverse=True) for column in columns]
        if len(found[0][0]) != len(rows):
            raise BadInput(f"hierarchy '{name}': a value has two rows; keep one")
        made = cls(
            name,
            np.stack([codes.astype(np.int32) for _, codes in found]),
            tuple(tuple(str(label) for label in labels) for labels, _ in found),
        )
        made.check_nesting()
        return made

    def check_nesting(self) -> None:
        """Raise BadInput where a group of one level is split again at the next."""
        for level in range(1, self.levels):
            below, here = self.codes[level - 1], self.codes[level]
            pairs = np.unique(np.stack([below, here]), axis=1).shape[1]
            if pairs != np.unique(below).size:
                raise BadInput(
                    f"hierarchy '{self.name}': level {level} splits a group of level {level - 1}; "
                    "values that share a group must share every higher one"
                )
