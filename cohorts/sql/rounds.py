"""The statements of a round: matches of checks, then groups from the lowest to the roots.

index table   key, owner, person_id, start_date, end_date, visit_id, op_start, op_end [, copies]
hit           key, root, parent, delta        a check or group that deviates, and the parent whose count it changes
parent 0 means that the root itself deviates.
"""

from __future__ import annotations

from dataclasses import dataclass

from cohorts.plan.nodes import Side
from cohorts.plan.rounds import CheckRow, Round
from cohorts.sql.conditions import Bound, Dates, by_stream, conjunction


@dataclass(frozen=True)
class Tables:
    """The tables of one round. `copies`: the index table says how many rows share a key."""

    name: str
    index: str
    copies: bool = False

    def __getattr__(self, part: str) -> str:
        if part.startswith("_"):
            raise AttributeError(part)
        return f"{self.name}_{part}"


_SLOTS = ("start_from", "start_to", "end_from", "end_to")
CHECK_COLUMNS = (
    "number", "owner", "root", "parent", "sign", "low", "high", "stream", "same_visit", "value",
    *(f"{slot}_{part}" for slot in _SLOTS for part in ("start", "end", "opens", "closes")),
)  # fmt: skip


def check_row(row: CheckRow) -> tuple[int | str | bool | None, ...]:
    """A check as a row of CHECK_COLUMNS."""
    sides: list[int | bool | None] = []
    for slot in _SLOTS:
        side: Side = getattr(row.check.window, slot)
        sides += [side.from_start, side.from_end, side.period_start, side.period_end]
    return (
        row.number, row.owner, row.root, row.parent, row.sign, row.low, row.high, row.check.stream, row.check.same_visit,
        row.check.distinct, *sides,
    )  # fmt: skip


def _bound(slot: str, sides: list[Side]) -> str | None:
    """The date that a slot allows at the earliest or latest, from the parts that any check uses; NULL: open."""
    latest = slot.endswith("_from")
    never = "DATE 'infinity'" if latest else "DATE '-infinity'"
    parts = []
    if any(side.from_start is not None for side in sides):
        parts.append(f"i.start_date + k.{slot}_start")
    if any(side.from_end is not None for side in sides):
        parts.append(f"CASE WHEN k.{slot}_end IS NOT NULL THEN coalesce(i.end_date + k.{slot}_end, {never}) END")
    for part, column in (("opens", "op_start"), ("closes", "op_end")):
        used = [side.period_start if part == "opens" else side.period_end for side in sides]
        if any(used):
            parts.append(f"i.{column}" if all(used) else f"CASE WHEN k.{slot}_{part} THEN i.{column} END")
    if not parts:
        return None
    if len(parts) == 1:
        return parts[0]
    return f"{'greatest' if latest else 'least'}({', '.join(parts)})"


def _window(checks: list[CheckRow]) -> list[str]:
    terms = []
    for slot in _SLOTS:
        sides = [getattr(row.check.window, slot) for row in checks]
        bound = _bound(slot, sides)
        if bound is None:
            continue
        date = f"e.{slot.split('_')[0]}_date"
        term = f"{date} {'>=' if slot.endswith('_from') else '<='} {bound}"
        terms.append(f"({bound} IS NULL OR {term})" if any(side.is_open for side in sides) else term)
    if any(row.check.same_visit for row in checks):
        terms.append("(NOT k.same_visit OR e.visit_id = i.visit_id)")
    return terms


_VALUES = {
    "start": "CAST(e.start_date - DATE '1970-01-01' AS BIGINT)",
    "end": "CAST(e.end_date - DATE '1970-01-01' AS BIGINT)",
    "visit": "e.visit_id",
    "event": "e.event_id",
    "counted": "e.counted_id",
}


