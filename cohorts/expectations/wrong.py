"""What is wrong in a file of made-up people, with the key at which it stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Where = tuple[str | int, ...]


@dataclass(frozen=True)
class Misfit:
    """One mistake: the steps from the file's top to its key, and a sentence."""

    where: Where
    text: str


class Misfits(Exception):
    """All mistakes of one file, in its order. case: the file's place among those that were given."""

    def __init__(self, case: str, found: Iterable[Misfit]) -> None:
        super().__init__(case)
        self.case = case
        self.found = tuple(found)
