"""Figures that fall out of few scans of a table: what asks for the same rows, joined alike, is taken together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from quality.checks.declaration import Severity
from quality.measure.engine import quote, repeated, row
from quality.measure.opened import Opened, TableView
from quality.verdict import Metric

PERSON = "person"
Combine = Literal["deid", "raw", "excess", "loss", "share"]
Figures = tuple[float, float]


@dataclass(frozen=True)
class Probe:
    """One aggregate over a table, on the released side, the extracted side (rows of the people who stayed), or both.

    expression: SQL over `t` (the table), `p` (its person, as `Opened` says) and `k_<column>.key`
        (the row that a reference points at). values: bound to the `?` in it.
    joins: what of these it is about: PERSON, or the column of the reference; nothing else is joined for it.
    combine: which figure is meant: the released side's, the extracted side's, released beyond extracted ('excess'),
        extracted beyond released ('loss', of what is part of its denominator), or the difference of their shares of all rows.
    settled: where a person's rows are the same on both sides, so is this figure of them.
    repeats: instead of `expression`, a whole number of each row, of which those are counted that are there already.
    where: instead of `expression`, a condition on one column, whose rows are counted in a statement of its own, for mostly
        a file's own limits of the column tell that there is none.
    of: the denominator on the side that counts. slack: rows that recorded rules took out, by which the sides may differ.
    """

    check: str
    column: str
    expression: str = "0"
    of: str = "count(*)"
    joins: str = ""
    combine: Combine = "deid"
    values: tuple[Any, ...] = ()
    detail: str = ""
    threshold: float | None = None
    severity: Severity | None = None
    slack: int = 0
    repeats: str = ""
    where: str = ""
    settled: bool = False

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


def take(opened: Opened, view: TableView, probes: Iterable[Probe], *, same: bool = False) -> list[Taken]:
    """Take every probe of a table. same: the rows of both sides are the same, so what is settled is not counted again."""
    asked = list(probes)
    settled = [probe for probe in asked if same and probe.settled]
    both = [probe for probe in asked if probe not in settled]
    apart = [probe for probe in both if probe.settled and probe.combine == "excess"]
    both = [probe for probe in both if probe not in apart]
    deid = _scans(opened, view, "deid", [probe for probe in both if "deid" in probe.sides], [*settled, *apart])
    raw = {probe: deid[probe] for probe in settled}
    # How much more one side has than the other is decided by those people alone whose rows differ.
    for found, side in ((deid, "deid_apart"), (raw, "raw_apart")):
        found |= {probe: (figure, deid[probe][1]) for probe, (figure, _) in _scans(opened, view, side, apart).items()}
    raw |= _without_loss(opened, view, [probe for probe in both if probe.combine == "loss"], deid)
    raw |= _scans(opened, view, "raw", [probe for probe in both if "raw" in probe.sides and probe not in raw])
    nothing = (0, 0)
    return [Taken(probe, *deid.get(probe, nothing), *raw.get(probe, nothing)) for probe in asked]


def _without_loss(
    opened: Opened, view: TableView, probes: Sequence[Probe], deid: Mapping[Probe, Figures]
) -> dict[Probe, Figures]:
    """Count the denominators of the extracted side; where not even they exceed what is released nothing can be lost."""
    most = {probe: replace(probe, expression="0", joins="") for probe in probes}
    found = _scans(opened, view, "raw", list(most.values()))
    of = {probe: found[one][1] for probe, one in most.items()}
    return {probe: (0, of[probe]) for probe in probes if of[probe] - deid[probe][0] <= probe.slack}


def _scans(
    opened: Opened, view: TableView, side: str, probes: Sequence[Probe], settled: Sequence[Probe] = ()
) -> dict[Probe, Figures]:
    """Take the probes of one side, in a scan for each kind of join; of what is settled only the denominators."""
    less = {replace(probe, expression="0", where="", repeats=""): probe for probe in settled} | {
        probe: probe for probe in probes
    }
    found: dict[Probe, Figures] = {}
    for joins in dict.fromkeys(probe.joins for probe in less):
        found |= _scan(opened, view, side, joins, [probe for probe in less if probe.joins == joins])
    return {probe: found[one] for one, probe in less.items()}


def _scan(opened: Opened, view: TableView, side: str, joins: str, probes: Sequence[Probe]) -> dict[Probe, Figures]:
    what, table = f"the table {view.name}", f"{side}.{quote(view.name)} AS t {_joined(opened, view, side, joins)}"
    # No join adds or takes away a row of those whom the files tell of, so what they tell holds whatever is joined.
    known = {"deid": view.filled.answers, "raw": view.raw_filled.answers}.get(side, {})
    wanted = {(text, values) for probe in probes for text, values in ((probe.expression, probe.values), (probe.of, ()))}
    figures: dict[tuple[str, tuple[Any, ...]], float] = {
        (text, values): int(text) if text.isdigit() else known[text]
        for text, values in wanted
        if text.isdigit() or text in known
    }
    asked = sorted(wanted - figures.keys(), key=repr)
    if asked:
        values = [value for _, bound in asked for value in bound]
        found = row(opened.con, f"SELECT {', '.join(text for text, _ in asked)} FROM {table}", what, values)
        figures |= {one: count or 0 for one, count in zip(asked, found, strict=True)}
    measured = {probe: (figures[probe.expression, probe.values], figures[probe.of, ()]) for probe in probes}
    for probe in probes:
        if probe.repeats:
            counted = repeated(opened.con, f"SELECT {probe.repeats} FROM {table}", what)
        elif probe.where:
            (counted,) = row(opened.con, f"SELECT count(*) FROM {table} WHERE {probe.where}", what)
        else:
            continue
        measured[probe] = (counted, measured[probe][1])
    return measured


def _joined(opened: Opened, view: TableView, side: str, joins: str) -> str:
    """SQL of the joins: on the extracted side always the people who stayed, for only their rows are looked at."""
    found = []
    if view.person and joins == PERSON:
        kind = "LEFT JOIN deid_people" if side.startswith("deid") else "JOIN raw_people"
        found.append(f"{kind} AS p ON p.person_id = t.{quote(view.person)}")
    elif view.person and side.startswith("raw"):
        found.append(view.stayed)
    if joins in references(view):
        found.append(_keys(opened, view, side, joins))
    return " ".join(found)


def _keys(opened: Opened, view: TableView, side: str, column: str) -> str:
    target = references(view)[column]
    other = opened.views.get(target)
    found = {} if other is None else (other.raw if side == "raw" else other.deid)
    key = f"{target}_id"
    keys = (
        f"SELECT DISTINCT {quote(key)} AS key FROM {side}.{quote(target)}"
        if key in found
        else "SELECT NULL::BIGINT AS key"
    )
    return f"LEFT JOIN ({keys}) AS {alias(column)} ON {alias(column)}.key = t.{quote(column)}"


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
        case "share":
            if not taken.deid_of or not taken.raw_of:
                return 0, 0
            # Taking n rows out moves a share by at most n rows.
            apart = abs(taken.deid / taken.deid_of - taken.raw / taken.raw_of) * taken.deid_of
            measured = max(0, apart - taken.probe.slack)
        case _:
            measured = taken.deid
    return measured, taken.deid_of
