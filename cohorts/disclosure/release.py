"""All counts of one release together: attrition, Table 1 and balance of a draw, as they may go into its package."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from cohorts.disclosure.cells import Count, Tables
from cohorts.disclosure.suppress import DEFAULT_THRESHOLD, suppress
from cohorts.disclosure.tables import (
    KNOWN,
    SIDES,
    AttritionStep,
    Step,
    Table1Row,
    add_attrition,
    add_table1,
    rules_and_people,
    table1_rows,
)
from cohorts.disclosure.unmatched import Reached, add_eligible, add_unmatched

ROLES = {"case": "cases", "control": "controls"}


class BalanceRow(Protocol):
    """A line of the balance as the draw gives it."""

    @property
    def covariate(self) -> str: ...
    @property
    def level(self) -> str | None: ...
    @property
    def kind(self) -> str: ...
    @property
    def smd_before(self) -> float | None: ...
    @property
    def smd_after(self) -> float | None: ...
    @property
    def variance_ratio_before(self) -> float | None: ...
    @property
    def variance_ratio_after(self) -> float | None: ...


@dataclass(frozen=True)
class Released:
    """attrition: role -> steps; table1 and balance: plain JSON rows (of the balance, `withheld` says whether it is).

    eligible: role -> people who could be drawn; unmatched: as `unmatched.Listed.told`.
    """

    attrition: dict[str, list[Step]]
    table1: list[dict[str, Any]]
    balance: list[dict[str, Any]]
    eligible: dict[str, Count] = field(default_factory=dict)
    unmatched: list[dict[str, Any]] = field(default_factory=list)


def suppress_release(
    attrition: Mapping[str, Sequence[tuple[Any, ...] | AttritionStep]],
    table1: Sequence[Table1Row],
    balance: Sequence[BalanceRow] = (),
    threshold: int = DEFAULT_THRESHOLD,
    matched: Collection[str] = (),
    ratio: int = 1,
    reached: Reached | None = None,
) -> Released:
    """Suppress the tables of a release against each other.

    reached: how far the draw came, where it is to be told, too.

    The number of people drawn is known to whoever holds the package, so it is shown (unless it is small itself) and
    the last steps of the attrition give way: 355 in the cohort beside 352 drawn would tell of three left over.
    A mean difference is rounded to 0.001 and withheld with the counts of its level, or with the means of too few; the
    variance ratio of a share, which with the difference gives the share itself, is never shown.
    """
    tables = Tables()
    add_table1(tables, table1, matched, ratio)
    for side in SIDES:
        if tables.shown[f"people {side}"] >= threshold:
            tables.fixed.add(f"people {side}")
    steps = {role: rules_and_people(given) for role, given in attrition.items()}
    cells = {role: add_attrition(tables, role, [n for _, n in given]) for role, given in steps.items()}
    for role, names in cells.items():
        drawn = f"people {ROLES.get(role, role)}"
        if names and drawn in tables.shown and tables.value(names[-1]) >= tables.value(drawn):
            tables.difference(names[-1], drawn)
    reached = reached or Reached()
    listed = add_unmatched(tables, reached.unmatched, threshold)
    add_eligible(tables, reached.eligible, {role: names[-1] for role, names in cells.items() if names}, ROLES)
    safe = suppress(tables, threshold)
    rows = table1_rows(table1, safe)
    return Released(
        {role: [Step(rule, safe[c]) for (rule, _), c in zip(steps[role], cells[role], strict=True)] for role in steps},
        rows,
        [_balance_row(b, rows) for b in balance],
        {role: safe[f"eligible {role}"] for role in reached.eligible},
        listed.told(safe),
    )


def _balance_row(row: BalanceRow, table1: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A line as plain JSON; withheld: whether its figures are of too few people to be told."""
    withheld = not _told(row, table1)
    out: dict[str, Any] = {"covariate": row.covariate, "level": row.level, "kind": row.kind, "withheld": withheld}
    for name in ("smd_before", "smd_after", "variance_ratio_before", "variance_ratio_after"):
        value: float | None = getattr(row, name)
        of_share = row.kind == "share" and name.startswith("variance")
        out[name] = None if value is None or withheld or of_share else round(value, 3)
    return out


def _told(row: BalanceRow, table1: Sequence[Mapping[str, Any]]) -> bool:
    """Whether Table 1 tells of how many people the figures are: of the level, or of a number whoever has it."""
    counts = {(r["covariate"], r["level"]): r for r in table1 if r["kind"] == "count"}
    of_all = counts.get((row.covariate, KNOWN), counts.get(("people", None)))
    found = of_all if row.kind == "mean" else counts.get((row.covariate, row.level))
    return found is not None and all(found[side]["count"] is not None for side in SIDES)
