"""Keyed permutations of 63-bit numbers: an alternating Feistel network over AES-256, in sets.

A permutation never gives two ids one pseudonym, so nothing has to be looked up or kept; without the key it
looks random, so a pseudonym tells neither the id nor the order in which the hospital gave it. The
construction is that of format-preserving encryption with an AES round function and ten rounds (the count of
FF1, NIST SP 800-38G); halves of 31 and 32 bits make exactly the positive BIGINTs.
"""

from __future__ import annotations

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import ECB
from numpy.typing import NDArray

Int64 = NDArray[np.int64]
UInt64 = NDArray[np.uint64]

ROUNDS = 10
_CHUNK = 1 << 15  # the blocks of one round (0.5 MB) stay in the processor's cache
_HIGH = np.uint64(0xFFFF_FFFF)
_LOW = np.uint64(0x7FFF_FFFF)
_LOW_BITS = np.uint64(31)


def random_words(key: bytes, values: UInt64, tweak: int = 0) -> UInt64:
    """Give one pseudo-random 64-bit word for each value: the first half of AES-256(key, value || tweak)."""
    found = np.empty(values.size, dtype=np.uint64)
    for start in range(0, values.size, _CHUNK):
        found[start : start + _CHUNK] = _words(key, values[start : start + _CHUNK], tweak)
    return found


def _words(key: bytes, values: UInt64, tweak: int) -> UInt64:
    blocks = np.empty((values.size, 2), dtype="<u8")
    blocks[:, 0] = values
    blocks[:, 1] = tweak
    out = bytearray(blocks.nbytes + 15)
    # ECB of distinct blocks is the plain block function; no message is encrypted here.
    Cipher(AES256(key), ECB()).encryptor().update_into(blocks.tobytes(), out)  # noqa: S305
    return np.frombuffer(out, dtype="<u8", count=2 * values.size)[::2]


def permute(key: bytes, ids: Int64) -> Int64:
    """Map ids (int64, any order) to positive int64 numbers, elementwise.

    Ids from 1 to 2^63-1 get numbers from 1 to 2^63-1, no two the same. An id of 0 or below (a hospital that
    numbers people by a hash) gets a number that is like a random one: `unique_pairs` tells whether two ids
    met.
    """
    out = np.empty(ids.size, dtype=np.int64)
    for start in range(0, ids.size, _CHUNK):
        out[start : start + _CHUNK] = _permute(key, np.ascontiguousarray(ids[start : start + _CHUNK]))
    return out


def _permute(key: bytes, ids: Int64) -> Int64:
    words = ids.view(np.uint64)
    negative = words >> np.uint64(63)
    high, low = (words >> _LOW_BITS) & _HIGH, words & _LOW
    for turn in range(0, ROUNDS, 2):
        # The sign is part of what each round sees, so that -1 and 2^63-1 do not fall together.
        low = low ^ (random_words(key, high | negative << np.uint64(63), turn) & _LOW)
        high = high ^ (random_words(key, low | negative << np.uint64(63), turn + 1) & _HIGH)
    found: Int64 = (high << _LOW_BITS | low).view(np.int64)
    zero = found == 0
    if zero.any():
        found[zero] = _permute(key, found[zero])  # walk the cycle on: 0 is no pseudonym
    return found


def unique_pairs(ids: Int64, pseudonyms: Int64) -> bool:
    """Tell whether no two ids share a pseudonym; `ids` holds no id twice."""
    return bool((ids > 0).all()) or np.unique(pseudonyms).size == pseudonyms.size
