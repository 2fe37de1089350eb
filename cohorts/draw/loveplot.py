"""The love plot: |SMD| of every covariate before and after, as an SVG that needs nothing from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Self

from cohorts.draw.balance import Balance

LEFT, RIGHT, TOP, LINE, WIDTH = 250, 24, 46, 22, 760
BEFORE = 'fill="none" stroke="#b45309" stroke-width="1.5"'
AFTER = 'fill="#1d4ed8"'
FONT = 'font-family="sans-serif" font-size="12" fill="#222"'
WITHHELD = {"en": "* withheld", "ko": "* 비공개"}
NAMES = {
    "age": ("Age", "나이"),
    "sex": ("Sex", "성별"),
    "age_group": ("Age group", "연령대"),
    "index_year": ("Index year", "기준 연도"),
    "prior_observation": ("Prior observation (days)", "이전 관찰 기간(일)"),
    "follow_up": ("Follow-up (days)", "이후 관찰 기간(일)"),
    "visits": ("Visits in the year before", "직전 1년 방문 수"),
    "inpatient_visits": ("Inpatient visits in the year before", "직전 1년 입원 수"),
    "conditions": ("Different conditions in the year before", "직전 1년 진단 종류 수"),
    "drugs": ("Different drugs in the year before", "직전 1년 약물 종류 수"),
    "people": ("People", "사람 수"),
}
LEVELS = {"male": "남", "female": "여"}
TITLES = {
    "en": (
        "Balance of cases and controls",
        "before matching",
        "after matching",
        "|standardised mean difference|",
    ),
    "ko": ("환자군과 대조군의 균형", "매칭 전", "매칭 후", "표준화 평균 차이의 절댓값"),
}


def name(covariate: str, level: str | None, lang: str) -> str:
    """Name a covariate, and its level, in English or Korean."""
    text = NAMES.get(covariate, (covariate, covariate))[lang == "ko"]
    if level is None:
        return text
    return f"{text}: {LEVELS.get(level, level) if lang == 'ko' else level}"


@dataclass(frozen=True)
class Line:
    """A line of the plot. before, after: SMD, None where there is none; withheld: they may not be told."""

    covariate: str
    level: str | None
    before: float | None
    after: float | None
    withheld: bool = False

    @classmethod
    def of(cls, row: Balance) -> Self:
        """A line of exact balance, for inside the hospital."""
        return cls(row.covariate, row.level, row.smd_before, row.smd_after)

    @classmethod
    def released(cls, row: Mapping[str, Any]) -> Self:
        """A line of balance as it may leave (`cohorts.disclosure.Released.balance`)."""
        return cls(row["covariate"], row["level"], row["smd_before"], row["smd_after"], row["withheld"])


def love_plot(rows: Sequence[Line], lang: str = "en") -> str:
    """SVG text, the same for the same rows. A dashed line stands at 0.1, the usual bound (Austin 2009)."""
    title, before, after, axis = TITLES[lang]
    known = [abs(x) for r in rows for x in (r.before, r.after) if x is not None]
    most = max([0.2, *known]) * 1.05
    height = TOP + LINE * len(rows) + 46
    across = WIDTH - LEFT - RIGHT
    bottom = TOP + LINE * len(rows)

    def x(smd: float) -> str:
        return f"{LEFT + across * abs(smd) / most:.1f}"

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" {FONT}>',
        f"<title>{escape(title)}</title>",
        f'<text x="8" y="18" font-size="14" font-weight="bold">{escape(title)}</text>',
        f'<circle cx="{LEFT}" cy="32" r="4" {BEFORE}/><text x="{LEFT + 9}" y="36">{before}</text>',
        f'<circle cx="{LEFT + 130}" cy="32" r="4" {AFTER}/><text x="{LEFT + 139}" y="36">{after}</text>',
        f'<line x1="{x(0.1)}" y1="{TOP}" x2="{x(0.1)}" y2="{bottom}" stroke="#888" stroke-dasharray="4 3"/>',
        f'<line x1="{LEFT}" y1="{bottom}" x2="{WIDTH - RIGHT}" y2="{bottom}" stroke="#888"/>',
    ]
    out += [f'<text x="{x(t)}" y="{bottom + 15}" text-anchor="middle">{t:g}</text>' for t in _ticks(most)]
    out.append(f'<text x="{LEFT + across // 2}" y="{bottom + 34}" text-anchor="middle">{escape(axis)}</text>')
    for n, row in enumerate(rows):
        out += _line(row, TOP + LINE * n + LINE // 2, lang, x)
    return "\n".join([*out, "</svg>"]) + "\n"


def _line(row: Line, y: int, lang: str, x: Callable[[float], str]) -> list[str]:
    label = escape(name(row.covariate, row.level, lang))
    out = [
        f'<line x1="{LEFT}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}" stroke="#eee"/>',
        f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{label}</text>',
    ]
    if row.withheld:
        return [*out, f'<text x="{LEFT + 9}" y="{y + 4}" fill="#666">{WITHHELD[lang]}</text>']
    if row.before is not None:
        out.append(f'<circle cx="{x(row.before)}" cy="{y}" r="4" {BEFORE}/>')
    if row.after is not None:
        out.append(f'<circle cx="{x(row.after)}" cy="{y}" r="4" {AFTER}/>')
    return out


def _ticks(most: float) -> list[float]:
    step = next(s for s in (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 1e9) if most / s <= 8)
    return [round(step * n, 2) for n in range(int(most / step) + 1)]
