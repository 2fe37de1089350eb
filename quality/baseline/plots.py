"""Where the marks of the report's plots lie: plain numbers that the page writes as SVG."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from cdm.schema import Table
from quality.baseline.evidence.cell import CELL, Calendar, Cell, Spread
from quality.baseline.status import Result

WIDTH, HEIGHT = 460.0, 90.0
SERIES = 4


def years(cells: Sequence[Cell]) -> dict[str, Any]:
    """A bar for each year that may be told; a year between without one is nothing, or too little to tell."""
    if not cells:
        return {}
    first, last = cells[0].id, cells[-1].id
    step, most = WIDTH / (last - first + 1), max(cell.rows for cell in cells)
    bars = [
        {
            "x": round((cell.id - first) * step, 2),
            "width": round(max(step - 1, 0.5), 2),
            "height": round(max(HEIGHT * cell.rows / most, 1), 2),
            "title": f"{cell.id}: {cell.rows:,}",
        }
        for cell in cells
    ]
    return {"bars": bars, "first": first, "last": last, "most": f"{most:,}"}


def spreads(found: Sequence[Spread]) -> dict[str, Any]:
    """A line for each unit over a scale of powers of ten, with the limits of what a living person can have."""
    edges = [edge for one in found for edge in one.bins]
    if not edges:
        return {}
    low, high = math.floor(math.log10(min(edges))), math.floor(math.log10(max(edges))) + 1
    step = WIDTH / (high - low)

    def at(value: float) -> float:
        return round(min(max((math.log10(value) - low) * step, 0.0), WIDTH), 2)

    lines = [
        {
            "series": number % SERIES,
            "unit": one.unit,
            "name": one.name or str(one.unit),
            "rows": f"{one.rows:,}",
            "points": _stairs(one.bins, at),
            "limits": [at(limit) for limit in (one.least, one.greatest) if limit],
        }
        for number, one in enumerate(found)
    ]
    ticks = [{"x": round((power - low) * step, 2), "label": f"{10.0**power:g}"} for power in range(low, high + 1)]
    return {"lines": lines, "ticks": ticks}


def _stairs(bins: Mapping[float, int], at: Any) -> str:
    """The outline of bins, each a twentieth of a decade wide; missing ones are on the ground."""
    if not bins:
        return ""
    most, end = max(bins.values()), None
    points: list[str] = []
    for edge in sorted(bins):
        y, start, stop = round(HEIGHT - HEIGHT * bins[edge] / most), at(edge), at(edge * 10**0.05)
        if end is None or start - end > 1:
            points += [f"{end},{HEIGHT}"] if end is not None else []
            points.append(f"{start},{HEIGHT}")
        points += [f"{start},{y}", f"{stop},{y}"]
        end = stop
    return " ".join([*points, f"{end},{HEIGHT}"])


def calendar(found: Calendar) -> dict[str, Any]:
    """People by month, and the months that are empty; what is too small to tell is drawn at nothing."""
    names = list(found.months)
    step, most = WIDTH / len(names), max(max((n or 0 for n in found.months.values()), default=0), 1)
    points = [
        f"{round((at + 0.5) * step, 2)},{round(HEIGHT - HEIGHT * (found.months[name] or 0) / most, 2)}"
        for at, name in enumerate(names)
    ]
    holes = [
        {"x": round(at * step, 2), "width": round(max(step, 2), 2), "title": name}
        for at, name in enumerate(names)
        if name in found.holes
    ]
    return {
        "table": found.table, "points": " ".join(points), "holes": holes, "first": names[0], "last": names[-1],
        "most": f"{most:,}" if most >= CELL else f"<{CELL}",
    }  # fmt: skip


def mapping(results: Sequence[Result], known: Mapping[str, Table]) -> list[dict[str, Any]]:
    """How much of each table's main concept is mapped, the least first; a handful of unmapped rows is told as such."""
    found = []
    for one in results:
        asked = one.check.type == "standardConceptRecordCompleteness" and one.status in ("failed", "passed")
        if asked and one.check.field == known[one.check.table].main_concept:
            few = 0 < one.figure.violated < CELL
            part = 100.0 if few else 100.0 - one.percent
            shown = f"<{CELL}" if few else f"{one.figure.violated:,}"
            found.append({"place": f"{one.check.table}.{one.check.field}", "part": round(part, 2), "unmapped": shown,
                          "failed": one.failed, "words": f"{math.floor(10 * part) / 10:.1f} %"})  # fmt: skip
    return sorted(found, key=lambda one: (one["part"], one["place"]))
