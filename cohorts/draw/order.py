"""The random order of a draw: a keyed integer hash of our own, that no library's release can change.

splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014) is a bijection of
64-bit
integers: two people never tie, and a person keeps its place when others join the database.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

UInt64 = npt.NDArray[np.uint64]

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)


def splitmix64(values: npt.NDArray[Any]) -> UInt64:
    """One step of splitmix64 on every value (any integer type; wraps at 2**64)."""
    x = np.array(values).astype(np.uint64, copy=False) + _GAMMA
    x ^= x >> np.uint64(30)
    x *= _MIX1
    x ^= x >> np.uint64(27)
    x *= _MIX2
    x ^= x >> np.uint64(31)
    return x


def keyed_order(ids: npt.NDArray[Any], seed: int, purpose: int) -> UInt64:
    """Each id's place in the random order of (seed, purpose): a permutation of the 64-bit integers.

    purpose: a small number that separates independent orders of one draw (cases, controls, sets).
    """
    key = splitmix64(splitmix64(np.array([seed], np.uint64)) ^ np.uint64(purpose))
    return splitmix64(np.asarray(ids).astype(np.uint64) ^ key)


def sorted_by(values: UInt64) -> npt.NDArray[np.int64]:
    """Places of the values in ascending order, equal ones as they stand.

    The first bits of a value and its place in one number, which sorts eight times as fast as places do by their values; the
    few whose first bits agree are put right after it.
    """
    bits = np.uint64(max(len(values) - 1, 1).bit_length())
    first = values >> bits << bits | np.arange(len(values), dtype=np.uint64)
    first.sort()
    by = (first & ~(~np.uint64(0) << bits)).astype(np.int64)
    first >>= bits
    tied = np.zeros(len(by), bool)
    tied[1:] = first[1:] == first[:-1]
    tied[:-1] |= tied[1:]
    some = np.flatnonzero(tied)
    by[some] = by[some][np.lexsort((by[some], values[by[some]]))]
    return by


def spread(order: UInt64, round_: int, width: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Make a pseudo-random number in [0, width) for each element, another in each round. width >= 1."""
    mixed = splitmix64(order ^ splitmix64(np.array([round_], np.uint64)))
    # 32 bits times a width under 2**31 stays inside 64 bits (Lemire: Fast random integer generation, 2019).
    return ((mixed >> np.uint64(32)) * width.astype(np.uint64) >> np.uint64(32)).astype(np.int64)
