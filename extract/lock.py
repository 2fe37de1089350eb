"""One process at a time."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cdm.errors import BadInput


@contextmanager
def alone(lock: Path, doing: str) -> Iterator[None]:
    """Hold a lock file; the kernel lets it go with the process, however that ends. Raises BadInput when it is held."""
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BadInput(f"{doing}: the same is under way in another process; wait for it") from None
        yield
