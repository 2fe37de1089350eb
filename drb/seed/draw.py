"""Chance without chance: what is drawn follows from a name, the same on every machine."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

One = TypeVar("One")


def number(key: str, low: int, high: int) -> int:
    """Draw a whole number from low to high, both included."""
    return low + int.from_bytes(hashlib.sha256(key.encode()).digest()[:6]) % (high - low + 1)


def pick(key: str, choices: Sequence[One]) -> One:
    """Draw one of some."""
    return choices[number(key, 0, len(choices) - 1)]


def digest(key: str) -> str:
    """A digest of something that does not exist."""
    return hashlib.sha256(f"naru demo {key}".encode()).hexdigest()
