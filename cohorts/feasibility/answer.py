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
    "strata": ("Strata", "층"),
    "sex": ("Sex", "성별"),
    "birth_year": ("Year of birth", "출생 연도"),
    "index_year": ("Index year", "기준 연도"),
    "care_setting": ("Care setting", "진료 구분"),
    "region": ("Region", "지역"),
    "race": ("Race", "인종"),
    "ethnicity": ("Ethnicity", "민족"),
}
EXPECTED = {"en": "Expected draw", "ko": "예상 추출"}
WITHHELD = {"en": "{hidden} of {all} numbers are withheld.", "ko": "수 {all}개 가운데 {hidden}개를 가렸습니다."}
ROUNDED = {"en": "Numbers are rounded to multiples of {round_to}.", "ko": "수는 {round_to}의 배수로 반올림했습니다."}
AT_MOST = {
    "en": "The expected draw is the most that there can be: the propensity score is fitted when the study is extracted, and "
    "its caliper may leave some cases without a control.",
    "ko": "예상 추출은 최댓값입니다. 성향점수는 추출할 때 적합하며, 캘리퍼 때문에 대조군을 찾지 못하는 환자가 있을 수 있습니다.",
}


@dataclass(frozen=True)
class Level:
    """Eligible people of one level of a matching factor."""

    factor: str
    level: str
    cases: Count
    controls: Count


@dataclass(frozen=True)
class Stratum:
    """Eligible people of one matching stratum; without levels, of all that are not listed."""

    levels: dict[str, str]
    cases: Count
    controls: Count


@dataclass(frozen=True)
class Feasibility:
    """Counts after disclosure control.

    attrition: role -> steps; eligible: role -> people who may be drawn; sets: cases that would be drawn with
    a control; pairs: controls that would be drawn; levels: eligible people per level of each matching factor; strata: per
    stratum of several factors, those with the most cases. upper_bound: fewer may be drawn than sets and pairs say (a
    propensity score is not fitted to count). round_to: numbers are multiples of it.
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
    strata: tuple[Stratum, ...] = ()
    upper_bound: bool = False
    round_to: int | None = None

    def enough(self) -> bool | None:
        """Whether as many cases as wanted can be drawn; None where the shown numbers do not tell."""
        wanted, slack = self.wanted["case"], (self.round_to or 1) - 1
        most = [c.value for c in (self.sets, self.eligible["case"]) if c.value is not None]
        if most and min(most) + slack < wanted:
            return False
        if self.sets.value is None or self.upper_bound:
            return None
        return True if self.sets.value - slack >= wanted or self.round_to is None else None

    @property
    def withheld(self) -> list[dict[str, str]]:
        """The counts that are withheld, each by section and label in both languages; never the number."""
        both = zip(self.rows("en"), self.rows("ko"), strict=True)
        return [
            {"en": f"{en['section']}: {en['label']}", "ko": f"{ko['section']}: {ko['label']}"}
            for en, ko in both
            if en["bar"] is None
        ]

    def notes(self, lang: str) -> list[str]:
        """Sentences to read the counts by: how many are withheld and why, rounding, whether the expected draw is the most."""
        out = []
        if hidden := sum(row["bar"] is None for row in self.rows(lang)):
            out += [
                WITHHELD[lang].format(hidden=hidden, all=len(self.rows(lang))),
                NOTES[lang].format(threshold=self.threshold),
            ]
        if self.round_to:
            out.append(ROUNDED[lang].format(round_to=self.round_to))
        if self.upper_bound:
            out.append(AT_MOST[lang])
        return out

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; a suppressed count is {"count": null, "reason": "suppressed"}."""
        return {
            "threshold": self.threshold,
            "round_to": self.round_to,
            "wanted": self.wanted,
            "enough": self.enough(),
            "attrition": {role: [s.to_json() for s in steps] for role, steps in self.attrition.items()},
            "eligible": {role: count.to_json() for role, count in self.eligible.items()},
            "expected": {
                "cases": self.sets.to_json(),
                "controls": self.pairs.to_json(),
                "upper_bound": self.upper_bound,
            },
            "levels": [
                {"factor": x.factor, "level": x.level, "cases": x.cases.to_json(), "controls": x.controls.to_json()}
                for x in self.levels
            ],
            "strata": [
                {"levels": x.levels, "cases": x.cases.to_json(), "controls": x.controls.to_json()} for x in self.strata
            ],
            "withheld": self.withheld,
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
        title = {"en": "Expected draw, at most", "ko": "예상 추출(최대)"} if self.upper_bound else EXPECTED
        out += _section(title[lang], [(_say("sets", lang), self.sets), (_say("pairs", lang), self.pairs)])
        for factor in dict.fromkeys(x.factor for x in self.levels):
            for role, key in (("case", "cases"), ("control", "controls")):
                title_ = f"{_say(factor, lang)} · {_say(role, lang)}"
                some = [x for x in self.levels if x.factor == factor]
                out += _section(title_, [(_level(factor, x.level, lang), getattr(x, key)) for x in some])
        for role, key in (("case", "cases"), ("control", "controls")):
            lines = [(_stratum(x.levels, lang), getattr(x, key)) for x in self.strata]
            out += _section(f"{_say('strata', lang)} · {_say(role, lang)}", lines)
        return out


def _stratum(levels: dict[str, str], lang: str) -> str:
    if not levels:
        return {"en": "all other strata", "ko": "그 밖의 층"}[lang]
    return ", ".join(_level(factor, level, lang) for factor, level in levels.items())


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
