"""What a value has to be: numbers, dates, texts, concepts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from cohorts.expression.base import Concept, TextFilter
from cohorts.plan.filters import Compare
from cohorts.prose.names import Names
from cohorts.prose.words import CONCEPTS, UNITS, Lang, pick

_NUMBER = {
    "lt": ("less than {v}", "{v} 미만"),
    "lte": ("at most {v}", "{v} 이하"),
    "eq": ("exactly {v}", "{v}"),
    "!eq": ("other than {v}", "{v} 이외"),
    "gt": ("more than {v}", "{v} 초과"),
    "gte": ("at least {v}", "{v} 이상"),
    "bt": ("from {v} to {x}", "{v} 이상 {x} 이하"),
    "!bt": ("less than {v} or more than {x}", "{v} 미만 또는 {x} 초과"),
}
_DATE = {
    "lt": ("before {v}", "{v} 전(당일 제외)"),
    "lte": ("on or before {v}", "{v}까지"),
    "eq": ("on {v}", "{v}"),
    "!eq": ("not on {v}", "{v} 이외의 날"),
    "gt": ("after {v}", "{v} 후(당일 제외)"),
    "gte": ("on or after {v}", "{v}부터"),
    "bt": ("from {v} to {x}", "{v}부터 {x}까지"),
    "!bt": ("before {v} or after {x}", "{v} 전 또는 {x} 후"),
}
_TEXT = {
    "contains": ("containing “{v}”", "“{v}” 포함"),
    "startsWith": ("beginning with “{v}”", "“{v}” 시작"),
    "endsWith": ("ending with “{v}”", "“{v}” 끝남"),
    "eq": ("reading “{v}”", "“{v}” 일치"),
}


def compared(given: Compare, lang: Lang) -> str:
    """A comparison, with the values that are really compared."""
    if isinstance(given.value, date):
        return pick(_DATE[given.op], lang).format(v=day(given.value, lang), x=_extent_day(given, lang))
    one, many, korean = UNITS.get(given.operand, ("", "", ""))
    if lang == "ko":
        return _NUMBER[given.op][1].format(v=f"{plain(given.value)}{korean}", x=f"{_extent(given)}{korean}")
    last = given.value if given.extent is None else given.extent
    return _NUMBER[given.op][0].format(v=plain(given.value), x=_extent(given)) + (one if last == 1 else many)


def _extent(given: Compare) -> str:
    return "" if given.extent is None or isinstance(given.extent, date) else plain(given.extent)


def _extent_day(given: Compare, lang: Lang) -> str:
    return day(given.extent, lang) if isinstance(given.extent, date) else ""


def plain(value: int | float | Decimal) -> str:
    """A number without needless digits, thousands separated."""
    if isinstance(value, int):
        return f"{value:,}"
    whole = Decimal(str(value))
    text = f"{whole.normalize():,f}" if isinstance(value, Decimal | float) else str(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def day(given: date, lang: Lang) -> str:
    """A date."""
    return f"{given.year}년 {given.month}월 {given.day}일" if lang == "ko" else given.isoformat()


def written(given: TextFilter, lang: Lang) -> str:
    """What a text has to be."""
    said = pick(_TEXT[given.op.lstrip("!")], lang).format(v=given.text)
    if given.op.startswith("!"):
        return {"en": f"not {said}", "ko": f"{said} 아님"}[lang]
    return said


def listed(concepts: Sequence[Concept], names: Names, lang: Lang, exclude: bool = False) -> str:
    """One of these concepts, or none of them, by their names; with their numbers where several have one name."""
    numbers: dict[str, list[int]] = {}
    for one in concepts:
        numbers.setdefault(concept(one, lang), []).append(one.concept_id)
    called = [
        f"{name} ({', '.join(map(str, dict.fromkeys(ids)))})" if name[1:-1] in names.shared else name
        for name, ids in numbers.items()
    ]
    said = joined(called, "or", lang)
    return said if not exclude else {"en": f"other than {said}", "ko": f"{said} 제외"}[lang]


def concept(given: Concept, lang: Lang) -> str:
    """A concept by its name."""
    if given.concept_id in CONCEPTS:
        return pick(CONCEPTS[given.concept_id], lang)
    if given.concept_name:
        return f"‘{given.concept_name}’"
    return {"en": f"concept {given.concept_id}", "ko": f"개념 {given.concept_id}"}[lang]


def joined(parts: Sequence[str], word: str, lang: Lang) -> str:
    """Parts in a row; word: 'or' or 'and'."""
    if len(parts) < 2:
        return "".join(parts)
    if lang == "ko":
        between = {"or": " 또는 ", "and": ", "}[word]
        return (
            between.join(parts) if word == "and" or len(parts) == 2 else f"{', '.join(parts[:-1])}{between}{parts[-1]}"
        )
    return f"{', '.join(parts[:-1])} {word} {parts[-1]}"


def in_set(number: int, excluded: bool, names: Names, lang: Lang) -> str:
    """Membership of a concept set."""
    name = set_name(number, names, lang)
    if lang == "ko":
        return f"{name}에 없는 것" if excluded else f"{name} 중 하나"
    return f"none of {name}" if excluded else f"one of {name}"


def filled(empty: bool, lang: Lang) -> str:
    """Whether anything is recorded."""
    return {"en": "not recorded" if empty else "recorded", "ko": "기록 없음" if empty else "기록 있음"}[lang]


def set_name(number: int, names: Names, lang: Lang) -> str:
    """The name of a concept set, in quotation marks."""
    return {"en": f"“{names.sets[number]}”", "ko": f"「{names.sets[number]}」"}[lang]


def times(count: int, one: str, many: str) -> str:
    """'1 visit', '3 visits'."""
    return f"{count:,} {one if count == 1 else many}"


def period(start: date | None, end: date | None, lang: Lang) -> str:
    """A stretch of calendar time that may be open."""
    if start and start == end:
        return day(start, lang) if lang == "ko" else f"of {start}"
    if lang == "ko":
        return " ".join([*([f"{day(start, lang)}부터"] if start else []), *([f"{day(end, lang)}까지"] if end else [])])
    if start and end:
        return f"from {start} to {end}"
    return f"from {start} on" if start else f"up to {end}"
