"""Groups of criteria as numbered clauses, nested as they are nested."""

from __future__ import annotations

from dataclasses import dataclass

from cohorts.expression.criteria import CustomEra
from cohorts.expression.groups import CorrelatedCriteria, CriteriaGroup, Criterion, DemographicCriteria
from cohorts.prose import attributes, counted, values
from cohorts.prose.clauses import Clause
from cohorts.prose.korean import closed
from cohorts.prose.names import Names
from cohorts.prose.windows import ENTRY, Index
from cohorts.prose.words import Lang


@dataclass(frozen=True)
class Speaker:
    """Writes in one language. names: of concept sets and concepts; index: the event from whose dates days are counted."""

    lang: Lang
    names: Names
    index: Index = ENTRY

    def event(self, criterion: Criterion) -> Clause:
        """An event that is looked for, and below it what must hold around it."""
        named = counted.noun(criterion, False, self.names, self.lang)
        said = counted.bracketed(counted.details(criterion, self.names, self.lang))
        group = None if isinstance(criterion.event, CustomEra) else criterion.event.correlated_criteria
        if self.lang == "ko":
            text = f"{counted.having(group, 'ko')}{named}{said.lstrip()}"
        else:
            article = "An" if named[0] in "aeio" else "A"  # a use, an observation
            text = f"{article} {named}{said}{counted.having(group, 'en')}"
        return self._ended(text, self.below(criterion))

    def below(self, criterion: Criterion) -> tuple[Clause, ...]:
        """What an event consists of (a custom era), or what must hold around it."""
        event = criterion.event
        if isinstance(event, CustomEra):
            return (self._made_of(event),)
        group = event.correlated_criteria
        if group is None or group.is_empty:
            return ()
        return Speaker(self.lang, self.names, Index(criterion.kind)).members(group)

    def group(self, group: CriteriaGroup) -> tuple[Clause, ...]:
        """A group: its members alone where one simply has to hold, else one clause that says how many have to."""
        members = self.members(group)
        if len(members) == 1 and _is_its_member(group):
            return members
        return (self._ended(lead(group, self.lang), members),)

    def rule(self, group: CriteriaGroup) -> tuple[tuple[str, ...], tuple[Clause, ...]]:
        """The group of a whole rule: a sentence before its clauses where there are several."""
        members = self.members(group)
        if group.is_empty:
            return (_nothing(self.lang),), ()
        if len(members) == 1 and _is_its_member(group):
            return (), members
        return (f"{lead(group, self.lang)}:",), members

    def members(self, group: CriteriaGroup) -> tuple[Clause, ...]:
        """The members of a group."""
        found = [self.counted(one) for one in group.criteria_list]
        found += [Clause(self.person(one)) for one in group.demographic_criteria_list]
        for inner in group.groups:
            found += [Clause(_nothing(self.lang))] if inner.is_empty else self.group(inner)
        return tuple(found)

    def counted(self, one: CorrelatedCriteria) -> Clause:
        """How often an event has to occur, in which days."""
        return self._ended(counted.sentence(one, self.index, self.names, self.lang), self.below(one.criteria))

    def person(self, one: DemographicCriteria) -> str:
        """Who the person has to be on the index date."""
        said = attributes.of_person(one, self.names, self.lang)
        day = self.index.day(False, self.lang)
        if not said:
            return {"en": "Whoever the person is (which always holds).", "ko": "누구든 해당함(항상 성립함)."}[self.lang]
        if self.lang == "ko":
            return closed(f"{day}에 {', '.join(said)}")
        return f"On {day}: {'; '.join(said)}."

    def _made_of(self, event: CustomEra) -> Clause:
        gap = event.gap_days or 0
        text = {
            "en": f"Made of these events, joined where at most {values.times(gap, 'day', 'days')} lie between them:",
            "ko": f"다음 사건의 기간을 합친 것(간격이 {gap:,}일 이내이면 이어진 것으로 봄):",
        }[self.lang]
        return Clause(text, tuple(self.event(part) for part in event.criteria_list))

    def _ended(self, text: str, parts: tuple[Clause, ...]) -> Clause:
        return Clause(f"{text}{':' if parts else '.'}", parts)


def _is_its_member(group: CriteriaGroup) -> bool:
    return group.type in ("ALL", "ANY") or (group.type == "AT_LEAST" and group.count in (1, -1))


def _nothing(lang: Lang) -> str:
    return {"en": "No condition (which always holds).", "ko": "조건 없음(항상 성립함)."}[lang]


def lead(group: CriteriaGroup, lang: Lang) -> str:
    """How many of a group's members have to hold."""
    n = group.count or 0
    if group.type == "AT_MOST" and n == 0:
        return {"en": "None of these holds", "ko": "다음 중 어느 것에도 해당하지 않음"}[lang]
    if group.type == "AT_LEAST" and n <= 0:
        if n == 0:
            return {
                "en": "Any number of these, or none (which always holds)",
                "ko": "다음을 몇 가지 만족하든 관계없음(항상 성립함)",
            }[lang]
        n = 1
    if group.type == "AT_MOST" and n < 0:
        return {
            "en": "Fewer than none of these (which never holds)",
            "ko": "다음 중 만족하는 것이 0가지 미만임(성립할 수 없음)",
        }[lang]
    return {
        "ALL": ("All of these hold", "다음을 모두 만족함"),
        "ANY": ("At least one of these holds", "다음 중 하나 이상을 만족함"),
        "AT_LEAST": (f"At least {n} of these hold", f"다음 중 {n}가지 이상을 만족함"),
        "AT_MOST": (f"At most {n} of these hold", f"다음 중 만족하는 것이 {n}가지 이하임"),
    }[group.type][lang == "ko"]
