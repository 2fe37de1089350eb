"""Plots as SVG: presentation attributes and classes only, because the portal's pages allow no inline style."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup, escape

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 560, 240, 48, 32, 24
TONES = ("a", "b", "c")


def bars(values: Sequence[tuple[str, int]], title: str) -> Markup:
    """Vertical bars with their numbers on top."""
    top = max((value for _, value in values), default=0) or 1
    step = (WIDTH - LEFT) / max(len(values), 1)
    parts = [_axis()]
    for place, (name, value) in enumerate(values):
        height = (HEIGHT - BOTTOM - TOP) * value / top
        x, y = LEFT + step * place + step * 0.2, HEIGHT - BOTTOM - height
        parts.append(f'<rect class="bar" x="{x:.1f}" y="{y:.1f}" width="{step * 0.6:.1f}" height="{height:.1f}"/>')
        parts.append(_text(x + step * 0.3, y - 5, f"{value:,}", "middle"))
        parts.append(_text(x + step * 0.3, HEIGHT - BOTTOM + 18, name, "middle"))
    told = ", ".join(f"{name}: {value}" for name, value in values)
    return _svg(parts, title, told)


def lines(names: Sequence[str], series: Mapping[str, Sequence[float]], title: str) -> Markup:
    """A line for each series, told apart by dash and label as well as by colour."""
    top = max((value for values in series.values() for value in values), default=0) or 1
    step = (WIDTH - LEFT - 90) / max(len(names) - 1, 1)
    parts = [_axis()]
    for tone, (name, values) in zip(TONES, series.items(), strict=False):
        points = [
            (LEFT + 20 + step * place, HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * value / top)
            for place, value in enumerate(values)
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline class="line {tone}" points="{path}"/>')
        for (x, y), value in zip(points, values, strict=True):
            parts.append(f'<circle class="dot {tone}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>')
            parts.append(_text(x, y - 8, f"{value:g}", "middle"))
        if points:
            parts.append(_text(points[-1][0] + 10, points[-1][1] + 4, name, "start"))
    for place, name in enumerate(names):
        parts.append(_text(LEFT + 20 + step * place, HEIGHT - BOTTOM + 18, name, "middle"))
    told = "; ".join(f"{name}: {', '.join(f'{v:g}' for v in values)}" for name, values in series.items())
    return _svg(parts, title, told)


def love(points: Sequence[tuple[str, float | None, float | None]], title: str, before: str, after: str) -> Markup:
    """|SMD| of each covariate before (ring) and after (dot), with the usual limit of 0.1."""
    row, left, right = 18, 190, 20
    height, width = TOP + row * len(points) + 40, WIDTH + 60
    top = max([0.2, *(abs(v) for _, *pair in points for v in pair if v is not None)])
    scale = (width - left - right) / top
    limit = left + 0.1 * scale
    parts = [f'<line class="limit" x1="{limit:.1f}" y1="{TOP}" x2="{limit:.1f}" y2="{height - 30}"/>']
    parts.append(_text(limit, height - 14, "0.1", "middle"))
    for place, (name, old, new) in enumerate(points):
        y = TOP + row * place + 10
        parts.append(_text(left - 10, y + 4, name[:26], "end"))
        if old is not None:
            parts.append(f'<circle class="ring" cx="{left + abs(old) * scale:.1f}" cy="{y}" r="4"/>')
        if new is not None:
            parts.append(f'<circle class="dot a" cx="{left + abs(new) * scale:.1f}" cy="{y}" r="4"/>')
    parts.append(f'<circle class="ring" cx="{left}" cy="12" r="4"/>' + _text(left + 8, 16, before, "start"))
    parts.append(f'<circle class="dot a" cx="{left + 120}" cy="12" r="4"/>' + _text(left + 128, 16, after, "start"))
    return _svg(parts, title, title, width, height)


def _axis() -> str:
    y = HEIGHT - BOTTOM
    return f'<line class="axis" x1="{LEFT - 8}" y1="{y}" x2="{WIDTH}" y2="{y}"/>'


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _svg(parts: Sequence[str], title: str, told: str, width: int = WIDTH, height: int = HEIGHT) -> Markup:
    inside = "".join(parts)
    return Markup(  # noqa: S704 - made of numbers and of escaped words
        f'<svg class="plot" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}: {escape(told)}">'
        f"{inside}</svg>"
    )
