"""Throws. The same number gives the same throws everywhere."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

T = TypeVar("T")
Json = dict[str, Any]
NULL_ONE_IN = 40  # an attribute may be there, and null


class Dice:
    """A source of throws, made from a text such as "1:250"."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)

    def int(self, low: int, high: int) -> int:
        """A whole number from low to high, both possible."""
        return self._random.randint(low, high)

    def one_in(self, number: int) -> bool:
        return self._random.randrange(number) == 0

    def flag(self) -> bool:
        return self.one_in(2)

    def pick(self, *options: T) -> T:
        return options[self._random.randrange(len(options))]

    def pick_of(self, options: Sequence[T]) -> T:
        return options[self._random.randrange(len(options))]

    def several(self, make: Callable[[Dice], T], least: int, most: int) -> list[T]:
        return [make(self) for _ in range(self.int(least, most))]

    def some(self, makers: Mapping[str, Callable[[Dice], Any]], one_in: int) -> Json:
        """An object with a few of these keys, once in a while with null in it."""
        chosen = [name for name in makers if self.one_in(one_in)]
        return {name: None if self.one_in(NULL_ONE_IN) else makers[name](self) for name in chosen}
