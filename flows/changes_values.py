"""Statistics of two versions as they may be told: means and shares of missing values that moved, whether among the same people, why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cohorts.disclosure import MARK
from extract.compare import Difference
from extract.compare_codes import CodeChange
from extract.compare_missing import LEAST, Missing
from extract.compare_rows import RowsBy
from flows.changes_codes import grouped
from flows.changes_groups import CAME, LEFT, STAYED, Group, Groups, Line
from flows.changes_rows import grouped as grouped_rows

VALUES_TOLD = 25
# A mean is told as moved from a fifth of a standard deviation (Cohen's "small").
MOVED = 0.2


@dataclass(frozen=True)
class ValueTold:
    """line: table, concept, mean before, after, of those in both versions before, after. why: table, concept, who, causes."""

    line: Line
    why: tuple[Line, ...]


def told_values(codes: Sequence[CodeChange], groups: Groups, threshold: int) -> tuple[ValueTold, ...]:
    """Means that moved, of enough people, in all or among those who are in both versions."""
    found = (_value(code, groups, threshold) for code in codes)
    return tuple(value for value in found if value)[:VALUES_TOLD]


def _value(change: CodeChange, groups: Groups, threshold: int) -> ValueTold | None:
    old, new = change.mean
    if min(*change.people, *change.valued) < threshold or old is None or new is None or not change.sd:
        return None
    shift, stayed = new - old, _stayed(change, threshold)
    within = None if stayed is None else stayed[1] - stayed[0]
    enough = MOVED * change.sd
    if max(abs(shift), abs(within or 0.0)) < enough:
        return None
    who = _who(shift, within, enough)
    head = change.table, str(change.concept_id)
    line = (*head, _mean(old), _mean(new), *(map(_mean, stayed) if stayed else (MARK, MARK)))
    parts = sorted(grouped(change.by, groups).items())
    why = tuple((*head, *key) for key, part in parts if key[0] in who and part.changed >= threshold)
    return ValueTold(line, why)


def told_missing(found: Difference, groups: Groups, threshold: int) -> tuple[ValueTold, ...]:
    """Columns that are empty more or less often than before, of enough people with a value and without one.

    line: table, column, share before, after, of those in both versions before, after.
    """
    lines = (
        _missing(name, one, grouped_rows(found.tables[name].by, groups), threshold)
        for name, columns in sorted(found.missing.items())
        for one in columns
        if min(one.people) >= threshold
    )
    return tuple(lines)[:VALUES_TOLD]


def _missing(name: str, one: Missing, parts: Mapping[Group, RowsBy], threshold: int) -> ValueTold:
    old, new = one.stayed_share
    small = min(one.stayed) < threshold or any(0 < n < threshold for n in one.others)
    stayed = None if small or old is None or new is None else (old, new)
    within = None if stayed is None else stayed[1] - stayed[0]
    who = _who(one.share[1] - one.share[0], within, LEAST)
    line = (
        name,
        one.column,
        *(f"{n:.2f}" for n in one.share),
        *(f"{n:.2f}" if stayed else MARK for n in stayed or (0, 0)),
    )
    why = (
        (name, one.column, *key)
        for key, part in sorted(parts.items())
        if key[0] in who and max(part.added_people, part.removed_people) >= threshold
    )
    return ValueTold(line, tuple(why))


def _stayed(change: CodeChange, threshold: int) -> tuple[float, float] | None:
    """Give the means of those who are in both versions, where neither they nor those who are left of the whole are few."""
    old, new = change.stayed_mean
    small = min(change.stayed) < threshold or any(0 < n < threshold for n in change.others)
    return None if small or old is None or new is None else (old, new)


def _who(shift: float, within: float | None, enough: float) -> tuple[str, ...]:
    """Whose values moved the mean: of those who stayed, of those who came and left, or of all where neither did alone."""
    if within is None:
        return CAME, LEFT, STAYED
    stayed, others = abs(within) >= enough, abs(shift - within) >= enough
    if stayed == others:
        return CAME, LEFT, STAYED
    return (STAYED,) if stayed else (CAME, LEFT)


def _mean(value: float) -> str:
    return f"{value:.4g}"
