"""Random choices that a key decides: the same on any machine and with any version of a library."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from deid.permutation import Int64, random_words


class Draws:
    """A row of independent choices under one key; each call takes a purpose (tweak) of its own."""

    def __init__(self, key: bytes) -> None:
        self._key, self._purpose = key, 1 << 32

    def below(self, limit: Int64 | int, size: int) -> Int64:
        """Whole numbers from 0 to below a limit (one for all, or each its own)."""
        words = self._words(size)
        return np.asarray(words % np.asarray(limit, np.uint64), np.int64)

    def some(self, choices: int, size: int) -> Int64:
        """Places of at most `size` of so many choices, each once, in random order."""
        return np.argsort(self._words(choices), kind="stable")[:size]

    def some_of_each(self, rows: int, choices: int, size: int) -> Int64:
        """For each of the rows `size` different choices: an array rows x size."""
        return np.argsort(self._words(rows * choices).reshape(rows, choices), axis=1, kind="stable")[:, :size]

    def flags(self, size: int) -> NDArray[np.bool_]:
        """Yes or no."""
        found: NDArray[np.bool_] = self._words(size) % np.uint64(2) == 0
        return found

    def _words(self, size: int) -> NDArray[np.uint64]:
        self._purpose += 1
        return random_words(self._key, np.arange(size, dtype=np.uint64), self._purpose)
