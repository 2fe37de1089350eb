"""What attacks gain, with their intervals, as an SVG that needs nothing from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from deid.attacks.measure import Kind
from deid.linkage_plot import FONT, Language

LEFT, TOP, WIDTH, LINE = 330, 44, 320, 34
TITLE: Mapping[Language, str] = {
    "en": "What an attack gains over guessing about people outside of the release",
    "ko": "반출본 밖의 사람을 추측할 때보다 공격이 더 얻는 정도",
}
LABELS: Mapping[Kind, Mapping[Language, str]] = {
    "singling_out_one": {"en": "singling out by one unusual value", "ko": "드문 값 하나로 특정"},
    "singling_out_four": {"en": "singling out by four attributes", "ko": "특성 네 개로 특정"},
    "linkability": {"en": "linking what is known to records", "ko": "알려진 특성과 기록의 연결"},
    "inference": {"en": "inferring a code from all else", "ko": "나머지 정보로 코드 추론"},
}


def attacks_plot(made: Sequence[Mapping[str, Any]], language: Language) -> str:
    """Draw the attacks of one release as risk.json holds them: a dot for the risk, a line for its interval."""
    height = TOP + LINE * max(len(made), 1) + 40
    foot = TOP + LINE * max(len(made), 1)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 90}" height="{height}" role="img">',
        f"<title>{escape(TITLE[language])}</title>",
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="16" y="24" {FONT} font-weight="bold">{escape(TITLE[language])}</text>',
    ]
    for share in (0, 25, 50, 75, 100):
        x = _x(share / 100)
        lines.append(f'<path d="M{x:g} {TOP - 8}V{foot}" stroke="#ddd"/>')
        lines.append(f'<text x="{x:g}" y="{foot + 20}" {FONT} text-anchor="middle">{share} %</text>')
    for number, one in enumerate(made):
        lines += _attack(one, TOP + LINE * number + LINE // 2, language)
    return "\n".join([*lines, "</svg>", ""])


def _attack(one: Mapping[str, Any], y: int, language: Language) -> list[str]:
    low, high = one["interval"]
    label = f"{LABELS[one['attack']][language]} (n = {one['attacks']})"
    return [
        f'<text x="{LEFT - 12}" y="{y + 4}" {FONT} text-anchor="end">{escape(label)}</text>',
        f'<path d="M{_x(low):g} {y}H{_x(high):g}" stroke="#1d4ed8" stroke-width="2"/>',
        f'<circle cx="{_x(one["risk"]):g}" cy="{y}" r="4.5" fill="#1d4ed8"/>',
        f'<text x="{LEFT + WIDTH + 20}" y="{y + 4}" {FONT}>{one["risk"]:.0%}</text>',
    ]


def _x(share: float) -> float:
    return round(LEFT + WIDTH * share, 1)
