"""An event and its attributes, a criterion with its windows, a group with its lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from cohorts.expression.base import ConceptSetSelection, DateAdjustment, DateRange, NumericRange, Period, TextFilter
from cohorts.expression.criteria import Event
from cohorts.expression.groups import CorrelatedCriteria, CriteriaGroup, Criterion, DemographicCriteria
from cohorts.prose import phrases
from cohorts.prose.words import ATTRIBUTES, KINDS, Lang

_ELSEWHERE = {"codeset_id", "correlated_criteria", "criteria_list"}


@dataclass(frozen=True)
class Speaker:
    """Writes in one language. sets: concept set number -> name; index: the date that windows count from."""

    lang: Lang
    sets: Mapping[int, str]
    index: str

    def event(self, criterion: Criterion) -> str:
        """Name the event and, in brackets, what it must be like."""
        named = self._named(criterion, plural=False)
        article = {"en": "An " if named[0] in "aeiou" else "A ", "ko": ""}[self.lang]
        return article + named + self._bracketed(self.details(criterion.event))

    def lines(self, criterion: Criterion, depth: int) -> list[str]:
        """List what must hold around the event, below it: nested criteria, and the parts of a custom era."""
        inner = replace(self, index={"en": "that event", "ko": "그 사건일"}[self.lang])
        out: list[str] = []
        event = criterion.event
        for part in getattr(event, "criteria_list", ()):
            out.append(_bullet(depth, inner.event(part)))
            out += inner.lines(part, depth + 1)
        group = event.correlated_criteria
        return out + (inner.group(group, depth) if group and not group.is_empty else [])

    def group(self, group: CriteriaGroup, depth: int) -> list[str]:
        """List a group: its heading (unless one line simply must hold), then its lines one level deeper."""
        inner = [g for g in group.groups if not g.is_empty]
        lines = len(group.criteria_list) + len(group.demographic_criteria_list) + len(inner)
        plain = lines == 1 and (group.type in ("ALL", "ANY") or (group.type == "AT_LEAST" and group.count == 1))
        out = [] if plain else [_bullet(depth, phrases.lead(group, self.lang))]
        depth = depth - 1 if plain else depth
        for one in group.criteria_list:
            out.append(_bullet(depth + 1, self.counted(one)))
            out += self.lines(one.criteria, depth + 2)
        out += [_bullet(depth + 1, self.person(one)) for one in group.demographic_criteria_list]
        for one_group in inner:
            out += self.group(one_group, depth + 1)
        return out

    def counted(self, one: CorrelatedCriteria) -> str:
        """Say how often an event occurs, in which days, and what it must be like."""
        said = phrases.times(
            one.occurrence, self._named(one.criteria, False), self._named(one.criteria, True), self.lang
        )
        free = one.ignore_observation_period
        days = [phrases.window(one.start_window, False, self.index, free, self.lang)]
        if one.end_window:
            days.append(phrases.window(one.end_window, True, self.index, free, self.lang))
        when = [d for d in days if d]
        details = self.details(one.criteria.event)
        if not when:
            when = [{"en": "at any time", "ko": "기간 제한 없음"}[self.lang]]
        if one.restrict_visit:
            details.append({"en": "during the same visit", "ko": "같은 방문 중"}[self.lang])
        if free:
            details.append({"en": "also outside the observation period", "ko": "관찰 기간 밖도 포함"}[self.lang])
        if self.lang == "ko":
            return said + self._bracketed([*when, *details])
        return f"{said[0].upper()}{said[1:]} {' and '.join(when)}{self._bracketed(details)}"

    def person(self, one: DemographicCriteria) -> str:
        """Say who the person is on the index date."""
        at = {"en": f"On {self.index}", "ko": f"{self.index}에"}[self.lang]
        said = [
            text.replace(*{"en": ("age at its start", "age"), "ko": ("시작 시 나이", "나이")}[self.lang])
            for text in self.details(one)
        ]
        return f"{at}: {', '.join(said)}"

    def details(self, event: Event | DemographicCriteria) -> list[str]:
        """List the attributes that are given, in the order of the model."""
        said = [self._detail(event, name) for name in type(event).model_fields if name not in _ELSEWHERE]
        return [text for text in said if text]

    def _detail(self, event: Event | DemographicCriteria, name: str) -> str | None:
        value = getattr(event, name)
        if name.endswith("_exclude") or value is None or value is False or value == ():
            return None
        if name == "first":
            return {"en": "the first in the person's history", "ko": "생애 최초"}[self.lang]
        if name == "abnormal":
            return {"en": "abnormal result", "ko": "비정상 결과"}[self.lang]
        if isinstance(value, DateAdjustment):
            return self._moved(value)
        label = ATTRIBUTES[name.removesuffix("_cs")][self.lang == "ko"]
        return f"{label} {self._value(value, bool(getattr(event, f'{name}_exclude', False)), name)}"

    def _value(self, value: object, exclude: bool, name: str) -> str:
        lang = self.lang
        if isinstance(value, NumericRange):
            return phrases.number(value, lang)
        if isinstance(value, DateRange):
            return phrases.day(value, lang)
        if isinstance(value, TextFilter):
            return phrases.written(value, lang)
        if isinstance(value, Period):
            return phrases.period(value, lang)
        if isinstance(value, ConceptSetSelection):
            return phrases.selected(value, self.sets, lang)
        if isinstance(value, tuple):
            return phrases.listed(value, lang, exclude)
        assert isinstance(value, int), name
        return str(value) if name == "gap_days" else phrases.set_name(value, self.sets, lang)

    def _moved(self, value: DateAdjustment) -> str | None:
        sides = []
        for with_, offset in ((value.start_with, value.start_offset), (value.end_with, value.end_offset)):
            base = {"START_DATE": ("start", "시작일"), "END_DATE": ("end", "종료일")}[with_][self.lang == "ko"]
            plus = f"{offset:+d}" if offset else ""
            sides.append(
                {"en": f"its {base}{plus and f' {plus} days'}", "ko": f"{base}{plus and f' {plus}일'}"}[self.lang]
            )
        return {"en": f"counted from {sides[0]} to {sides[1]}", "ko": f"{sides[0]}부터 {sides[1]}까지로 봄"}[self.lang]

    def _named(self, criterion: Criterion, plural: bool) -> str:
        one, many, korean = KINDS[criterion.kind]
        number: int | None = getattr(criterion.event, "codeset_id", None)
        if number is None:
            return korean if self.lang == "ko" else many if plural else one
        name = phrases.set_name(number, self.sets, self.lang)
        return f"{name} {korean}" if self.lang == "ko" else f"{many if plural else one} of {name}"

    def _bracketed(self, details: list[str]) -> str:
        return f" ({'; '.join(details)})" if details else ""


def _bullet(depth: int, text: str) -> str:
    return f"{'  ' * depth}- {text}"
