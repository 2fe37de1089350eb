"""Could the study be done here: counts that a hospital may give away before any approval."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import numpy as np

from cdm.engine import Limits, connect
from cdm.source import Source
from cohorts import engine
from cohorts.attrition import Attrition
from cohorts.disclosure import NOTES, Count, Step, Tables, add_attrition, stricter, suppress
from cohorts.disclosure.ledger import Answered, link, sketch, told_cells
from cohorts.draw.balance import sex_name
from cohorts.draw.candidates import Ints
from cohorts.draw.loveplot import name as covariate_name
from cohorts.draw.pool import Pool, Side, open_pool
from cohorts.draw.sets import make_sets
from cohorts.draw.spec import DrawSpec
from cohorts.expression import Expression

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
        return None if self.sets.value is None else self.sets.value >= self.wanted["case"]

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


def feasibility(
    source: Source,
    definitions: Mapping[str, Expression],
    spec: DrawSpec,
    threshold: int,
    limits: Limits | None = None,
    earlier: Sequence[Answered] = (),
) -> Feasibility:
    """Count, as the study would, without drawing anybody: attrition, eligible people, expected matched sets.

    definitions: 'case' and 'control' (control may be missing when none is wanted). threshold: counts below it
    are withheld, and what would give them away; the default threshold counts where it is stricter. earlier: the
    questions that this hospital has answered (`Feasibility.answered` of each, in any order): numbers that would tell
    a handful of people by subtraction from theirs are withheld too. Raises BadInput as the cohort engine and the
    draw do, GateRefused where nothing can be told.
    """
    with TemporaryDirectory(prefix="feasibility-", dir=limits.spill if limits else None) as folder:
        cohort = Path(folder) / "cohort.parquet"
        attrition = engine.generate(source, definitions, cohort, key="role", limits=limits)
        with connect(limits) as con:
            pool = open_pool(con, source, cohort, spec)
            members = {role: _members(con, role) for role in attrition}
    return assess(pool, attrition, spec, stricter(threshold), members, earlier)


def _members(con: duckdb.DuckDBPyConnection, role: str) -> Ints:
    found = con.execute(
        "SELECT DISTINCT person_id::BIGINT AS person_id FROM entry WHERE is_case = $1", [role == "case"]
    ).fetchnumpy()
    return np.asarray(found["person_id"], np.int64)


def assess(
    pool: Pool,
    attrition: Mapping[str, Attrition],
    spec: DrawSpec,
    threshold: int,
    members: Mapping[str, Ints] | None = None,
    earlier: Sequence[Answered] = (),
) -> Feasibility:
    """Put all counts of one question through disclosure control together, and with those told earlier.

    members: role -> people of the whole cohort, where they are known.
    """
    tables = Tables()
    steps = {role: add_attrition(tables, role, [s.people for s in a.steps]) for role, a in attrition.items()}
    eligible = {"case": pool.cases, "control": pool.controls}
    for role, side in eligible.items():
        tables.cell(f"eligible {role}", side.people(), 4.0)
        if steps.get(role):
            tables.difference(steps[role][-1], f"eligible {role}")
    _expected(tables, pool, spec)
    keys = _levels(tables, pool, spec)
    sketches = {f"eligible {role}": sketch(side.person) for role, side in eligible.items()}
    sketches |= {steps[role][-1]: sketch(people) for role, people in (members or {}).items()}
    sketches |= _level_sketches(pool, keys)
    counts = {cell: n for cell, n in tables.shown.items() if cell not in ("sets", "pairs")}
    link(tables, Answered("", counts, (), sketches), earlier, threshold)
    safe = suppress(tables, threshold)
    told = tuple(cell for cell in told_cells(safe) if cell in counts)
    return Feasibility(
        threshold=threshold,
        wanted={"case": spec.cases, "control": spec.controls},
        attrition={
            role: tuple(Step(s.rule, safe[cell]) for s, cell in zip(a.steps, steps[role], strict=True))
            for role, a in attrition.items()
        },
        eligible={role: safe[f"eligible {role}"] for role in eligible},
        sets=safe["sets"],
        pairs=safe["pairs"],
        levels=tuple(
            Level(factor, level, safe[f"case {factor} {level}"], safe[f"control {factor} {level}"])
            for factor, level in keys
        ),
        answered=Answered(_digest(attrition, spec), counts, told, sketches),
    )


def _digest(attrition: Mapping[str, Attrition], spec: DrawSpec) -> str:
    """Name a question by its rules and its draw, for the hospital's own ledger."""
    rules = {role: [s.rule for s in a.steps] for role, a in attrition.items()}
    text = json.dumps([rules, spec.model_dump(mode="json")], sort_keys=True)
    return sha256(text.encode()).hexdigest()


def _level_sketches(pool: Pool, keys: list[tuple[str, str]]) -> dict[str, tuple[int, ...]]:
    out = {}
    for factor, level in keys:
        inside = np.array([s[factor] == level for s in pool.strata] + [level == "other"], bool)
        for role, side in (("case", pool.cases), ("control", pool.controls)):
            out[f"{role} {factor} {level}"] = sketch(side.person[inside[side.stratum]])
    return out


def _expected(tables: Tables, pool: Pool, spec: DrawSpec) -> None:
    sets, pairs = 0, 0
    if len(pool.cases.person) and (spec.ratio == 0 or (pool.controls.stratum >= 0).any()):
        sizes = make_sets(pool, spec).sizes
        sets, pairs = len(sizes), int(sizes.sum())
    tables.cell("sets", sets, 2.0)
    tables.cell("pairs", pairs, 2.0)
    tables.difference("eligible case", "sets")
    if spec.ratio:
        tables.difference("pairs", "sets", people=False)
        tables.difference("sets", "pairs", factor=spec.ratio, people=False)
        if not spec.replacement:
            tables.difference("eligible control", "pairs")


def _levels(tables: Tables, pool: Pool, spec: DrawSpec) -> list[tuple[str, str]]:
    """Eligible people by each factor's levels; controls outside all of the cases' strata count as 'other'."""
    keys: list[tuple[str, str]] = []
    for factor in spec.match:
        levels = list(dict.fromkeys(sorted(s[factor] for s in pool.strata)))
        code = np.array([levels.index(s[factor]) for s in pool.strata], np.int64)
        for role, side in (("case", pool.cases), ("control", pool.controls)):
            counts = _people_by(side, code, len(levels))
            cells = [
                tables.cell(f"{role} {factor} {level}", int(n))
                for level, n in zip([*levels, "other"], counts, strict=True)
            ]
            tables.total(f"eligible {role}", cells)
        keys += [(factor, level) for level in [*levels, "other"]]
    return keys


def _people_by(side: Side, code: Ints, levels: int) -> Ints:
    """Different people per level, and last those outside every stratum (each person has one stratum)."""
    _, first = np.unique(side.person, return_index=True)
    stratum = side.stratum[first]
    level = np.where(stratum < 0, levels, code[stratum] if len(code) else levels)
    return np.bincount(level, minlength=levels + 1)


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
