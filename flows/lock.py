"""One run at a time over one folder. The lock is the kernel's, so a killed run leaves none behind."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cdm.errors import BadInput


@contextmanager
def only_one(folder: Path, what: str) -> Iterator[None]:
    """Hold the folder for this process. Raises BadInput at once where another process holds it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / ".lock"
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, 32, 0).decode("ascii", "replace").strip() or "unknown"
            raise BadInput(
                f"{what} is being run already by another process (pid {holder}); wait until it ends, then run the same "
                "command again: what it finished is reused"
            ) from None
        os.truncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(handle)
