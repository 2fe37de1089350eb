"""One hash over the heads of all chains (a Merkle tree as in RFC 6962: leaves and nodes are hashed apart)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from drb.columns import canonical


def _hash(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def root(heads: Mapping[str, tuple[int, str]]) -> str:
    """Compute the root over object -> (seq, hash), in order of the objects' names."""
    level = [_hash(b"\0" + canonical([name, *heads[name]]).encode()) for name in sorted(heads)]
    if not level:
        return hashlib.sha256().hexdigest()
    while len(level) > 1:
        pairs = [_hash(b"\1" + a + b) for a, b in zip(level[::2], level[1::2], strict=False)]
        level = pairs + level[len(pairs) * 2 :]
    return level[0].hex()
