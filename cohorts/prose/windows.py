"""The days in which an event has to lie, as circe-be takes them.

A missing UseEventEnd means the event's start in StartWindow but its end in EndWindow; a missing UseIndexEnd the index
event's start in both. An open side reaches to the observation period's boundary, or anywhere where it is ignored.
"""

from __future__ import annotations

from dataclasses import dataclass

from cohorts.expression.groups import CorrelatedCriteria, Endpoint, Window
from cohorts.prose.values import times
from cohorts.prose.words import KINDS, Lang, pick


@dataclass(frozen=True)
class Index:
    """How the event is called from whose dates days are counted. kind: of a nested criterion; None: the entry event."""

    kind: str | None = None

    def day(self, end: bool, lang: Lang, again: bool = False) -> str:
        """Its start, or its end; again: its other date was just named."""
        side = {"en": "last day" if end else "first day", "ko": "종료일" if end else "시작일"}[lang]
        if self.kind is None:
            if end:
                return {"en": "the last day of the entry event", "ko": "진입 사건 종료일"}[lang]
            return {"en": "the index date", "ko": "기준일"}[lang]
        if again:
            return {"en": f"its {side}", "ko": side}[lang]
        one, _, korean, _ = KINDS[self.kind]
        return f"그 {korean} {side}" if lang == "ko" else f"the {side} of that {one}"

    def itself(self, lang: Lang) -> str:
        """The event itself."""
        if self.kind is None:
            return {"en": "the entry event", "ko": "진입 사건"}[lang]
        return f"그 {KINDS[self.kind][2]}" if lang == "ko" else f"that {KINDS[self.kind][0]}"


ENTRY = Index()


@dataclass(frozen=True)
class _Bound:
    """One end of a window: a day, or the boundary of observation. end: whether days are counted from the index's end."""

    given: Endpoint
    end: bool

    @property
    def days(self) -> int | None:
        return None if self.given.days is None else self.given.days * self.given.coeff

    def is_usual(self, first: bool) -> bool:
        """Whether it is open towards its own side of observation, so that it says nothing."""
        return self.given.days is None and (self.given.coeff == -1) == first


@dataclass(frozen=True)
class _Span:
    """The days in which the start of an event (of_end: its end) has to lie."""

    of_end: bool
    low: _Bound
    high: _Bound

    @property
    def is_open(self) -> bool:
        return self.low.is_usual(True) and self.high.is_usual(False)


def spans(given: CorrelatedCriteria, kind: str, index: Index, lang: Lang) -> str:
    """'starting from 365 days to 1 day before the index date'; of both windows, where there are two."""
    free = given.ignore_observation_period
    found = [_read(given.start_window, bool(given.start_window.use_event_end))]
    if given.end_window is not None:
        by_end = given.end_window.use_event_end is None or given.end_window.use_event_end
        found = _together(found[0], _read(given.end_window, by_end))
    said = [_said(one, kind, index, free, lang) for one in found]
    return _korean_row(said) if lang == "ko" else " and ".join(said)


def _read(given: Window, of_end: bool) -> _Span:
    end = bool(given.use_index_end)
    return _Span(of_end, _Bound(given.start, end), _Bound(given.end, end))


def _together(one: _Span, two: _Span) -> list[_Span]:
    """Two windows; as one where they bound the same date on different sides, or where the first is open."""
    if one.of_end != two.of_end:
        return [two] if one.is_open and not one.of_end else [one, two]
    low = next((a for a, b in ((one.low, two.low), (two.low, one.low)) if b.is_usual(True)), None)
    high = next((a for a, b in ((one.high, two.high), (two.high, one.high)) if b.is_usual(False)), None)
    return [one, two] if low is None or high is None else [_Span(one.of_end, low, high)]


def _korean_row(said: list[str]) -> str:
    """'… 시작되고 … 종료된'."""
    return " ".join([*(going_on(one) for one in said[:-1]), *said[-1:]])


def going_on(said: str) -> str:
    """'… 기록된' before something further: '… 기록되고'."""
    return f"{said.removesuffix('된')}되고" if said.endswith("된") else f"{said.removesuffix('발생한')}발생하고"


