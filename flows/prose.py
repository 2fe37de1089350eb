"""A study and a definition in Korean and English sentences."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from cdm.errors import BadInput
from cohorts.draw.prose import describe
from cohorts.prose import Document, document, explain
from extract.spec import Window
from flows.definitions import read
from flows.study import Study

Language = Literal["ko", "en"]

HEADINGS = {
    "ko": {"purpose": "목적", "case": "환자군", "control": "대조군", "draw": "표본추출", "tables": "추출 항목", "deid": "가명처리"},
    "en": {"purpose": "Purpose", "case": "Cases", "control": "Controls", "draw": "Draw", "tables": "What is extracted",
           "deid": "De-identification"},
}  # fmt: skip


def language(given: str | None) -> Language:
    """Korean or English: as given, else as the locale says. Raises BadInput for another."""
    wanted = given or ("ko" if (os.environ.get("NARU_LANG") or os.environ.get("LANG") or "").startswith("ko") else "en")
    if wanted not in ("ko", "en"):
        raise BadInput(f"--lang {wanted}: accepted are ko and en")
    return "ko" if wanted == "ko" else "en"


def definition(path: Path, lang: Language) -> Document:
    """A cohort definition in prose; where it has no title, its file's name is its title."""
    return document(read(path), lang, path.stem)


def study(asked: Study, lang: Language) -> str:
    """A study in prose: purpose, cases, controls, draw, windows, tier."""
    spec, head = asked.spec, HEADINGS[lang]
    parts = [
        f"# {getattr(spec.title, lang)}",
        f"## {head['purpose']}\n\n{getattr(spec.purpose, lang)}",
        *(explain(asked.definitions[role], lang, head[role], level=2).rstrip() for role in ("case", "control")),
        f"## {head['draw']}\n\n{describe(spec.draw, lang)}",
        f"## {head['tables']}\n\n{_tables(asked, lang)}",
        f"## {head['deid']}\n\n{_deid(asked, lang)}",
    ]
    return "\n\n".join(parts) + "\n"


def _tables(asked: Study, lang: Language) -> str:
    extract = asked.spec.extract
    return "\n".join(f"- {name}: {window(extract.window_of(name), lang)}" for name in extract.tables)


def window(given: Window, lang: Language) -> str:
    """A window around the index date in words."""
    begin, end = given.from_days, given.to_days
    if lang == "ko":
        return f"기준일 {_ko(begin, '이전 전체')}부터 {_ko(end, '이후 전체')}까지"
    return f"from {_en(begin, 'the beginning')} to {_en(end, 'the end')} of the record" if None in (begin, end) else (
        f"from {_en(begin, '')} to {_en(end, '')}"
    )  # fmt: skip


def _ko(days: int | None, unlimited: str) -> str:
    if days is None:
        return unlimited
    return "당일" if days == 0 else f"{abs(days)}일 {'전' if days < 0 else '후'}"


def _en(days: int | None, unlimited: str) -> str:
    if days is None:
        return unlimited
    unit = "day" if abs(days) == 1 else "days"
    return "the index date" if days == 0 else f"{abs(days)} {unit} {'before' if days < 0 else 'after'} it"


def _deid(asked: Study, lang: Language) -> str:
    tier = asked.spec.deid.tier
    if lang == "ko":
        return (
            f"이용 환경: {'분석실 안' if tier == 'open-room' else '분석실 밖'}({tier}). "
            "식별자는 이용권별 가명으로 바꾸고, 날짜는 사람마다 다른 일수만큼 옮김(간격은 그대로임)."
        )
    return (f"Where it may be used: {tier}. Identifiers become pseudonyms of this grant; each person's dates move by a number of "
            "days of their own, intervals stay exact.")  # fmt: skip
