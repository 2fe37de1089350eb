"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cdm.errors import BadInput
from flows.stages.folder import sync


def checked_output(path: Path, suffix: str) -> Path:
    """A file that is to be written. Raises BadInput where its folder is missing, it is a folder, or its name ends otherwise."""
    if path.suffix != suffix:
        raise BadInput(f"{path}: the name of this output must end in {suffix}")
    if path.is_dir():
        raise BadInput(f"{path}: this is a folder; name a file ending in {suffix}")
    if not path.absolute().parent.is_dir():
        raise BadInput(f"{path}: the folder {path.absolute().parent} does not exist; make it first")
    if not os.access(path.absolute().parent, os.W_OK):
        raise BadInput(f"{path}: the folder {path.absolute().parent} is not writable for you")
    return path


@contextmanager
def appearing(path: Path) -> Iterator[Path]:
    """A fresh name beside `path`, renamed to it when the block ends well and removed when it does not."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        yield fresh
        sync(fresh)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
