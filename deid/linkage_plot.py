"""The linkage curve as an SVG that needs nothing from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Literal

from deid.linkage import MOST, Knowledge, Point

Language = Literal["en", "ko"]
LEFT, TOP, WIDTH, HEIGHT, LEGEND = 64, 44, 420, 260, 300
COLOURS = ("#b45309", "#1d4ed8", "#15803d", "#6b21a8", "#be123c", "#374151")
FONT = 'font-family="sans-serif" font-size="12" fill="#222"'
WORDS: Mapping[Language, tuple[str, str, str]] = {
    "en": ("Who is singled out by a few known events", "known events", "share of people singled out"),
    "ko": ("알려진 사건 몇 개로 특정되는 사람", "알려진 사건 수", "특정되는 사람의 비율"),
}

LABELS: Mapping[Knowledge, Mapping[Language, str]] = {
    "exact": {"en": "exact days, before dates were moved", "ko": "정확한 날짜, 옮기기 전"},
    "near": {"en": "days to 15 days, before dates were moved", "ko": "15일 안팎의 날짜, 옮기기 전"},
    "shifted": {"en": "exact days, against moved dates", "ko": "정확한 날짜, 옮긴 뒤"},
    "codes": {"en": "codes alone, no days", "ko": "날짜 없이 코드만"},
}


def release_plot(curve: Sequence[Mapping[str, Any]], language: Language) -> str:
    """Draw the curve of one release as risk.json holds it: knowledge, known, people, share."""
    points = [
        Point(one["knowledge"], one["known"], one["people"], round(one["share"] * one["people"])) for one in curve
    ]
    of = {name: [point for point in points if point.knowledge == name] for name in LABELS}
    return linkage_plot({LABELS[name][language]: found for name, found in of.items() if found}, language)


def linkage_plot(curves: Mapping[str, Sequence[Point]], language: Language = "en") -> str:
    """Draw curves by their label; each one's points in order of the known events."""
    title, across, up = WORDS[language]
    middle = TOP + HEIGHT / 2
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + LEGEND}" height="{TOP + HEIGHT + 60}" role="img">',
        f"<title>{escape(title)}</title>",
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="{LEFT}" y="24" {FONT} font-weight="bold">{escape(title)}</text>',
        *_grid(),
        f'<text x="{LEFT + WIDTH / 2:g}" y="{TOP + HEIGHT + 42}" {FONT} text-anchor="middle">{escape(across)}</text>',
        f'<text x="16" y="{middle:g}" {FONT} text-anchor="middle" transform="rotate(-90 16 {middle:g})">{escape(up)}</text>',
    ]
    for number, (label, points) in enumerate(curves.items()):
        lines += _curve(number, label, points)
    return "\n".join([*lines, "</svg>", ""])


def _grid() -> list[str]:
    found = []
    for share in (0, 25, 50, 75, 100):
        y = _y(share / 100)
        found.append(f'<path d="M{LEFT} {y:g}H{LEFT + WIDTH}" stroke="#ddd"/>')
        found.append(f'<text x="{LEFT - 8}" y="{y + 4:g}" {FONT} text-anchor="end">{share} %</text>')
    return found + [
        f'<text x="{_x(known):g}" y="{TOP + HEIGHT + 20}" {FONT} text-anchor="middle">{known}</text>'
        for known in range(1, MOST + 1)
    ]


def _curve(number: int, label: str, points: Sequence[Point]) -> list[str]:
    colour, y = COLOURS[number % len(COLOURS)], TOP + 14 + 22 * number
    places = [(_x(point.known), _y(point.share)) for point in points if point.people]
    dots = [f'<circle cx="{x:g}" cy="{y:g}" r="3.5" fill="{colour}"/>' for x, y in places]
    path = " ".join(f"{x:g},{y:g}" for x, y in places)
    x = LEFT + WIDTH + 24
    return [
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>',
        *dots,
        f'<path d="M{x} {y}h22" stroke="{colour}" stroke-width="2"/>',
        f'<text x="{x + 30}" y="{y + 4}" {FONT}>{escape(label)}</text>',
    ]


def _x(known: int) -> float:
    return round(LEFT + 20 + (WIDTH - 40) * (known - 1) / (MOST - 1), 1)


def _y(share: float) -> float:
    return round(TOP + HEIGHT * (1 - share), 1)
