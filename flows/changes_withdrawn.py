"""Where those who withdrew are told apart from others who left: while it does not lead to them.

Whoever holds the earlier package has the rows of everybody who left. A number of those who withdrew, such as their rows of
measurement, is true of some choices of people and not of others; enough such numbers leave one choice. To name k of n people
takes log2(n over k) bits, and a number tells no more bits than the logarithm of how many values it may have (Shannon,
A Mathematical Theory of Communication, 1948). So numbers are told, the largest tables first, while all of them together stay below
half of that. Where they do not, who left is told as one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import comb, log2

from extract.compare import Difference
from extract.compare_codes import CodeChange
from extract.compare_rows import TableChange
from flows.attribution import WITHDRAWAL
from flows.changes_groups import LEFT, Groups


def told_apart(found: Difference, codes: Sequence[CodeChange], groups: Groups) -> frozenset[str]:
    """Name the tables, and the codes (`place`), where who left is told by cause: all of them where nobody withdrew."""
    left = {cause: n for (who, cause), n in groups.counts.items() if who == LEFT}
    everything = frozenset({*found.tables, *map(place, codes)})
    if WITHDRAWAL not in left or (LEFT, WITHDRAWAL) in groups.merged:
        return everything
    everybody = sum(left.values())
    budget = log2(comb(everybody, left[WITHDRAWAL])) / 2
    tables = sorted(found.tables.items(), key=lambda one: (-one[1].removed, one[0]))
    prices = [(name, _of_rows(change, everybody)) for name, change in tables]
    return _within(budget, [*prices, *((place(code), _of_people(code, everybody)) for code in codes)])


def place(code: CodeChange) -> str:
    """Name a code of a table."""
    return f"{code.table} {code.concept_id}"


def _of_rows(change: TableChange, everybody: int) -> float:
    left = [one for one in change.by if one.who == LEFT]
    people, rows = sum(one.removed_people for one in left), sum(one.removed for one in left)
    return _bits(people, everybody) + _bits(
        rows, people
    )  # where each has one row, rows tell nothing that people do not


def _of_people(code: CodeChange, everybody: int) -> float:
    return _bits(sum(one.lost for one in code.by if one.who == LEFT), everybody)


def _bits(most: int, known: int) -> float:
    """What a number from 0 to `most` may tell; nothing where it is that of something whose number is known."""
    return 0.0 if most == known else log2(1 + most)


def _within(budget: float, prices: Iterable[tuple[str, float]]) -> frozenset[str]:
    bought, spent = set(), 0.0
    for name, price in prices:
        if spent + price <= budget:
            bought.add(name)
            spent += price
    return frozenset(bought)
