"""Single phrases: ranges, dates, texts, concepts, windows, counts; in Korean and English."""

from __future__ import annotations

from collections.abc import Mapping

from cohorts.expression.base import Concept, ConceptSetSelection, DateRange, NumericRange, Period, TextFilter
from cohorts.expression.cohort import ResultLimit
from cohorts.expression.groups import CriteriaGroup, Endpoint, Occurrence, Window
from cohorts.prose.words import COUNTED, Lang

_END_OF = {
    "the index date": "the end of the entry event",
    "that event": "the end of that event",
    "기준일": "진입 사건 종료일",
    "그 사건일": "그 사건의 종료일",
}
_NUMBER = {
    "lt": ("less than {v}", "{v} 미만"),
    "lte": ("at most {v}", "{v} 이하"),
    "eq": ("{v}", "{v}"),
    "!eq": ("not {v}", "{v} 아님"),
    "gt": ("more than {v}", "{v} 초과"),
    "gte": ("at least {v}", "{v} 이상"),
    "bt": ("from {v} to {x}", "{v} 이상 {x} 이하"),
    "!bt": ("outside {v} to {x}", "{v} 미만 또는 {x} 초과"),
}
_DATE = {
    "lt": ("before {v}", "{v} 이전(당일 제외)"),
    "lte": ("on or before {v}", "{v}까지"),
    "eq": ("on {v}", "{v}"),
    "!eq": ("not on {v}", "{v} 아님"),
    "gt": ("after {v}", "{v} 이후(당일 제외)"),
    "gte": ("on or after {v}", "{v}부터"),
    "bt": ("from {v} to {x}", "{v}부터 {x}까지"),
    "!bt": ("outside {v} to {x}", "{v}부터 {x}까지가 아님"),
}
_TEXT = {
    "contains": ("contains “{v}”", "“{v}” 포함"),
    "startsWith": ("starts with “{v}”", "“{v}”(으)로 시작"),
    "endsWith": ("ends with “{v}”", "“{v}”(으)로 끝남"),
    "eq": ("is “{v}”", "“{v}”와 같음"),
}


def number(given: NumericRange, lang: Lang) -> str:
    """Say a comparison with a number."""
    return _NUMBER[given.op][lang == "ko"].format(v=_plain(given.value), x=_plain(given.extent))


def _plain(value: int | float | None) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def day(given: DateRange, lang: Lang) -> str:
    """Say a comparison with a date."""
    return _DATE[given.op][lang == "ko"].format(v=given.value, x=given.extent)


def written(given: TextFilter, lang: Lang) -> str:
    """Say a comparison of a text."""
    said = _TEXT[given.op.lstrip("!")][lang == "ko"].format(v=given.text)
    return said if not given.op.startswith("!") else {"en": f"not: {said}", "ko": f"{said}: 아님"}[lang]


def period(given: Period, lang: Lang) -> str:
    """Say a stretch of calendar time."""
    start, end = given.start_date or "", given.end_date or ""
    return {"en": f"from {start or 'any date'} to {end or 'any date'}", "ko": f"{start} ~ {end}".strip()}[lang]


def listed(concepts: tuple[Concept, ...], lang: Lang, exclude: bool = False) -> str:
    """Say a plain list of concepts by their names."""
    names = [c.concept_name or str(c.concept_id) for c in concepts]
    said = ({"en": " or ", "ko": " 또는 "}[lang]).join(names)
    return said if not exclude else {"en": f"other than {said}", "ko": f"{said} 제외"}[lang]


def selected(given: ConceptSetSelection, sets: Mapping[int, str], lang: Lang) -> str:
    """Say membership of a concept set, or, without one, that something is recorded."""
    if given.codeset_id is None:
        recorded = {"en": "recorded", "ko": "기록 있음"}, {"en": "not recorded", "ko": "기록 없음"}
        return recorded[given.is_exclusion][lang]
    said = set_name(given.codeset_id, sets, lang)
    return said if not given.is_exclusion else {"en": f"not in {said}", "ko": f"{said}에 없음"}[lang]


