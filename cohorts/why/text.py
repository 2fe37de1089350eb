"""What is told of a person, as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from cohorts.why.told import Entry, Why

Lang = Literal["ko", "en"]


def lines(told: Why, lang: Lang) -> Iterator[str]:
    """Whether the person is in the cohort and until when; then every entry event with its steps and reasons."""
    yield _verdict(told, lang)
    for row in told.rows:
        ends = "; ".join(getattr(one, lang) for one in row.ends_by)
        if lang == "ko":
            yield f"  {row.start} ~ {row.end}" + (f" (종료 까닭: {ends})" if ends else "")
        else:
            yield f"  {row.start} to {row.end}" + (f" (ends because: {ends})" if ends else "")
    for entry in told.entries:
        yield ""
        yield from _entry(entry, lang)


def _verdict(told: Why, lang: Lang) -> str:
    if told.rows:
        return {"en": "In the cohort:", "ko": "코호트에 들어 있음."}[lang]
    if told.entries:
        nearest = told.nearest
        assert nearest is not None
        steps = ", ".join(step.said(lang) for step in nearest.broken)
        if lang == "ko":
            return f"코호트에 들어 있지 않음. 가장 가까운 사건({nearest.start_date})이 지키지 못한 것: {steps}."
        return f"Not in the cohort. The event nearest to entering ({nearest.start_date}) fails: {steps}."
    if told.records:
        return {
            "en": f"Not in the cohort: no entry event. There are {told.records} records of the concepts asked for, but none "
            "meets what else is asked of an entry event.",
            "ko": f"코호트에 들어 있지 않음. 진입 사건이 없음: 해당 개념의 기록은 {told.records}건 있으나, 진입 사건의 나머지 조건에 "
            "맞는 것이 없음.",
        }[lang]
    return {
        "en": "Not in the cohort: no entry event. There is no record of the concepts asked for.",
        "ko": "코호트에 들어 있지 않음. 진입 사건이 없음: 해당 개념의 기록이 없음.",
    }[lang]


def _entry(given: Entry, lang: Lang) -> Iterator[str]:
    until = "" if given.end_date is None else f" ~ {given.end_date}" if lang == "ko" else f" to {given.end_date}"
    entered = given.kept_out_by is None
    if lang == "ko":
        yield f"{given.start_date}{until} 사건: {'진입함' if entered else '진입하지 못함'}"
    else:
        yield f"Event of {given.start_date}{until}: {'enters' if entered else 'does not enter'}"
    for outcome in given.outcomes:
        yield f"  {'+' if outcome.passed else '-'} {outcome.step.said(lang)}"
        for reason in outcome.because:
            yield f"      {getattr(reason, lang)}"
