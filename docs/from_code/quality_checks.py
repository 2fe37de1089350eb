"""docs/reference/quality-checks.md: both catalogues, English and Korean."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from docs.from_code.markdown import page, table
from quality.checks import CATALOGUE, READINESS, Check

UNITS = {"count": "", "percent": " %", "distance": " (distance 0 to 1)"}
SIGNS = {"at_most": "≤", "at_least": "≥"}


def quality_checks() -> str:
    """The page."""
    return page(
        "# The release gate's checks",
        f"{len(CATALOGUE)} checks of a release, {len(READINESS)} of a hospital's database. `block`: the release is not "
        "submitted. `warn`: the reviewers see it. `*`: a study may state another threshold (`quality.thresholds`); a study may "
        "turn a warning into a block (`quality.block`), never the other way.",
        "A check that counts (no unit) counts what violates it.",
        *_groups(CATALOGUE.values(), "Release: "),
        *_groups(READINESS.values(), "Before the study: "),
    )


def _groups(checks: Iterable[Check], before: str) -> Iterable[str]:
    for group, found in groupby(checks, key=lambda check: check.group):
        yield f"## {before}{group}"
        yield table(("check", "", "passes at", "rule", "why", "규칙", "이유"), map(_row, found))


def _row(check: Check) -> tuple[str, ...]:
    adjustable = " *" if check.adjustable else ""
    limit = f"{SIGNS[check.bound]} {check.threshold:g}{UNITS[check.unit]}{adjustable}"
    return (f"`{check.id}`", check.severity, limit, check.en, check.why_en, check.ko, check.why_ko)
