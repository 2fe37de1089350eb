"""Codes of two versions as they may be told: who newly carries a code or no longer does, and why."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from cohorts.disclosure import MARK, Tables
from extract.compare_codes import CodeBy, CodeChange
from flows.changes_groups import Group, Groups, Line, Split, cell, safely, showable

CODES_TOLD = 25
GAINED, LOST = "gained", "lost"


def told_codes(codes: Collection[CodeChange], threshold: int) -> list[CodeChange]:
    """Those whose people and whose change of people are each none or enough, the largest change first."""
    safe = [
        c for c in codes
        if c.people[0] != c.people[1] and all(n == 0 or n >= threshold for n in (*c.people, abs(c.people[0] - c.people[1])))
    ]  # fmt: skip
    largest = sorted(safe, key=lambda c: (-abs(c.people[1] - c.people[0]), c.table, c.concept_id))
    return largest[:CODES_TOLD]


def code_line(change: CodeChange) -> Line:
    """Table, concept, what happened, people before and after."""
    kind = "new" if not change.people[0] else "gone" if not change.people[1] else "moved"
    return change.table, str(change.concept_id), kind, f"{change.people[0]:,}", f"{change.people[1]:,}"


def code_causes(change: CodeChange, groups: Groups, threshold: int) -> tuple[Line, ...]:
    """Table, concept, who, causes, people who newly carry it, who no longer do; for a code of `told_codes`."""
    split = safely(groups, lambda groups: _split(change, groups, threshold))
    head = change.table, str(change.concept_id)
    return tuple((*head, *_line(split, key, part)) for key, part in split.told())


def grouped(by: Sequence[CodeBy], groups: Groups) -> dict[Group, CodeBy]:
    """Add up what is told as one."""
    found: dict[Group, CodeBy] = {}
    for one in by:
        key = groups.told(one.who, one.label)
        before = found.get(key, CodeBy(*key, 0, 0, 0))
        found[key] = CodeBy(*key, before.gained + one.gained, before.lost + one.lost, before.changed + one.changed)
    return found


def _line(split: Split[CodeBy], key: Group, part: CodeBy) -> Line:
    sides = ((GAINED, part.gained), (LOST, part.lost))
    return (*key, *(split.text(key, cell(side, key), n, MARK) for side, n in sides))


def _split(change: CodeChange, groups: Groups, threshold: int) -> Split[CodeBy]:
    """Before and after are told; who came to a code and went from it is protected against them."""
    parts = grouped(change.by, groups)
    cells = {key: _cells(key, one) for key, one in parts.items()}
    tables = Tables()
    before, after = (
        tables.known(name, n, None) for name, n in zip(("carried before", "carried after"), change.people, strict=True)
    )
    moved = {name: count for one in cells.values() for name, count in one.items()}
    signs = {tables.cell(name, count): 1 if name.startswith(GAINED) else -1 for name, count in moved.items()}
    tables.relate({before: 1, after: -1, **signs})
    return Split(parts, cells, showable(tables, groups, cells, threshold))


def _cells(key: Group, part: CodeBy) -> dict[str, int]:
    return {cell(side, key): people for side, people in ((GAINED, part.gained), (LOST, part.lost)) if people}
