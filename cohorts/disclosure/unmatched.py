"""Cases that found no control, by stratum and reason, as cells beside the other counts of a release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from cohorts.disclosure.cells import Count, Tables

STRATA = 20
"""So many strata are listed, those with the most unmatched cases."""
ELSEWHERE = "elsewhere"


class UnmatchedStratum(Protocol):
    """Cases of one stratum that found no control, as the draw gives them."""

    @property
    def levels(self) -> Mapping[str, str]: ...
    @property
    def unmatched(self) -> int: ...
    @property
    def why(self) -> Mapping[str, int]: ...


@dataclass(frozen=True)
class Reached:
    """How far a draw came. eligible: role -> people who could be drawn; unmatched: cases without a control, the most first."""

    eligible: Mapping[str, int] = field(default_factory=dict)
    unmatched: Sequence[UnmatchedStratum] = ()


@dataclass(frozen=True)
class Listed:
    """What is listed. reasons: in order; rows: the levels of each line (`ELSEWHERE` for all strata that have none)."""

    reasons: tuple[str, ...] = ()
    rows: tuple[dict[str, str], ...] = field(default_factory=tuple)

    def told(self, safe: Mapping[str, Count]) -> list[dict[str, Any]]:
        """Plain JSON: {levels, people, why: reason -> count} of each line, and last of all lines, with empty levels."""
        if not self.rows:
            return []
        return [
            {
                "levels": levels,
                "people": safe[f"unmatched {at}"].to_json(),
                "why": {reason: safe[f"unmatched {at} {reason}"].to_json() for reason in self.reasons},
            }
            for at, levels in [*enumerate(self.rows), ("all", {})]
        ]


def add_unmatched(tables: Tables, strata: Sequence[UnmatchedStratum], threshold: int) -> Listed:
    """Add unmatched cases by stratum and reason, with the totals of both; return what is listed.

    A stratum below the threshold has no line of its own: that it has somebody at all may say who that is.
    """
    if not strata:
        return Listed()
    own = [s for s in strata if s.unmatched >= threshold][:STRATA]
    others = [s for s in strata if s not in own]
    lines = [(dict(s.levels), dict(s.why)) for s in own]
    reasons = tuple(dict.fromkeys(reason for s in strata for reason in s.why))
    if others:
        lines.append(({ELSEWHERE: ""}, {r: sum(s.why.get(r, 0) for s in others) for r in reasons}))
    for n, (_, why) in enumerate(lines):
        parts = [tables.cell(f"unmatched {n} {reason}", why.get(reason, 0)) for reason in reasons]
        tables.total(tables.cell(f"unmatched {n}", sum(why.values()), 3.0), parts)
    for reason in reasons:
        parts = [f"unmatched {n} {reason}" for n in range(len(lines))]
        tables.total(tables.cell(f"unmatched all {reason}", sum(map(tables.value, parts)), 3.0), parts)
    parts = [f"unmatched {n}" for n in range(len(lines))]
    tables.total(tables.cell("unmatched all", sum(map(tables.value, parts)), 9.0), parts)
    tables.total("unmatched all", [f"unmatched all {reason}" for reason in reasons])
    return Listed(reasons, tuple(levels for levels, _ in lines))


def add_eligible(
    tables: Tables, eligible: Mapping[str, int], last: Mapping[str, str], roles: Mapping[str, str]
) -> None:
    """Add who could be drawn: they lie between the cohort and the drawn; of the cases the rest was tried in vain, or not tried.

    last: role -> cell of the attrition's last step; roles: role -> side of Table 1.
    """
    for role, people in eligible.items():
        name, drawn = tables.cell(f"eligible {role}", people, 4.0), f"people {roles[role]}"
        if role in last and tables.value(last[role]) >= people:
            tables.difference(last[role], name)
        if people >= tables.value(drawn):
            tables.difference(name, drawn)
    tried = tables.shown.get("unmatched all", 0)
    left = eligible.get("case", 0) - tables.value("people cases") - tried
    if tried and left >= 0:
        tables.latent["not tried"] = left
        tables.sensitive.add("not tried")
        tables.relate({"eligible case": 1, "people cases": -1, "unmatched all": -1, "not tried": -1})