def _said(given: _Span, kind: str, index: Index, free: bool, lang: Lang) -> str:
    verb = {"en": "ending", "ko": "종료된"}[lang] if given.of_end else pick(KINDS[kind][3], lang)
    if given.low.days is None and given.high.days is None and (free or given.is_open):
        if given.of_end and not free:
            return {"en": "ending within the observation period", "ko": "관찰 기간 안에 종료된"}[lang]
        return {"en": f"{verb} at any time", "ko": f"시기와 관계없이 {verb}"}[lang]
    if lang == "en":
        return f"{verb} {_english(given, index, free)}"
    return f"{_korean(given, index, free)} {verb}"


def _english(given: _Span, index: Index, free: bool) -> str:
    start, end = given.low.days, given.high.days
    first, last = index.day(given.low.end, "en"), index.day(given.high.end, "en")
    if start is None or end is None:
        return _half_open(given, first, last, free)
    if first != last:
        return f"from {_on(start, first)} to {_on(end, index.day(given.high.end, 'en', again=True))}"
    if start == end:
        return f"on {_on(start, first)}"
    if start < 0 and end < 0:
        return f"from {_amount(start)} to {_amount(end)} before {first}"
    if start > 0 and end > 0:
        return f"from {_amount(start)} to {_amount(end)} after {first}"
    if start < 0 < end:
        return f"from {_amount(start)} before to {_amount(end)} after {first}"
    if start == 0 and end > 0:
        return f"from {first} to {_amount(end)} after it"
    if start < 0 and end == 0:
        return f"from {_amount(start)} before {first} to that day itself"
    return f"from {_on(start, first)} to {_on(end, first)}"


def _half_open(given: _Span, first: str, last: str, free: bool) -> str:
    start, end = given.low.days, given.high.days
    any_time = "at any time" if free else "at any time in observation"
    if end is not None and (free or given.low.is_usual(True)):
        return f"{any_time} up to {_on(end, last)}"
    if start is not None and (free or given.high.is_usual(False)):
        return f"{any_time} from {_on(start, first)} on"
    low = _boundary(given.low) if start is None else _on(start, first)
    return f"from {low} to {_boundary(given.high) if end is None else _on(end, last)}"


def _boundary(given: _Bound) -> str:
    return "the start of observation" if given.given.coeff == -1 else "the end of observation"


def _amount(days: int) -> str:
    return times(abs(days), "day", "days")


def _on(days: int, day: str) -> str:
    return day if days == 0 else f"{_amount(days)} {'before' if days < 0 else 'after'} {day}"


def _korean(given: _Span, index: Index, free: bool) -> str:
    start, end = given.low.days, given.high.days
    first, last = index.day(given.low.end, "ko"), index.day(given.high.end, "ko")
    if free and start is None and end is not None:
        return f"{last} {_later(end)}까지 시기와 관계없이"
    if free and end is None and start is not None:
        return f"{first} {_later(start)}부터 시기와 관계없이"
    if start is not None and start == end and first == last:
        return f"{first} {_later(start)}에"
    low = _korean_boundary(given.low) if start is None else f"{first} {_later(start)}"
    if end is None:
        return f"{low}부터 {_korean_boundary(given.high)}까지"
    if start is not None and first == last:
        return f"{low}부터 {_later(end)}까지"
    again = index.day(given.high.end, "ko", again=start is not None)
    return f"{low.removesuffix(' 당일')}부터 {f'{again} {_later(end)}'.removesuffix(' 당일' if start == 0 == end else '')}까지"


def _korean_boundary(given: _Bound) -> str:
    return "관찰 시작일" if given.given.coeff == -1 else "관찰 종료일"


def _later(days: int) -> str:
    """'365일 전', '하루 전', '당일', '하루 뒤', '90일 뒤'."""
    if days == 0:
        return "당일"
    return f"{'하루' if abs(days) == 1 else f'{abs(days):,}일'} {'전' if days < 0 else '뒤'}"
