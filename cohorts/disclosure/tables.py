"""The tables that leave a hospital as counts, each after disclosure control."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

from cohorts.disclosure.cells import MARK, Count, Tables
from cohorts.disclosure.suppress import DEFAULT_THRESHOLD, suppress

SIDES = ("cases", "controls")
KNOWN = "known"
"""The level of people who have a value, beside those who lack it."""


@dataclass(frozen=True)
class Step:
    """A rule of an attrition and the people left after it, as they may leave."""

    rule: str
    people: Count

    def to_json(self) -> dict[str, Any]:
        """{"rule", "people": {"count", ...}}."""
        return {"rule": self.rule, "people": self.people.to_json()}


class AttritionStep(Protocol):
    """A step of an attrition as the cohort engine gives it."""

    @property
    def rule(self) -> str: ...
    @property
    def people(self) -> int: ...


class Table1Row(Protocol):
    """A line of Table 1 as the draw gives it."""

    @property
    def covariate(self) -> str: ...
    @property
    def level(self) -> str | None: ...
    @property
    def kind(self) -> str: ...
    @property
    def cases(self) -> float: ...
    @property
    def controls(self) -> float: ...
    @property
    def cases_sd(self) -> float | None: ...
    @property
    def controls_sd(self) -> float | None: ...


def add_attrition(tables: Tables, name: str, people: Sequence[int]) -> list[str]:
    """Add the people after each step of the attrition `name`, and the differences; return the cells."""
    cells = [tables.cell(f"{name} {n}", count, weight=2.0) for n, count in enumerate(people)]
    for larger, smaller in pairwise(cells):
        if tables.value(larger) < tables.value(smaller):
            tables.difference(smaller, larger)
        else:
            tables.difference(larger, smaller)
    return cells


def suppress_attrition(
    steps: Sequence[tuple[Any, ...] | AttritionStep],
    threshold: int = DEFAULT_THRESHOLD,
    round_to: int | None = None,
) -> list[Step]:
    """Suppress an attrition: steps with `rule` and `people`, or tuples that begin with them, largest first.

    Entries (rows of the cohort) are not people and are left out: next to people they would tell repeated
    entries.
    """
    tables = Tables()
    given = rules_and_people(steps)
    cells = add_attrition(tables, "step", [people for _, people in given])
    safe = suppress(tables, threshold, round_to)
    return [Step(rule, safe[cell]) for (rule, _), cell in zip(given, cells, strict=True)]


def rules_and_people(steps: Sequence[tuple[Any, ...] | AttritionStep]) -> list[tuple[str, int]]:
    """Read steps given as objects or as tuples."""
    given = [step if isinstance(step, tuple) else (step.rule, step.people) for step in steps]
    return [(str(step[0]), int(step[1])) for step in given]


def suppress_table(
    counts: Mapping[tuple[str, str], int], threshold: int = DEFAULT_THRESHOLD, round_to: int | None = None
) -> dict[tuple[str | None, str | None], Count]:
    """Suppress a two-way table of (row, column) -> people, together with its totals.

    An absent combination counts nobody. Returns every (row, column) of the product, the totals under (row,
    None), (None, column) and (None, None).
    """
    rows = list(dict.fromkeys(r for r, _ in counts))
    columns = list(dict.fromkeys(c for _, c in counts))
    tables = Tables()
    names: dict[tuple[str | None, str | None], str] = {}
    for r in rows:
        for c in columns:
            names[r, c] = tables.cell(f"cell {r!r} {c!r}", counts.get((r, c), 0))
    for r in rows:
        names[r, None] = _total(tables, f"row {r!r}", [names[r, c] for c in columns], 3.0)
    for c in columns:
        names[None, c] = _total(tables, f"column {c!r}", [names[r, c] for r in rows], 3.0)
    names[None, None] = _total(tables, "all", [names[r, None] for r in rows], 9.0)
    tables.total("all", [names[None, c] for c in columns])
    safe = suppress(tables, threshold, round_to)
    return {key: safe[name] for key, name in names.items()}


def _total(tables: Tables, name: str, parts: Sequence[str], weight: float) -> str:
    tables.cell(name, sum(tables.value(p) for p in parts), weight)
    tables.total(name, parts)
    return name


def suppress_table1(
    rows: Sequence[Table1Row],
    threshold: int = DEFAULT_THRESHOLD,
    round_to: int | None = None,
    matched: Collection[str] = (),
    ratio: int = 1,
) -> list[dict[str, Any]]:
    """Suppress Table 1: levels add up to the people of their side; a mean is shown for enough people.

    matched: covariates on which every control equals its case. Their levels on one side tell about the other,
    for a case has 1 to `ratio` controls; the suppression takes it into account. Returns plain JSON rows:
    covariate, level, kind, cases, controls (counts as `Count.to_json`, means as {"mean", "sd"} or suppressed).
    """
    tables = Tables()
    add_table1(tables, rows, matched, ratio)
    safe = suppress(tables, threshold, round_to)
    return table1_rows(rows, safe)


def add_table1(tables: Tables, rows: Sequence[Table1Row], matched: Collection[str], ratio: int) -> None:
    """Add the counts of Table 1; the people of a side are the cell 'people cases' or 'people controls'."""
    everyone = next(r for r in rows if r.covariate == "people")
    for side in SIDES:
        tables.cell(f"people {side}", int(getattr(everyone, side)), 9.0)
    for covariate, values in _levels(rows).items():
        for side in SIDES:
            parts = [tables.cell(_name(r, side), int(getattr(r, side))) for r in values]
            tables.total(f"people {side}", parts)
        if covariate in matched:
            for r in values:
                _bracket(tables, _name(r, "cases"), _name(r, "controls"), ratio)


def _levels(rows: Sequence[Table1Row]) -> dict[str, list[Table1Row]]:
    levels: dict[str, list[Table1Row]] = {}
    for r in rows:
        if r.kind == "count" and r.level is not None:
            levels.setdefault(r.covariate, []).append(r)
    return levels


def _name(row: Table1Row, side: str) -> str:
    return f"people {side}" if row.level is None else f"{row.covariate} {row.level} {side}"


def _bracket(tables: Tables, cases: str, controls: str, ratio: int) -> None:
    """Each case of the level has 1 to `ratio` controls of the level, if that is how the draw came out."""
    if tables.value(cases) <= tables.value(controls) <= ratio * tables.value(cases):
        tables.difference(controls, cases, people=False)
        tables.difference(cases, controls, factor=ratio, people=False)


def table1_rows(rows: Sequence[Table1Row], safe: Mapping[str, Count]) -> list[dict[str, Any]]:
    """Write the rows as plain JSON with the counts that are safe.

    A mean is told where the number of people whom it is the mean of is told: those who have a value ('known'), else all.
    """
    known = {r.covariate: r for r in rows if r.kind == "count" and r.level == KNOWN}
    everyone = next(r for r in rows if r.covariate == "people")
    return [_table1_row(r, known.get(r.covariate, everyone), safe) for r in rows]


def _table1_row(row: Table1Row, whose: Table1Row, safe: Mapping[str, Count]) -> dict[str, Any]:
    out: dict[str, Any] = {"covariate": row.covariate, "level": row.level, "kind": row.kind}
    for side in SIDES:
        if row.kind == "count":
            out[side] = safe[_name(row, side)].to_json()
        elif safe[_name(whose, side)].value is None:
            out[side] = {"mean": None, "sd": None, "reason": "suppressed"}
        else:
            out[side] = {"mean": getattr(row, side), "sd": getattr(row, f"{side}_sd")}
    return out


def text(cell: Mapping[str, Any]) -> str:
    """Write a cell of a JSON row: a count with thousands separators, 'mean (SD)', or the mark."""
    if cell.get("count") is not None:
        return f"{cell['count']:,}"
    if cell.get("mean") is not None:
        return f"{cell['mean']:,.1f} ({cell['sd']:,.1f})"
    return MARK
