"""The section on when a person leaves."""

from __future__ import annotations

from collections.abc import Iterator

from cohorts.expression.cohort import CustomEraExit, DateOffset, Expression
from cohorts.prose import values
from cohorts.prose.clauses import Section
from cohorts.prose.groups import Speaker
from cohorts.prose.names import Names
from cohorts.prose.notes import is_single
from cohorts.prose.values import times
from cohorts.prose.words import Lang


def section(given: Expression, speaker: Speaker) -> Section:
    """How an entry ends, what ends it earlier, what becomes one."""
    lang, censoring = speaker.lang, given.censoring_criteria or ()
    before = [_end(given, speaker.names, lang)]
    if censoring:
        before.append(
            {
                "en": "It ends earlier, on the first day from the index date on with one of these events:",
                "ko": "기준일 당일 또는 그 뒤에 다음 사건이 있으면 그중 가장 이른 날 종료함.",
            }[lang]
        )
    return Section(
        {"en": "When a person leaves", "ko": "코호트 종료"}[lang], before=tuple(before),
        clauses=tuple(speaker.event(one) for one in censoring), after=tuple(_joined(given, lang)),
    )  # fmt: skip


def _end(given: Expression, names: Names, lang: Lang) -> str:
    strategy = given.end_strategy
    if strategy is None:
        return {"en": "The entry ends with the observation period.", "ko": "관찰 기간이 끝나는 날 종료함."}[lang]
    if strategy.date_offset is not None:
        return _offset(strategy.date_offset, lang)
    assert strategy.custom_era is not None
    return _drug(strategy.custom_era, names, lang)


def _offset(given: DateOffset, lang: Lang) -> str:
    of_end, days = given.date_field == "EndDate", given.offset
    never = (
        ""
        if days >= 0
        else {
            "en": " An entry that would end before it starts is dropped.",
            "ko": " 시작 전에 종료되는 구간은 제외함.",
        }[lang]
    )
    if lang == "ko":
        base = "진입 사건의 종료일" if of_end else "기준일"
        when = f"{base} 당일" if days == 0 else f"{base}로부터 {abs(days):,}일 {'뒤' if days > 0 else '전'}"
        return f"{when}에 종료하되, 관찰 기간이 먼저 끝나면 그날 종료함.{never}"
    base = "the last day of the entry event" if of_end else "the index date"
    when = (
        f"on {base}" if days == 0 else f"{times(abs(days), 'day', 'days')} {'after' if days > 0 else 'before'} {base}"
    )
    return f"The entry ends {when}, or with the observation period if that comes first.{never}"


def _drug(given: CustomEraExit, names: Names, lang: Lang) -> str:
    name = values.set_name(given.drug_codeset_id, names, lang)
    gap, more, supply = given.gap_days, given.offset, given.days_supply_override
    if lang == "ko":
        bridged = (
            f"사용 사이의 간격이 {gap:,}일 이내이면 이어진 것으로 봄"
            if gap
            else "사용 사이에 간격이 있으면 끝난 것으로 봄"
        )
        said = f"{name} 약물의 연속 사용이 끝나는 날 종료하되({bridged}"
        said += f", 끝난 뒤 {more:,}일을 더함" if more else ""
        said += f", 한 번의 처방은 모두 {supply:,}일분으로 봄" if supply is not None else ""
        return (
            f"{said}), 관찰 기간이 먼저 끝나거나 기준일에 그 약물을 사용하고 있지 않으면 관찰 기간이 끝나는 날 종료함."
        )
    bridged = f"gaps of up to {times(gap, 'day', 'days')} are bridged" if gap else "any gap ends it"
    said = f"The entry ends when continuous use of drugs of {name} ends ({bridged}"
    said += f", {times(more, 'day', 'days')} added at the end" if more else ""
    said += f", every supply taken as {times(supply, 'day', 'days')}" if supply is not None else ""
    return f"{said}), or with the observation period if that comes first or the index date lies in no such use."


def _joined(given: Expression, lang: Lang) -> Iterator[str]:
    pad, idle = given.collapse_settings.era_pad, ""
    if is_single(given):
        idle = {
            "en": " (nothing to join: a person has one entry)",
            "ko": "(한 사람에 구간이 하나이므로 합칠 것이 없음)",
        }[lang]
    if pad:
        yield {
            "en": f"A person's entries become one where they overlap or are at most {times(pad, 'day', 'days')} apart{idle}.",
            "ko": f"한 사람의 구간이 겹치거나 간격이 {pad:,}일 이내이면 하나로 합침{idle}.",
        }[lang]
    elif not idle:
        joined = {
            "en": "A person's entries become one where they overlap.",
            "ko": "한 사람의 구간이 겹치면 하나로 합침.",
        }
        yield joined[lang]
    window = given.censor_window
    if window and (window.start_date or window.end_date):
        said = values.period(window.start_date, window.end_date, lang)
        yield {
            "en": f"Only the time {said} counts: entries are cut to it, and dropped where they lie outside.",
            "ko": f"{said}의 기간만 인정하여, 구간을 그 안으로 자르고 벗어난 구간은 제외함.",
        }[lang]
