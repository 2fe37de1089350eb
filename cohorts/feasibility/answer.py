"""A feasibility answer: counts after disclosure control, as JSON and as lines for a terminal."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cohorts.disclosure import NOTES, Answered, Count, Step
from cohorts.draw.balance import sex_name
from cohorts.draw.loveplot import name as covariate_name

ROLES = ("case", "control")
LABELS = {
    "case": ("Cases", "환자군"),
    "control": ("Controls", "대조군"),
    "eligible": ("eligible for the draw", "추출 가능"),
    "sets": ("Cases that can be matched", "매칭 가능한 환자군"),
    "pairs": ("Controls in matched sets", "매칭된 대조군"),
    "primary events": ("with a qualifying event", "진입 사건 있음"),
    "additional criteria": ("who meet the entry criteria", "추가 진입 기준 충족"),
    "cohort": ("in the cohort", "코호트 포함"),
    "sex": ("Sex", "성별"),
    "birth_year": ("Year of birth", "출생 연도"),
    "index_year": ("Index year", "기준 연도"),
    "care_setting": ("Care setting", "진료 구분"),
    "region": ("Region", "지역"),
    "race": ("Race", "인종"),
    "ethnicity": ("Ethnicity", "민족"),
}


@dataclass(frozen=True)
class Level:
    """Eligible people of one level of a matching factor."""

    factor: str
    level: str
    cases: Count
    controls: Count


@dataclass(frozen=True)
class Feasibility:
    """Counts after disclosure control.

    attrition: role -> steps; eligible: role -> people who may be drawn; sets: cases that would be drawn with
    a control; pairs: controls that would be drawn; levels: eligible people per level of each matching factor.
    answered: exact counts for the hospital's own ledger of answered questions. It is no part of `to_json`, and must
    not leave the hospital.
    """

    threshold: int
    wanted: dict[str, int]
    attrition: dict[str, tuple[Step, ...]]
    eligible: dict[str, Count]
    sets: Count
    pairs: Count
    levels: tuple[Level, ...]
    answered: Answered = field(repr=False)

    def enough(self) -> bool | None:
        """Whether as many cases as wanted can be drawn; None where the shown numbers do not tell."""
        if self.sets.value is not None:
            return self.sets.value >= self.wanted["case"]
        eligible = self.eligible["case"].value
        return False if eligible is not None and eligible < self.wanted["case"] else None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; a suppressed count is {"count": null, "reason": "suppressed"}."""
        return {
            "threshold": self.threshold,
            "wanted": self.wanted,
            "enough": self.enough(),
            "attrition": {role: [s.to_json() for s in steps] for role, steps in self.attrition.items()},
            "eligible": {role: count.to_json() for role, count in self.eligible.items()},
            "expected": {"cases": self.sets.to_json(), "controls": self.pairs.to_json()},
            "levels": [
                {
                    "factor": x.factor,
                    "level": x.level,
                    "cases": x.cases.to_json(),
                    "controls": x.controls.to_json(),
                }
                for x in self.levels
            ],
            "note": {lang: text.format(threshold=self.threshold) for lang, text in NOTES.items()},
        }

    def rows(self, lang: str = "en") -> list[dict[str, Any]]:
        """Lay the counts out for a terminal: section, label, text, bar.

        text is the count or its mark; bar its share of the section's largest shown count (0 to 1), None where
        it is suppressed. lang: 'en' or 'ko'.
        """
        out: list[dict[str, Any]] = []
        for role in ROLES:
            lines = [(_say(s.rule, lang), s.people) for s in self.attrition.get(role, ())]
            lines.append((_say("eligible", lang), self.eligible[role]))
            out += _section(_say(role, lang), lines)
        out += _section(
            {"en": "Expected draw", "ko": "예상 추출"}[lang],
            [(_say("sets", lang), self.sets), (_say("pairs", lang), self.pairs)],
        )
        for factor in dict.fromkeys(x.factor for x in self.levels):
            for role, key in (("case", "cases"), ("control", "controls")):
                title = f"{_say(factor, lang)} · {_say(role, lang)}"
                some = [x for x in self.levels if x.factor == factor]
                out += _section(title, [(_level(factor, x.level, lang), getattr(x, key)) for x in some])
        return out


def _say(key: str, lang: str) -> str:
    return LABELS.get(key, (key, key))[lang == "ko"]


def _level(factor: str, level: str, lang: str) -> str:
    if level == "other":
        return {"en": "outside the cases' strata", "ko": "환자군 층 밖"}[lang]
    if factor == "sex" and level.isdigit():
        return covariate_name("sex", sex_name(float(level)), lang).split(": ")[1]
    return level


def _section(title: str, lines: list[tuple[str, Count]]) -> list[dict[str, Any]]:
    most = max([c.value for _, c in lines if c.value is not None], default=0)
    return [
        {
            "section": title,
            "label": label,
            "text": count.text,
            "bar": None if count.value is None else round(count.value / most, 3) if most else 0.0,
        }
        for label, count in lines
    ]
