"""The sections on who enters: entry events, further conditions, inclusion rules, and which events are left of each."""

from __future__ import annotations

from collections.abc import Iterator

from cohorts.expression.cohort import Expression, InclusionRule
from cohorts.prose.clauses import Section
from cohorts.prose.groups import Speaker
from cohorts.prose.names import one_line
from cohorts.prose.values import times
from cohorts.prose.words import Lang


def sections(given: Expression, speaker: Speaker) -> Iterator[Section]:
    """Entry events, additional criteria, inclusion rules."""
    limits = _Limits(given, speaker.lang)
    yield _entry(given, speaker, limits)
    additional = given.additional_criteria
    if additional is not None and (not additional.is_empty or limits.qualified):
        before, clauses = ((), ()) if additional.is_empty else speaker.rule(additional)
        yield Section(
            {"en": "Further conditions on the entry event", "ko": "진입 사건의 추가 조건"}[speaker.lang],
            before=before, clauses=clauses, after=limits.qualified or limits.unruled,
        )  # fmt: skip
    if given.inclusion_rules:
        yield Section(
            {"en": "Inclusion rules", "ko": "포함 규칙"}[speaker.lang],
            before=(" ".join([_all_rules(given, speaker.lang), *limits.expression]),),
        )
        for number, rule in enumerate(given.inclusion_rules, 1):
            yield _rule(number, rule, speaker)


def _all_rules(given: Expression, lang: Lang) -> str:
    n = len(given.inclusion_rules)
    if n == 1:
        return {
            "en": "An entry event counts only if it keeps this rule.",
            "ko": "다음 규칙을 지킨 진입 사건만 인정함.",
        }[lang]
    return {
        "en": f"An entry event counts only if it keeps all {n} rules.",
        "ko": f"다음 규칙 {n}개를 모두 지킨 진입 사건만 인정함.",
    }[lang]


def _rule(number: int, given: InclusionRule, speaker: Speaker) -> Section:
    before, clauses = speaker.rule(given.expression)
    name = f" {one_line(given.name)}" if given.name else ""
    return Section(
        f"{ {'en': 'Rule', 'ko': '규칙'}[speaker.lang] } {number}.{name}", quoted=(given.description or "").strip() or None,
        before=before, clauses=clauses, level=2,
    )  # fmt: skip


def _entry(given: Expression, speaker: Speaker, limits: _Limits) -> Section:
    lang, primary = speaker.lang, given.primary_criteria
    one = len(primary.criteria_list) == 1
    heading = {"en": "Entry event and index date", "ko": "진입 사건과 기준일"}[lang]
    lead = {
        ("en", True): "A person enters with this event; its start is the index date:",
        ("en", False): "A person enters with any of these events; its start is the index date:",
        ("ko", True): "다음 사건이 있는 사람을 대상으로 하며, 그 시작일을 기준일로 함.",
        ("ko", False): "다음 사건 중 하나라도 있는 사람을 대상으로 하며, 그 시작일을 기준일로 함.",
    }[lang, one]
    after = (" ".join([_observed(given, lang), *limits.primary, *(limits.expression if limits.is_last else ())]),)
    return Section(heading, before=(lead,), clauses=tuple(speaker.event(c) for c in primary.criteria_list), after=after)


def _observed(given: Expression, lang: Lang) -> str:
    window = given.primary_criteria.observation_window
    before, after = window.prior_days, window.post_days
    if lang == "ko":
        asked = [f"기준일 전 {before:,}일 이상"] * bool(before) + [f"기준일 뒤 {after:,}일 이상"] * bool(after)
        if not asked:
            return "기준일은 관찰 기간 안에 있어야 함."
        return f"기준일은 관찰 기간 안에 있어야 하며, 그 기간이 {', '.join(asked)} 이어져야 함."
    asked = [f"at least {times(before, 'day', 'days')} before it"] * bool(before)
    asked += [f"at least {times(after, 'day', 'days')} after it"] * bool(after)
    if not asked:
        return "The index date lies within an observation period."
    return f"The index date lies within an observation period that reaches {' and '.join(asked)}."


