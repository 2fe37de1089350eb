"""Generalisation hierarchies as people write them: tables of values and groups, and short declarations."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from cdm.errors import BadInput
from deid.hierarchies import SUPPRESSED, Hierarchy

Tree = Mapping[str, object] | Sequence[object]


def read_csv(name: str, path: Path) -> Hierarchy:
    """Read a hierarchy as ARX writes it: no header; a value and its group at each higher level, split by ; or by comma.

    Raises BadInput where the file cannot be read, is empty, or its levels do not nest.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise BadInput(f"hierarchy '{name}': {path} cannot be read; give a CSV file in UTF-8") from None
    first = text.split("\n", 1)[0]
    rows = [row for row in csv.reader(text.splitlines(), delimiter=";" if ";" in first else ",") if row]
    if not rows:
        raise BadInput(f"hierarchy '{name}': {path.name} is empty; give one row for each value")
    return Hierarchy.of(name, rows)


def intervals(name: str, values: Sequence[str], widths: Sequence[int], top: int | None) -> Hierarchy:
    """Band whole numbers: level 0 the number, then a band of each width from 0 on, then nothing.

    All from `top` on (say 90) share one band at every level but the first. Values that are no whole numbers, such as
    empty ones, stay apart from the bands as one group. Raises BadInput where a width does not divide the next.
    """
    for narrow, wide in zip((1, *widths), widths, strict=False):
        if wide % narrow or wide == narrow:
            raise BadInput(
                f"quasi-identifier '{name}': bands of {wide} do not nest over {narrow}; use multiples, wider"
            )
    if top is not None and any(top % width for width in widths):
        raise BadInput(
            f"quasi-identifier '{name}': the top band from {top} on cuts through a band; use a common multiple"
        )

    def row(value: str) -> list[str]:
        if not value.lstrip("-").isdecimal():
            return [value, *("unknown" for _ in widths), SUPPRESSED]
        number = int(value)
        if top is not None and number >= top:
            return [value, *(f"{top} or more" for _ in widths), SUPPRESSED]
        return [value, *(f"{number // w * w}-{number // w * w + w - 1}" for w in widths), SUPPRESSED]

    return Hierarchy.of(name, [row(value) for value in values])


def parts(name: str, values: Sequence[str], separator: str) -> Hierarchy:
    """Shorten texts from their end, part by part: si-do si-gun-gu dong, or 2019-03-05, down to nothing.

    A value of fewer parts is as coarse as it is until the others are.
    """
    split = [value.split(separator) for value in values]
    longest = max((len(found) for found in split), default=1)
    rows = [
        [*(separator.join(found[:count]) for count in range(longest, 0, -1)), SUPPRESSED]
        for found in split
    ]  # fmt: skip
    return Hierarchy.of(name, rows)


def tree(name: str, declared: Tree) -> Hierarchy:
    """Read nested groups (mappings, with lists of values inside); every value must stand equally deep.

    Raises BadInput where the depths differ or a value stands twice.
    """
    return Hierarchy.of(name, [[*reversed(found), SUPPRESSED] for found in _paths(name, declared, ())])


def _paths(name: str, part: object, above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Give each value's path from the coarsest group. A group of the same name in two places is two groups."""
    match part:
        case Mapping():
            for group, inside in part.items():
                yield from _paths(name, inside, (*above, f"{above[-1]} / {group}" if above else str(group)))
        case [*values]:
            for value in values:
                yield (*above, str(value))
        case _:
            raise BadInput(f"quasi-identifier '{name}': a tree holds groups, and in the innermost a list of values")


def flat(name: str, values: Sequence[str]) -> Hierarchy:
    """Tell a value or suppress it."""
    return Hierarchy.of(name, [[value, SUPPRESSED] for value in values])
