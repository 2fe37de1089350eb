"""What a fault may say. Engines quote cell values in their errors, so their texts never leave the stage that failed."""

from __future__ import annotations

import errno
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from cdm.errors import BadInput, GateRefused, SourceUnavailable
from drb.errors import BadInput as BoardBadInput
from drb.errors import Refused

Result = TypeVar("Result")

# These say one sentence that holds no value of a row, so it can be shown as it is.
SPEAKING = (BadInput, GateRefused, BoardBadInput, Refused)
FULL_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
FULL_DISK_TEXTS = (
    "no space left on device",
    "disk quota exceeded",
    "file too large",
    "could not write all bytes",
)
OUT_OF_MEMORY = ("out of memory", "failed to allocate", "could not allocate")


class StageFailed(Exception):
    """A fault inside a stage, told without its text: what kind, and where in our code."""


class DiskFull(BadInput):
    """The disk cannot take what a stage writes."""


def guarded(name: str, folder: Path, work: Callable[[], Result]) -> Result:
    """Run a stage's work; whatever it raises comes out as one sentence without a value read from a patient's row.

    Raises the room's own clear errors as they are, DiskFull, BadInput (out of memory), or StageFailed. The original
    exception is not chained: whoever prints or stores the new one prints nothing of it.
    """
    told: Exception
    try:
        return work()
    except SPEAKING as error:
        told = _full(name, folder) if any(map(disk_full, _behind(error))) else type(error)(*error.args)
        told.__dict__.update(error.__dict__)
    except Exception as error:  # every other fault may quote rows: only its kind and place come out
        told = _told(name, folder, error)
    # Raised here, outside the handler, so that neither __cause__ nor __context__ keeps the original.
    raise told


def disk_full(error: Exception) -> bool:
    """Whether the operating system or an engine says that the disk takes no more."""
    text = str(error).lower()
    return (isinstance(error, OSError) and error.errno in FULL_DISK) or any(t in text for t in FULL_DISK_TEXTS)


def _behind(error: BaseException) -> Iterator[Exception]:
    """What a room turned into its own sentence; `from None` hides it from people, not from us."""
    while error.__context__ is not None:
        error = error.__context__
        if isinstance(error, Exception):
            yield error


def _full(name: str, folder: Path) -> DiskFull:
    return DiskFull(
        f"stage '{name}': the disk that holds {folder} is full; free some space and run the same command again: "
        "it goes on from the last whole stage"
    )


def _told(name: str, folder: Path, error: Exception) -> Exception:
    text = str(error).lower()
    if any(map(disk_full, (error, *_behind(error)))):
        return _full(name, folder)
    if isinstance(error, MemoryError) or any(t in text for t in OUT_OF_MEMORY):
        return BadInput(
            f"stage '{name}': the machine's memory is not enough; set `memory:` in the site file lower than what is free "
            "so that the engine spills to disk, and run the same command again"
        )
    return StageFailed(
        f"stage '{name}' failed: {kind(error)} at {place(error)}. Its text is withheld because it may quote patient rows; "
        "finished stages are kept, the same command goes on from there"
    )


def kind(error: BaseException) -> str:
    """The fault's type by name."""
    return f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")


def place(error: BaseException) -> str:
    """The innermost line of our own code that the fault passed: file:line."""
    root = Path(__file__).parent.parent
    frames = traceback.extract_tb(error.__traceback__ or sys.exc_info()[2])
    ours = [f for f in frames if Path(f.filename).is_relative_to(root) and "site-packages" not in f.filename]
    if not ours:
        return "an outside library"
    return f"{Path(ours[-1].filename).relative_to(root)}:{ours[-1].lineno}"


__all__ = [
    "SPEAKING",
    "DiskFull",
    "SourceUnavailable",
    "StageFailed",
    "disk_full",
    "guarded",
    "kind",
    "place",
]
