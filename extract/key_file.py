"""Files of private keys: made once, for their owner alone, and refused where others could have been at them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cdm.errors import BadInput

# A key file has some hundred bytes; whatever is longer is none.
_LONGEST = 65_536


def write_new(path: Path, content: bytes) -> None:
    """Write a key into a new file of mode 0600, synced to the disk. Raises BadInput where the file is there already."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise BadInput(f"key {path}: the file exists; a key is never overwritten, choose another name") from None
    except OSError as error:
        raise BadInput(f"key {path}: cannot be written ({error.strerror}); check the folder") from None
    with os.fdopen(handle, "wb") as file:
        os.fchmod(file.fileno(), 0o600)  # whatever the umask
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def read_own(path: Path, make: str) -> bytes:
    """Read a key file, no link, that its owner alone can open. make: how such a key is made, for who has none.

    Raises BadInput where it is missing, cannot be read, or lets others at it.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        raise BadInput(f"key {path}: no such file; {make}") from None
    except OSError as error:
        raise BadInput(f"key {path}: cannot be read ({error.strerror}); it must be a plain file of yours") from None
    with os.fdopen(handle, "rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & 0o077:
            raise BadInput(f"key {path}: mode {mode:04o} lets others at it; make it 0600, or better a new key")
        return file.read(_LONGEST)
