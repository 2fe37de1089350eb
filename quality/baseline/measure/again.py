"""What a former run counted and still holds: the figures of checks none of whose tables has changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

import duckdb

from quality.baseline.declared import Check
from quality.baseline.declared.limits import LINES
from quality.baseline.declared.time import BIRTH
from quality.baseline.declared.values import NEXT_YEAR, TOMORROW
from quality.baseline.measure import concepts
from quality.baseline.measure.figure import Figure

# Goes up whenever a figure is counted otherwise than before, so that no older one is taken over.
COUNTED_AS = 1
Key = tuple[str, str, str, str]
_READS: Mapping[str, tuple[str, ...]] = {
    "plausibleAfterBirth": ("person",),
    "plausibleBeforeDeath": ("death",),
    "plausibleDuringLife": ("death",),
    "withinVisitDates": ("visit_occurrence",),
    "visitOfAnother": ("visit_occurrence",),
    "measurePersonCompleteness": ("person",),
    "measureConditionEraCompleteness": ("condition_occurrence",),
    "plausibleGender": ("person",),
    "plausibleGenderUseDescendants": ("person", "concept_ancestor"),
}


@dataclass(frozen=True)
class Counted:
    """What a former run leaves. way: how it counted; prints: table -> fingerprint then; day: its today."""

    way: str
    day: date
    prints: Mapping[str, str]
    figures: Mapping[Key, Figure]


def way(checks: Sequence[Check], *, refuse_negative: bool) -> str:
    """Tell how this program counts: figures of one way cannot stand for those of another."""
    asked = [(check.key, check.asks) for check in checks]
    return sha256(repr((COUNTED_AS, refuse_negative, asked, LINES, duckdb.__version__)).encode()).hexdigest()


def kept(
    checks: Sequence[Check], prints: Mapping[str, str], former: Counted | None, today: date, this_way: str
) -> dict[Check, Figure]:
    """Give the figures that need no counting: every table that a check reads has the fingerprint that it had.

    A table that is absent now and then is unchanged too. Where no fingerprints could be taken everything is counted.
    """
    if former is None or not prints or former.way != this_way:
        return {}
    found = {}
    for check in checks:
        figure = former.figures.get(check.key)
        if figure is None or (_moves(check) and former.day != today):
            continue
        if all(prints.get(table) == former.prints.get(table) for table in reads(check)):
            found[check] = figure
    return found


def reads(check: Check) -> tuple[str, ...]:
    """Name every table whose rows decide a check's figure, its own one first."""
    if concepts.is_asked(check):
        return (check.table, "concept")
    if check.type == "isForeignKey":
        return (check.table, str(check.asks[0]))
    if check.type == "plausibleTemporalAfter":
        return (check.table, "person") if check.asks[0] == BIRTH else (check.table,)
    return (check.table, *_READS.get(check.type, ()))


def _moves(check: Check) -> bool:
    """Whether a check's limit depends on the day of the run."""
    return bool(check.asks) and check.asks[0] in (TOMORROW, NEXT_YEAR)