def set_name(number_: int, sets: Mapping[int, str], lang: Lang) -> str:
    """Quote the name of a concept set."""
    name = sets.get(number_, str(number_)).strip()
    return {"en": f"“{name}”", "ko": f"「{name}」"}[lang]


def _side(end: Endpoint, first: bool, index: str, lang: Lang) -> str:
    if end.days is None or (end.coeff == 0 and end.days):
        if lang == "en":
            return "the start of observation" if first else "the end of observation"
        return "관찰 시작" if first else "관찰 종료"
    days = end.days * end.coeff
    if days == 0:
        return {"en": index, "ko": f"{index} 당일"}[lang]
    before = days < 0
    if lang == "en":
        return f"{abs(days)} day{'s' * (abs(days) != 1)} {'before' if before else 'after'} {index}"
    return f"{index} {abs(days)}일 {'전' if before else '후'}"


def window(given: Window, of_end: bool, index: str, free: bool, lang: Lang) -> str | None:
    """Say the days in which an event's start (with `of_end` its end) must lie; None where any day will do.

    index: the words for the date from which days are counted. free: the event may lie outside observation.
    """
    open_ = given.start.days is None and given.end.days is None
    if open_:
        return None
    if given.use_index_end:
        index = _END_OF[index]
    if given.use_event_end is not None:
        of_end = given.use_event_end
    start, end = _side(given.start, True, index, lang), _side(given.end, False, index, lang)
    if free and lang == "en":
        start = "any time" if given.start.days is None else start
        end = "any time" if given.end.days is None else end
    elif free:
        start = "과거 언제든" if given.start.days is None else start
        end = "이후 언제든" if given.end.days is None else end
    if lang == "en":
        verb = "ending" if of_end else "starting"
        return f"{verb} on {index}" if start == end else f"{verb} from {start} to {end}"
    verb = "종료" if of_end else "시작"
    return f"{start}에 {verb}" if start == end else f"{start}부터 {end}까지 {verb}"


def times(given: Occurrence, one: str, many: str, lang: Lang) -> str:
    """Say how many events; `one` and `many` name them (Korean has one form)."""
    n = given.count
    distinct = COUNTED[given.count_column or "DOMAIN_CONCEPT"] if given.is_distinct else None
    if lang == "ko":
        if n == 0 and given.type in (0, 1):
            return f"{one} 없음"
        what = f"서로 다른 {distinct[1]} {n}개" if distinct else f"{n}회"
        return f"{one} {what} {('정확히', '이하', '이상')[given.type]}"
    if n == 0 and given.type in (0, 1):
        return f"no {one}"
    amount = f"{('exactly', 'at most', 'at least')[given.type]} {n}"
    if distinct:
        return f"{many} with {amount} different {distinct[0]}"
    return f"{amount} {one if n == 1 else many}"


def lead(group: CriteriaGroup, lang: Lang) -> str:
    """Say how many of a group's lines have to hold."""
    n = group.count
    if group.type == "AT_MOST" and n == 0:
        return {"en": "None of these holds:", "ko": "다음 중 어느 것도 해당하지 않음:"}[lang]
    return {
        "ALL": ("All of these hold:", "다음을 모두 충족:"),
        "ANY": ("At least one of these holds:", "다음 중 하나 이상 충족:"),
        "AT_LEAST": (f"At least {n} of these hold:", f"다음 중 {n}개 이상 충족:"),
        "AT_MOST": (f"At most {n} of these hold:", f"다음 중 {n}개 이하 충족:"),
    }[group.type][lang == "ko"]


def limit(given: ResultLimit, lang: Lang, qualified: bool = False) -> str | None:
    """Say which of a person's events count (`qualified`: of those that meet all so far); None for all."""
    if given.type not in ("First", "Last"):
        return None
    if lang == "ko":
        which = {"First": "가장 이른", "Last": "가장 늦은"}[given.type]
        return f"{'위 조건을 모두 충족한' if qualified else '한 사람의'} 사건 중 {which} 것만 인정합니다."
    which = {"First": "earliest", "Last": "latest"}[given.type]
    return f"Only the {which} of a person's events{' that meet all of the above' if qualified else ''} counts."
