"""What was found against what was asked, as sentences with figures, for one event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from cohorts.expression.groups import CorrelatedCriteria
from cohorts.plan.nodes import Check, Definition, Side
from cohorts.prose.groups import Speaker
from cohorts.prose.values import times
from cohorts.why.facts import Event
from cohorts.why.questions import Answer, Leaf
from cohorts.why.told import Reason

Span = tuple[date | None, date | None]
_ASKED: Mapping[int, str] = {0: "exactly {n}", 1: "at most {n}", 2: "at least {n}"}


NEVER = Reason("no event can ever keep this", "어떤 사건도 지킬 수 없는 규칙임")


@dataclass(frozen=True)
class Speakers:
    """The words of a definition in both languages."""

    en: Speaker
    ko: Speaker


def of_criterion(leaf: Leaf, answer: Answer, event: Event, traits: tuple[str, str], speakers: Speakers) -> Reason:
    """Why a criterion came out as it did; traits: who the person is, in English and Korean."""
    if not isinstance(leaf.planned, Check) or not isinstance(leaf.given, CorrelatedCriteria):
        assert not isinstance(leaf.given, CorrelatedCriteria)
        en, ko = speakers.en.person(leaf.given).rstrip("."), speakers.ko.person(leaf.given).rstrip(".")
        verdict = ("holds", "해당함") if answer.holds else ("does not hold", "해당하지 않음")
        return Reason(f"asked: {en}; it {verdict[0]} ({traits[0]})", f"요구: {ko} / 확인: {verdict[1]}({traits[1]})")
    check, found, more = leaf.planned, answer.found or 0, answer.more
    days = _span(check.window.start_from, check.window.start_to, event)
    ends = _span(check.window.end_from, check.window.end_to, event)
    en = speakers.en.counted(leaf.given).text.rstrip(".:")
    ko = speakers.ko.counted(leaf.given).text.rstrip(".:")
    return Reason(
        f"asked: {en}; found {found:,}{' or more' if more else ''}{_days(days, ends, 'en')}",
        f"요구: {ko} / 확인: {found:,}건{' 이상' if more else ''}{_days(days, ends, 'ko')}",
        found, more, _ASKED[check.op].format(n=check.count), days, ends if ends != (None, None) else None,
    )  # fmt: skip


def _span(low: Side, high: Side, event: Event) -> Span:
    return _bound(low, event, latest=True), _bound(high, event, latest=False)


def _bound(side: Side, event: Event, latest: bool) -> date | None:
    days = [event.op_start] * side.period_start + [event.op_end] * side.period_end
    days += [_later(event.start, side.from_start)] if side.from_start is not None else []
    days += [_later(event.end, side.from_end)] if side.from_end is not None and event.end else []
    return (max if latest else min)(days, default=None)


def _later(day: date, count: int) -> date:
    """A day so many days later, as far as the calendar goes."""
    return date.fromordinal(min(max(day.toordinal() + count, 1), date.max.toordinal()))


def _days(days: Span, ends: Span, lang: Literal["en", "ko"]) -> str:
    """The days in which records were looked for."""
    words = {"en": ("starting", "ending"), "ko": ("시작", "종료")}[lang]
    said = [
        f"{word} {between}" for word, span in zip(words, (days, ends), strict=True) if (between := _between(span, lang))
    ]
    return {"en": f" ({', '.join(said)})", "ko": f"({', '.join(said)})"}[lang] if said else ""


def _between(span: Span, lang: Literal["en", "ko"]) -> str:
    first, last = span
    if first is None and last is None:
        return ""
    if first is not None and last is not None and first > last:
        return {"en": "never (the days are none)", "ko": "없음(해당하는 날이 없음)"}[lang]
    if lang == "ko":
        return f"{first or ''}~{last or ''}"
    if first is None or last is None:
        return f"from {first} on" if last is None else f"up to {last}"
    return f"on {first}" if first == last else f"{first} to {last}"


def of_observation(given: Definition, event: Event) -> tuple[Reason, ...]:
    """How long the person was observed around the event, on the sides where it is too short."""
    before, after = (event.start - event.op_start).days, (event.op_end - event.start).days
    found = []
    if before < given.prior_days:
        found.append(
            Reason(
                f"observed for {times(before, 'day', 'days')} before it (since {event.op_start}), at least {given.prior_days:,} asked",
                f"진입 전 {before:,}일 관찰됨({event.op_start}부터), {given.prior_days:,}일 이상이어야 함",
                before, asked=f"at least {given.prior_days}",
            )
        )  # fmt: skip
    if after < given.post_days:
        found.append(
            Reason(
                f"observed for {times(after, 'day', 'days')} after it (until {event.op_end}), at least {given.post_days:,} asked",
                f"진입 뒤 {after:,}일 관찰됨({event.op_end}까지), {given.post_days:,}일 이상이어야 함",
                after, asked=f"at least {given.post_days}",
            )
        )  # fmt: skip
    return tuple(found)


def of_limit(kept: date | None) -> tuple[Reason, ...]:
    """Which event was taken instead."""
    if kept is None:
        return ()
    return (Reason(f"the event of {kept} is taken", f"{kept}의 사건을 택함"),)


def outside(periods: tuple[tuple[date, date], ...]) -> tuple[Reason, ...]:
    """When the person was observed."""
    if not periods:
        return (Reason("the person has no observation period", "관찰 기간이 하나도 없음"),)
    said = ", ".join(f"{first}~{last}" for first, last in periods)
    return (Reason(f"observed only {said.replace('~', ' to ')}", f"관찰 기간은 {said}임"),)
