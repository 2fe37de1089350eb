"""Which inclusion rules index events keep, as attrition counts them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cohorts.columns.keys import Days, Flags, Whole, people, starts

_WORD = 60  # rules in one whole number


@dataclass(frozen=True)
class Judged:
    """held: per rule, which rows keep it. Rows are in order of person, start date and ties."""

    person: Days
    held: Sequence[Flags]

    @property
    def all(self) -> Flags:
        """The rows that keep every rule."""
        return np.logical_and.reduce(self.held) if self.held else np.ones(len(self.person), bool)


def in_turn(judged: Judged) -> list[tuple[int, int]]:
    """People and events left after each rule in turn."""
    left, found = np.ones(len(judged.person), bool), []
    for held in judged.held:
        left = left & held
        found.append((people(judged.person[left]), int(np.count_nonzero(left))))
    return found


def combinations(judged: Judged) -> list[tuple[tuple[int, ...], int, int]]:
    """By the set of rules kept (numbered from 1): people whose best event keeps just these, and events.

    A person's best event is the one with the most rules, the lowest first rule, the earliest; as ATLAS has it.
    """
    if not len(judged.person):
        return []
    code, rules = _codes(judged)
    events = np.bincount(code, minlength=len(rules))
    best = _best(judged.person, code, rules)
    persons = np.bincount(code[best], minlength=len(rules))
    found = [(kept, int(persons[at]), int(events[at])) for at, kept in enumerate(rules)]
    return sorted(found, key=lambda one: (-len(one[0]), _mask(one[0])))


def _codes(judged: Judged) -> tuple[Whole, list[tuple[int, ...]]]:
    """The number of each row's combination, and the rules of each combination."""
    words = []
    for low in range(0, len(judged.held), _WORD):
        word = np.zeros(len(judged.person), np.int64)
        for bit, held in enumerate(judged.held[low : low + _WORD]):
            word |= held.astype(np.int64) << bit
        words.append(word)
    if len(words) == 1:
        masks, code = _distinct(words[0])
        return code, [_rules([int(mask)]) for mask in masks]
    rows, code = np.unique(np.stack(words, axis=1), axis=0, return_inverse=True)
    return code.reshape(-1), [_rules([int(word) for word in row]) for row in rows]


def _distinct(word: Whole) -> tuple[Whole, Whole]:
    """np.unique with its inverse, by counting where the values are small."""
    top = int(word.max())
    if top >= 1 << 16:
        masks, code = np.unique(word, return_inverse=True)
        return masks, code
    there = np.bincount(word, minlength=top + 1) > 0
    return np.flatnonzero(there), (np.cumsum(there) - 1)[word]


def _rules(words: Sequence[int]) -> tuple[int, ...]:
    return tuple(
        number * _WORD + bit + 1 for number, word in enumerate(words) for bit in range(_WORD) if word >> bit & 1
    )


def _mask(rules: tuple[int, ...]) -> int:
    return sum(1 << (rule - 1) for rule in rules)


def _best(person: Days, code: Whole, rules: Sequence[tuple[int, ...]]) -> Whole:
    """The row of each person's best event."""
    orders = [(-len(kept), kept[0] if kept else 0) for kept in rules]
    place = {order: rank for rank, order in enumerate(sorted(set(orders)))}
    rank = np.array([place[order] for order in orders], np.int64)
    scored = rank[code] * len(person) + np.arange(len(person))
    return np.minimum.reduceat(scored, starts(person)) % len(person)
