"""Sealing to a recipient's public key: the age format (X25519, age-encryption.org/v1), read and written in pieces.

What is sealed opens with `age -d -i KEY` alone; nothing of ours is needed. A key file is what `age-keygen` writes.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyrage
from pyrage import x25519

from cdm.errors import BadInput
from extract.key_file import read_own, write_new


@dataclass(frozen=True)
class Identity:
    """The private half of a recipient's key; `public` (age1...) may go anywhere, the rest shows itself nowhere."""

    _private: x25519.Identity

    @property
    def public(self) -> str:
        """Give the public key, age1 and 58 letters and digits."""
        return str(self._private.to_public())

    def __repr__(self) -> str:
        return f"Identity(public={self.public})"


@dataclass(frozen=True)
class Sealed:
    """What sealing a file made. sha256, size: of the sealed bytes."""

    sha256: str
    size: int


def create(path: Path) -> Identity:
    """Make a new identity in a new file of mode 0600. Raises BadInput when the file is there."""
    made = Identity(x25519.Identity.generate())
    text = f"# public key: {made.public}\n{made._private}\n"
    write_new(path, text.encode("ascii"))
    return made


def load(path: Path) -> Identity:
    """Read an identity as `create` or `age-keygen` wrote it; refuse one that others than its owner could have read."""
    lines = read_own(path, "make the key with: naru key new").decode("utf-8", "replace").splitlines()
    secrets = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    try:
        (secret,) = secrets
        return Identity(x25519.Identity.from_str(secret))
    except (ValueError, pyrage.IdentityError):
        raise BadInput(f"key {path}: not one age identity (AGE-SECRET-KEY-1...); make one with: naru key new") from None


def recipient(text: str) -> x25519.Recipient:
    """Read a public key. Raises BadInput for anything but age1...; a secret key is never repeated in the sentence."""
    if text.startswith("AGE-SECRET-KEY"):
        raise BadInput("a public key (age1...) is expected, and this is a secret key: keep it, and make a new one")
    try:
        return x25519.Recipient.from_str(text)
    except pyrage.RecipientError:
        raise BadInput(f"'{text[:80]}' is no age public key; it begins with age1 (naru key show tells yours)") from None


def seal_file(source: Path, target: Path, recipients: Sequence[str]) -> Sealed:
    """Seal `source` to every one of `recipients` (age1...), into the file `target`; memory does not grow with it."""
    if not recipients:
        raise BadInput(f"{source.name}: nobody to seal it to; a recipient registers a key first (naru key register)")
    keys = [recipient(key) for key in recipients]
    with source.open("rb") as plain, target.open("wb") as file:
        counted = _Counted(file)
        pyrage.encrypt_io(plain, counted, keys)
        file.flush()
        os.fsync(file.fileno())
    return Sealed(counted.digest.hexdigest(), counted.size)


def open_file(source: Path, target: Path, identity: Identity) -> None:
    """Open a sealed file into `target`.

    Raises BadInput when it is not sealed to this identity or was changed; then `target` is gone.
    """
    try:
        with source.open("rb") as sealed, target.open("wb") as file:
            pyrage.decrypt_io(sealed, file, [identity._private])
            file.flush()
            os.fsync(file.fileno())
    except (pyrage.DecryptError, OSError) as error:
        target.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno is not None:  # the disk's, not the cipher's
            raise
        raise BadInput(
            f"{source.name}: does not open with the key {identity.public}; it is sealed to another, or was changed"
        ) from None


class _Counted:
    """A file that is written to, with the digest and number of the bytes that went by."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        self.size += len(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()
