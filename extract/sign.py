"""Ed25519 keys in files that only their owner reads, signatures over canonical JSON statements."""

from __future__ import annotations

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
from extract.key_file import read_own, write_new


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
    write_new(path, pem)
    return SigningKey(key)


def load(path: Path) -> SigningKey:
    """Read a key; refuse one that others than its owner could have read or written."""
    pem = read_own(path, "make the key first")
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
