"""Figures that fall out of one scan of a table: all probes of a table are taken together, once on each side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from quality.checks.declaration import Severity
from quality.measure.engine import quote, repeated, row
from quality.measure.opened import Opened, TableView
from quality.verdict import Metric

Combine = Literal["deid", "raw", "excess", "loss", "difference", "share"]


@dataclass(frozen=True)
class Probe:
    """One aggregate over a table, on the released side, the extracted side (rows of the people who stayed), or both.

    expression: SQL over `t` (the table), `p` (its person, as `Opened` says) and `k_<column>.key`
        (the row that a reference points at). values: bound to the `?` in it.
    combine: which figure is meant: the released side's, the extracted side's, released beyond extracted ('excess'),
        extracted beyond released ('loss'), their absolute difference, or the difference of their shares of all rows.
    repeats: instead of `expression`, a whole number of each row, of which those are counted that are there already.
    of: the denominator on the side that counts. slack: rows that recorded rules took out, by which the sides may differ.
    """

    check: str
    column: str
    expression: str
    of: str = "count(*)"
    combine: Combine = "deid"
    raw_expression: str = ""
    values: tuple[Any, ...] = ()
    detail: str = ""
    threshold: float | None = None
    severity: Severity | None = None
    slack: int = 0
    repeats: str = ""

    @property
    def sides(self) -> tuple[str, ...]:
        """Where the expression has to be taken."""
        return {"deid": ("deid",), "raw": ("raw",)}.get(self.combine, ("deid", "raw"))


@dataclass(frozen=True)
class Taken:
    """A probe with its figures."""

    probe: Probe
    deid: float = 0
    deid_of: float = 0
    raw: float = 0
    raw_of: float = 0

    def metric(self, table: str) -> Metric:
        """Turn the figures into a row of the metrics table."""
        probe = self.probe
        measured, denominator = _combined(self)
        return Metric(
            probe.check, table, probe.column, measured, denominator, probe.threshold, probe.severity,
            probe.detail, private=probe.combine == "raw",
        )  # fmt: skip


def references(view: TableView) -> dict[str, str]:
    """Name the released columns that point at another clinical row -> the table they point at."""
    found = view.table.foreign_keys
    return {
        name: found[name][0]
        for name in view.sound
        if name in found and name != view.table.person_key and found[name][0] not in ("concept", "person")
    }


def take(opened: Opened, view: TableView, probes: Iterable[Probe]) -> list[Taken]:
    """Take every probe of a table: one scan of the released side, one of the extracted side."""
    asked = list(probes)
    deid = _scan(opened, view, "deid", [probe for probe in asked if "deid" in probe.sides])
    raw = _scan(opened, view, "raw", [probe for probe in asked if "raw" in probe.sides])
    nothing = (0, 0)
    return [Taken(probe, *deid.get(probe, nothing), *raw.get(probe, nothing)) for probe in asked]


def _scan(opened: Opened, view: TableView, side: str, probes: Sequence[Probe]) -> dict[Probe, tuple[float, float]]:
    if not probes:
        return {}
    figures: list[str] = []
    values: list[Any] = []
    for probe in probes:
        expression = "0" if probe.repeats else probe.expression
        figures.append(probe.raw_expression if side == "raw" and probe.raw_expression else expression)
        figures.append(probe.of)
        values.extend(probe.values)
    what, table = f"the table {view.name}", f"{side}.{quote(view.name)} AS t"
    sql = f"SELECT {', '.join(figures)} FROM {table} {_joins(opened, view, side)}"
    found = row(opened.con, sql, what, values)
    # Rows of people who stayed, as the joins leave them; a reference joins at most one row.
    who = f"SEMI JOIN raw_people AS p ON p.person_id = t.{quote(view.person)}" if side == "raw" and view.person else ""
    again = {
        number: repeated(opened.con, f"SELECT {number} FROM {table} {who}", what)
        for number in dict.fromkeys(probe.repeats for probe in probes if probe.repeats)
    }
    return {
        probe: (again[probe.repeats] if probe.repeats else found[2 * i] or 0, found[2 * i + 1] or 0)
        for i, probe in enumerate(probes)
    }


def _joins(opened: Opened, view: TableView, side: str) -> str:
    joins = []
    if view.person:
        kind = "LEFT JOIN deid_people" if side == "deid" else "JOIN raw_people"
        joins.append(f"{kind} AS p ON p.person_id = t.{quote(view.person)}")
    for column, target in references(view).items():
        if column not in (view.shared if side == "raw" else view.sound):
            continue
        other = opened.views.get(target)
        found = {} if other is None else (other.raw if side == "raw" else other.deid)
        key = f"{target}_id"
        keys = f"SELECT DISTINCT {quote(key)} AS key FROM {side}.{quote(target)}"
        empty = "SELECT NULL::BIGINT AS key"
        joins.append(
            f"LEFT JOIN ({keys if key in found else empty}) AS {alias(column)} ON {alias(column)}.key = t.{quote(column)}"
        )
    return " ".join(joins)


def alias(column: str) -> str:
    """Name the joined keys that a reference points at."""
    return quote(f"k_{column}")


def _combined(taken: Taken) -> tuple[float, float]:
    measured: float
    match taken.probe.combine:
        case "raw":
            return taken.raw, taken.raw_of
        case "excess":
            measured = max(0, taken.deid - taken.raw)
        case "loss":
            return max(0, taken.raw - taken.deid - taken.probe.slack), taken.raw_of
        case "difference":
            measured = abs(taken.deid - taken.raw)
        case "share":
            if not taken.deid_of or not taken.raw_of:
                return 0, 0
            # Taking n rows out moves a share by at most n rows.
            apart = abs(taken.deid / taken.deid_of - taken.raw / taken.raw_of) * taken.deid_of
            measured = max(0, apart - taken.probe.slack)
        case _:
            measured = taken.deid
    return measured, taken.deid_of