class _Limits:
    """Which of a person's events each step leaves; a limit that finds one event per person has nothing left to do."""

    def __init__(self, given: Expression, lang: Lang) -> None:
        primary = given.primary_criteria.primary_criteria_limit.type or "All"
        asks = given.additional_criteria is not None
        qualified = (given.qualified_limit.type or "All") if asks else "All"
        expression = given.expression_limit.type or "All"
        asks_more = asks and not given.additional_criteria.is_empty  # type: ignore[union-attr]
        later = asks_more or bool(given.inclusion_rules)
        first = (_PRIMARY if later else _UNRULED)[primary] if primary != "All" else None
        self.primary = (first[lang == "ko"],) if first else ()
        left = primary == "All"
        self.qualified = (_QUALIFIED[qualified][lang == "ko"],) if left and qualified != "All" else ()
        left = left and qualified == "All"
        # Where the expression limit is said: with the rules, else with the additional criteria, else with the entry event.
        self.is_last = not given.inclusion_rules and not asks_more
        said = _UNRULED[expression] if self.is_last else _EXPRESSION[expression]
        self.expression = (said[lang == "ko"],) if left else ()
        if not left and expression == "Last":  # ATLAS writes 'First' unasked
            self.expression = (_IDLE[lang == "ko"],)
        self.unruled = self.expression if asks_more and not given.inclusion_rules else ()


_PRIMARY = {
    "First": (
        "Only the earliest of a person's entry events is looked at; if it fails a later condition, no other takes its place.",
        "한 사람의 진입 사건 중 가장 이른 하나만 보며, 그 사건이 뒤의 조건을 지키지 못해도 다른 사건으로 대신하지 않음.",
    ),
    "Last": (
        "Only the latest of a person's entry events is looked at; if it fails a later condition, no other takes its place.",
        "한 사람의 진입 사건 중 가장 늦은 하나만 보며, 그 사건이 뒤의 조건을 지키지 못해도 다른 사건으로 대신하지 않음.",
    ),
}
_QUALIFIED = {
    "First": (
        "Only the earliest of a person's events up to here goes on; if it fails an inclusion rule, no other takes its place.",
        "여기까지 남은 한 사람의 사건 중 가장 이른 하나만 넘기며, 그 사건이 포함 규칙을 지키지 못해도 다른 사건으로 대신하지 않음.",
    ),
    "Last": (
        "Only the latest of a person's events up to here goes on; if it fails an inclusion rule, no other takes its place.",
        "여기까지 남은 한 사람의 사건 중 가장 늦은 하나만 넘기며, 그 사건이 포함 규칙을 지키지 못해도 다른 사건으로 대신하지 않음.",
    ),
}
_EXPRESSION = {
    "First": (
        "Of a person's events that meet all of this, only the earliest counts.",
        "모든 조건을 지킨 한 사람의 사건이 여럿이면 가장 이른 하나만 인정함.",
    ),
    "Last": (
        "Of a person's events that meet all of this, only the latest counts.",
        "모든 조건을 지킨 한 사람의 사건이 여럿이면 가장 늦은 하나만 인정함.",
    ),
    "All": (
        "Every event that meets all of this counts, so that a person may enter more than once.",
        "모든 조건을 지킨 사건을 전부 인정하므로 한 사람이 여러 번 들어올 수 있음.",
    ),
}
_UNRULED = {
    "First": ("Only the earliest of a person's events counts.", "한 사람의 사건이 여럿이면 가장 이른 하나만 인정함."),
    "Last": ("Only the latest of a person's events counts.", "한 사람의 사건이 여럿이면 가장 늦은 하나만 인정함."),
    "All": (
        "Every such event counts, so that a person may enter more than once.",
        "이런 사건을 전부 인정하므로 한 사람이 여러 번 들어올 수 있음.",
    ),
}
_IDLE = (
    "The limit to the latest event changes nothing, because one event per person is left already.",
    "가장 늦은 사건만 인정한다는 제한은, 이미 한 사람에 한 사건만 남아 있으므로 효과가 없음.",
)