def check_hits(tables: Tables, checks: list[CheckRow], numbers: frozenset[int]) -> list[str]:
    """SELECTs of hits: plain counts; counts of distinct values; of distinct numbers with fractions.

    numbers: streams whose counted value may have a fraction.
    """
    plain = [row for row in checks if row.check.distinct is None]
    fraction = [row for row in checks if row.check.distinct == "counted" and row.check.stream in numbers]
    whole = [row for row in checks if row.check.distinct is not None and row not in fraction]
    found = []
    if plain:
        absent = f"CASE WHEN any_value(k.sign) < 0 THEN {_copies(tables)} ELSE 1 END"
        count = f"count(*) * {absent}" if tables.copies else "count(*)"
        found.append(_hits(tables, plain, count, "k.value IS NULL"))
    if whole:
        cases = " ".join(f"WHEN '{name}' THEN {value}" for name, value in _used_values(whole))
        among = ", ".join(str(row.number) for row in whole)
        found.append(_hits(tables, whole, f"count(DISTINCT CASE k.value {cases} END)", f"k.number IN ({among})"))
    if fraction:
        among = ", ".join(str(row.number) for row in fraction)
        found.append(_hits(tables, fraction, "count(DISTINCT e.counted_number)", f"k.number IN ({among})"))
    return found


def _used_values(checks: list[CheckRow]) -> list[tuple[str, str]]:
    used = {row.check.distinct for row in checks}
    return [(name, value) for name, value in _VALUES.items() if name in used]


def _copies(tables: Tables) -> str:
    return "max(i.copies)" if tables.copies else "1"


def _hits(tables: Tables, checks: list[CheckRow], count: str, which: str) -> str:
    window = "".join(f" AND {term}" for term in _window(checks))
    return f"""SELECT n.key, k.root, k.parent, k.sign AS delta FROM (
    SELECT i.key, k.number, {count} AS found
    FROM {tables.index} i JOIN {tables.checks} k ON k.owner = i.owner
    JOIN event e ON e.stream = k.stream AND e.person_id = i.person_id{window}
    WHERE {which}
    GROUP BY i.key, k.number
) n JOIN {tables.checks} k ON k.number = n.number WHERE (n.found BETWEEN k.low AND k.high) = (k.sign > 0)"""


def person_hits(tables: Tables, given: Round, bound: Bound) -> str:
    """SELECT of the index events whose person matches a demographic criterion."""
    dates = Dates("i.start_date", "i.end_date")
    cases: dict[str, list[int]] = {}
    for row in given.people:
        text = conjunction(row.filters, dates, bound) if row.filters else "TRUE"
        cases.setdefault(text, []).append(row.number)
    condition = by_stream(cases, "FALSE").replace("c.stream", "k.number")
    rows = f"""SELECT i.key, k.root, k.parent, 1 AS delta, k.number
FROM {tables.index} i JOIN {tables.people} k ON k.owner = i.owner JOIN cdm.person p ON p.person_id = i.person_id
WHERE {condition}"""
    return f"SELECT key, root, parent, delta FROM ({rows}{' GROUP BY ALL' if tables.copies else ''})"


def group_hits(tables: Tables, height: int) -> str:
    """SELECT of the groups of one height that deviate, from the hits below them.

    Where several index rows share a key (overlapping observation periods, several death records), circe-be counts each
    child once per row, and an empty child once per pair of rows; such keys are looked at whatever they match.
    """
    if not tables.copies:
        sums = f"""SELECT h.key, g.number, sum(h.delta) AS s
    FROM {tables.hit} h JOIN {tables.groups} g ON g.number = h.parent WHERE g.height = {height} GROUP BY h.key, g.number"""
        count = "g.base + g.empties + n.s"
    else:
        sums = f"""SELECT key, number, sum(s) AS s, max(copies) AS copies FROM (
        SELECT h.key, g.number, h.delta AS s, i.copies
        FROM {tables.hit} h JOIN {tables.groups} g ON g.number = h.parent
        JOIN (SELECT DISTINCT key, copies FROM {tables.index}) i ON i.key = h.key WHERE g.height = {height}
        UNION ALL
        SELECT DISTINCT i.key, g.number, 0, i.copies FROM {tables.index} i JOIN {tables.groups} g ON g.owner = i.owner
        WHERE i.copies > 1 AND g.height = {height}
    ) GROUP BY key, number"""
        count = "(g.base + n.s) * n.copies + g.empties * n.copies * n.copies"
    return f"""SELECT n.key, g.root, g.parent, CASE WHEN g.initial THEN -1 ELSE 1 END AS delta
FROM ({sums}) n JOIN {tables.groups} g ON g.number = n.number
WHERE (({count}) BETWEEN g.low AND g.high) <> g.initial"""
