"""Rows of two versions as they may be told: by table, and by whose they are and which cause changed them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cohorts.disclosure import MARK, Tables
from extract.compare_rows import RowsBy, TableChange
from flows.changes_groups import STAYED, Group, Groups, Line, Split, cell, safely, showable

NOBODY = "nobody"
ADDED, REMOVED, PEOPLE = "added", "removed", "people"


@dataclass(frozen=True)
class RowsTold:
    """whole: table, rows before and after, added, removed, people. by_cause: table, who, causes, added, people, removed, people."""

    whole: Line
    by_cause: tuple[Line, ...]


def rows_told(name: str, change: TableChange, groups: Groups, anything: str, threshold: int) -> RowsTold:
    """Tell rows where enough people stand behind them. anything: the causes of rows that are nobody's, which protect nobody."""
    numbers = (*change.rows, change.added, change.removed, change.people)
    if not change.people:
        line = (name, NOBODY, anything, f"{change.added:,}", "0", f"{change.removed:,}", "0")
        whole = (name, *(f"{n:,}" for n in numbers))
        return RowsTold(whole, (line,) if change.added or change.removed else ())
    split = safely(groups, lambda groups: _split(change, groups, threshold))
    added, removed, people = (one in split.shown for one in (ADDED, REMOVED, PEOPLE))
    told = (added and removed, added and removed, added, removed, people)
    whole = (name, *(f"{n:,}" if safe else MARK for n, safe in zip(numbers, told, strict=True)))
    return RowsTold(whole, tuple((name, *_line(split, key, part)) for key, part in split.told()))


def _line(split: Split[RowsBy], key: Group, part: RowsBy) -> Line:
    sides = ((ADDED, part.added, part.added_people), (REMOVED, part.removed, part.removed_people))
    texts = (split.text(key, cell(side, key), n, MARK) for side, *numbers in sides for n in numbers)
    return (*key, *texts)


def _split(change: TableChange, groups: Groups, threshold: int) -> Split[RowsBy]:
    parts = grouped(change.by, groups)
    cells = {key: _cells(key, one) for key, one in parts.items()}
    return Split(parts, cells, showable(_tables(change, cells), groups, cells, threshold))


def grouped(by: Sequence[RowsBy], groups: Groups) -> dict[Group, RowsBy]:
    """Add up what is told as one."""
    found: dict[Group, RowsBy] = {}
    for one in by:
        key = groups.told(one.who, one.label)
        before = found.get(key, RowsBy(*key, 0, 0, 0, 0))
        found[key] = RowsBy(
            *key,
            before.added + one.added,
            before.added_people + one.added_people,
            before.removed + one.removed,
            before.removed_people + one.removed_people,
        )
    return found


def _cells(key: Group, part: RowsBy) -> dict[str, int]:
    sides = ((ADDED, part.added_people), (REMOVED, part.removed_people))
    return {cell(side, key): people for side, people in sides if people}


def _tables(change: TableChange, cells: Mapping[Group, Mapping[str, int]]) -> Tables:
    """How the people behind the rows of a table hang together.

    A side's total is told as rows: were all parts of it told but a small one, that one's rows would be what is left. Everybody with
    another row is who came, who left, and of those who stayed no fewer than any part of them, and no more than all.
    """
    tables = Tables()
    named = {name: count for one in cells.values() for name, count in one.items()}
    for side in (ADDED, REMOVED):
        parts = [tables.cell(name, count) for name, count in named.items() if name.startswith(side)]
        tables.total(tables.cell(side, sum(map(tables.value, parts)), 3.0), parts)
    stayed = [name for key, one in cells.items() if key[0] == STAYED for name in one]
    tables.cell(PEOPLE, change.people, 0.5)
    tables.latent[STAYED] = change.stayed
    tables.total(PEOPLE, [*(name for name in named if name not in stayed), STAYED])
    for name in stayed:
        tables.difference(STAYED, name, people=False)
    tables.latent["more than once"] = sum(map(tables.value, stayed)) - change.stayed
    tables.relate({STAYED: 1, "more than once": 1, **dict.fromkeys(stayed, -1)})
    return tables
