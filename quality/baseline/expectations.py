"""The baseline's verdicts in Great Expectations: one expectation for each rule and table, over the table of figures.

Some 2,400 checks are too many for its Data Docs, which take a second for fifty. So a rule of a table is one expectation,
judged by its worst field or concept: by how many times its share exceeds what is tolerated. What else fails of it, and where,
stands beside.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from quality.baseline.status import Result
from quality.expectations import Row, validate_rows
from quality.verdict import number

LEVELS = {"fatal": "critical", "convention": "warning", "characterization": "info"}
SHOWN = 10


def validate(results: Sequence[Result], folder: Path) -> None:
    """Write a GX project with Data Docs into `folder`. Raises RuntimeError when it judges otherwise than the results."""
    groups: dict[tuple[str, str], list[Result]] = defaultdict(list)
    for result in results:
        if result.status in ("failed", "passed"):
            groups[result.check.table, result.check.type].append(result)
    validate_rows([_row(group) for group in groups.values()], folder, "baseline")


def _row(group: Sequence[Result]) -> Row:
    worst = max(group, key=lambda one: (one.failed, one.percent - one.check.threshold))
    check, kind = worst.check, worst.type
    failed = [one for one in group if one.failed]
    places = [_place(one) for one in failed[:SHOWN]]
    # A rule that tolerates nothing fails by one row among millions, whatever its rounded share is.
    value = worst.figure.violated if not check.threshold else worst.percent
    return Row(
        key=f"{check.table}/{check.type}",
        suite=kind.category.lower(),
        rule=f"{kind.ko} / {kind.en}",
        place=_place(worst),
        bound="at most",
        threshold=float(check.threshold),
        level=LEVELS[kind.severity],
        meta={"check": check.type, "checks": len(group), "failed": len(failed), "where": places},
        value=float(value),
        applicable=True,
        shown=number(worst.percent),
        measured=worst.figure.violated,
        denominator=worst.figure.rows,
        failed=bool(failed),
    )


def _place(result: Result) -> str:
    place = ".".join(part for part in (result.check.table, result.check.field) if part)
    return f"{place} {result.check.concept}".strip()
