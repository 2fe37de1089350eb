"""Ed25519 keys in files that only their owner reads, signatures over canonical JSON statements."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from cdm.errors import BadInput


@dataclass(frozen=True)
class SigningKey:
    """A private key; `public` (32 bytes as hex) may go anywhere, the rest shows itself nowhere."""

    _private: Ed25519PrivateKey

    @property
    def public(self) -> str:
        """Give the public key as 64 hexadecimal digits."""
        return self._private.public_key().public_bytes_raw().hex()

    def sign(self, message: bytes) -> str:
        """Sign; 128 hexadecimal digits."""
        return self._private.sign(message).hex()

    def __repr__(self) -> str:
        return f"SigningKey(public={self.public})"


def create(path: Path) -> SigningKey:
    """Make a new key in a new PEM file (PKCS #8) of mode 0600. Raises BadInput when the file is there."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise BadInput(f"key {path}: the file exists; a key is never overwritten, choose another name") from None
    except OSError as error:
        raise BadInput(f"key {path}: cannot be written ({error.strerror}); check the folder") from None
    with os.fdopen(handle, "wb") as file:
        os.fchmod(file.fileno(), 0o600)  # whatever the umask
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    return SigningKey(key)


def load(path: Path) -> SigningKey:
    """Read a key; refuse one that others than its owner could have read or written."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        raise BadInput(f"key {path}: no such file; make the key first") from None
    except OSError as error:
        raise BadInput(f"key {path}: cannot be read ({error.strerror}); it must be a plain file of yours") from None
    with os.fdopen(handle, "rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & 0o077:
            raise BadInput(f"key {path}: mode {mode:04o} lets others at it; make it 0600, or better a new key")
        pem = file.read(65_536)
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise BadInput(f"key {path}: not an unencrypted Ed25519 private key in PEM; make one with this tool")
    return SigningKey(key)


def verify(public: str, message: bytes, signature: str) -> bool:
    """Tell whether `signature` is by the owner of `public` over `message`; False for anything malformed."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True
