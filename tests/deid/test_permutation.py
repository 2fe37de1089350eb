"""Pseudonyms: no two alike, no order left, nothing to guess without the key."""

from __future__ import annotations

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import ECB
from hypothesis import given, settings
from hypothesis import strategies as st

from deid.permutation import ROUNDS, permute, random_words, unique_pairs

KEY = bytes(range(32))
IDS = st.lists(st.integers(-(2**63), 2**63 - 1), unique=True, max_size=30)


def one_by_one(number: int) -> int:
    """The same permutation of one positive number, written with Python's integers."""
    high, low = number >> 31, number & (2**31 - 1)
    for turn in range(ROUNDS):
        block = (low if turn % 2 else high).to_bytes(8, "little") + turn.to_bytes(8, "little")
        word = int.from_bytes(Cipher(AES256(KEY), ECB()).encryptor().update(block)[:8], "little")
        if turn % 2:
            high ^= word & (2**32 - 1)
        else:
            low ^= word & (2**31 - 1)
    return high << 31 | low


@given(st.integers(1, 2**63 - 1))
@settings(max_examples=50, derandomize=True, deadline=None)
def test_the_permutation_in_sets_is_the_permutation_of_one_number(number: int) -> None:
    assert permute(KEY, np.array([number], dtype=np.int64))[0] == one_by_one(number)


@given(IDS)
@settings(max_examples=100, derandomize=True, deadline=None)
def test_pseudonyms_are_positive_and_follow_the_id_wherever_it_stands(ids: list[int]) -> None:
    found = permute(KEY, np.array(ids, dtype=np.int64))
    assert (found > 0).all()
    backwards = permute(KEY, np.array(ids[::-1], dtype=np.int64))
    assert backwards[::-1].tolist() == found.tolist()
    assert unique_pairs(np.array(ids, dtype=np.int64), found)


def test_no_two_of_many_ids_share_a_pseudonym_and_none_keeps_its_own() -> None:
    ids = np.arange(1, 200_001, dtype=np.int64)
    found = permute(KEY, ids)
    assert np.unique(found).size == ids.size
    assert not (found == ids).any()


def test_the_order_of_the_pseudonyms_says_nothing_of_the_order_of_the_ids() -> None:
    found = permute(KEY, np.arange(1, 20_001, dtype=np.int64))
    rank = np.argsort(np.argsort(found))
    assert abs(np.corrcoef(rank, np.arange(rank.size))[0, 1]) < 0.03
    assert abs((np.diff(found) > 0).mean() - 0.5) < 0.02


def test_another_key_gives_unrelated_pseudonyms() -> None:
    ids = np.arange(1, 10_001, dtype=np.int64)
    one, other = permute(KEY, ids), permute(KEY[::-1], ids)
    assert not np.isin(one, other).any()
    assert abs(np.corrcoef(one.astype(float), other.astype(float))[0, 1]) < 0.05


def test_a_meeting_of_two_ids_below_one_would_be_noticed() -> None:
    assert not unique_pairs(np.array([-1, -2]), np.array([5, 5]))
    assert unique_pairs(np.array([-1, -2]), np.array([5, 6]))


def test_random_words_are_aes_of_the_value() -> None:
    block = (7).to_bytes(8, "little") + (3).to_bytes(8, "little")
    expected = Cipher(AES256(KEY), ECB()).encryptor().update(block)[:8]
    assert int(random_words(KEY, np.array([7], dtype=np.uint64), 3)[0]) == int.from_bytes(expected, "little")
