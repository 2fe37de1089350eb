"""What a run tells the person who waits for it: the step that began, and the step that ended. Never patient data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Step:
    """One thing that happened. `note` is a short text of counts and names; `fraction`: how much is done, if known."""

    name: str
    state: Literal["begun", "done", "kept", "failed"]
    note: str = ""
    fraction: float | None = None


Listener = Callable[[Step], None]
_listeners: list[Listener] = []


def tell(
    name: str, state: Literal["begun", "done", "kept", "failed"], note: str = "", fraction: float | None = None
) -> None:
    """Tell whoever listens in this process."""
    for listener in _listeners:
        listener(Step(name, state, note, fraction))


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Hear of every step while the block runs."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
