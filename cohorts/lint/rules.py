"""Rules that can never match or always do, as far as the definition itself tells."""

from __future__ import annotations

from collections.abc import Iterator

from cohorts.expression import Expression
from cohorts.expression.base import DateRange, NumericRange, Period
from cohorts.expression.groups import CorrelatedCriteria, CriteriaGroup, Window
from cohorts.expression.paths import Steps, walk
from cohorts.lint.findings import Finding, finding


def rules(expression: Expression) -> Iterator[Finding]:
    """Contradictions and tautologies."""
    for steps, part in walk(expression):
        if isinstance(part, NumericRange | DateRange):
            yield from _range(steps, part)
        elif isinstance(part, Period):
            yield from _period(steps, part)
        elif isinstance(part, CorrelatedCriteria):
            yield from _count(steps, part)
        elif isinstance(part, Window):
            yield from _window(steps, part)
        elif isinstance(part, CriteriaGroup):
            yield from _group(steps, part)
    yield from _lookback(expression)
    for position, rule in enumerate(expression.inclusion_rules):
        if rule.expression.is_empty:
            yield finding(
                "rule_empty", "warning", ("InclusionRules", position),
                "This inclusion rule asks for nothing, so every entry keeps it; add a criterion or remove the rule.",
                "이 포함 규칙에는 조건이 없어 모든 진입이 통과합니다. 조건을 넣거나 규칙을 지우십시오.",
            )  # fmt: skip


def _never(steps: Steps, en: str, ko: str) -> Finding:
    return finding("never_matches", "warning", steps, f"This can never hold: {en}.", f"절대 성립할 수 없습니다: {ko}.")


def _always(steps: Steps, en: str, ko: str) -> Finding:
    return finding("always_matches", "warning", steps, f"This always holds: {en}.", f"항상 성립합니다: {ko}.")


def _range(steps: Steps, given: NumericRange | DateRange) -> Iterator[Finding]:
    low, high = given.value, given.extent
    if high is None or not low > high:  # type: ignore[operator]  # both are numbers, or both dates
        return
    if given.op == "bt":
        yield _never(steps, f"nothing lies between {low} and {high}", f"{low}와(과) {high} 사이에 드는 값은 없습니다")
    elif given.op == "!bt":
        yield _always(steps, f"everything lies outside {low} to {high}", f"모든 값이 {low}~{high}의 바깥에 있습니다")


def _period(steps: Steps, given: Period) -> Iterator[Finding]:
    first, last = given.start_date, given.end_date
    if first and last and first > last:
        yield _never(
            steps,
            f"the period starts on {first}, after its end {last}",
            f"기간의 시작 {first}이 끝 {last}보다 늦습니다",
        )


def _window(steps: Steps, given: Window) -> Iterator[Finding]:
    if given.start.days is None or given.end.days is None:
        return
    first, last = given.start.coeff * given.start.days, given.end.coeff * given.end.days
    if first > last:
        yield _never(
            steps, f"the window starts on day {first} and ends before, on day {last}",
            f"창이 {first}일에 시작해 그보다 앞선 {last}일에 끝나므로 어떤 사건도 들지 않습니다",
        )  # fmt: skip


def _count(steps: Steps, given: CorrelatedCriteria) -> Iterator[Finding]:
    occurrence, here = given.occurrence, (*steps, "Occurrence")
    if occurrence.type == 2 and occurrence.count == 0:
        yield _always(here, "'at least 0' asks for nothing", "'0회 이상'은 아무것도 요구하지 않습니다")
    if occurrence.type != 2 and occurrence.count < 0:
        yield _never(here, "no count is below zero", "횟수는 음수가 될 수 없습니다")


def _group(steps: Steps, given: CriteriaGroup) -> Iterator[Finding]:
    size = len(given.criteria_list) + len(given.demographic_criteria_list) + len(given.groups)
    count = given.count or 0
    if not size:
        return
    if given.type == "AT_LEAST" and count > size:
        yield _never(
            steps, f"at least {count} of {size} criteria are asked for",
            f"조건 {size}개 가운데 {count}개 이상을 요구합니다",
        )  # fmt: skip
    if given.type == "AT_LEAST" and count == 0:
        yield _always(steps, "at least 0 criteria are asked for", "0개 이상을 요구합니다")
    if given.type == "AT_MOST" and count >= size:
        yield _always(
            steps, f"at most {count} of {size} criteria may hold", f"조건 {size}개 가운데 {count}개 이하를 요구합니다"
        )
    if given.type == "AT_MOST" and count < 0:
        yield _never(steps, "no count is below zero", "개수는 음수가 될 수 없습니다")


def _lookback(expression: Expression) -> Iterator[Finding]:
    """Absence that is asked for over more days than observation is asked for: nobody looked there.

    One finding for each side, at the first such criterion, with the longest stretch. Criteria that look outside of
    observation on purpose are left out.
    """
    required = expression.primary_criteria.observation_window
    sides = {"before": (required.prior_days, list[Far]()), "after": (required.post_days, list[Far]())}
    for steps, part in walk(expression):
        if isinstance(part, CorrelatedCriteria) and _asks_for_absence(steps, part):
            window = part.start_window
            before = -(window.start.coeff * window.start.days) if window.start.days is not None else None
            after = window.end.coeff * window.end.days if window.end.days is not None else None
            for side, days in (("before", before), ("after", after)):
                if days is not None and days > max(sides[side][0], 0):
                    sides[side][1].append((days, steps))
    for side, (sure, far) in sides.items():
        if far:
            longest, korean = max(days for days, _ in far), {"before": "이전", "after": "이후"}[side]
            many = len(far) > 1
            yield finding(
                "outside_observation", "note", (*far[0][1], "StartWindow"),
                f"Absence is asked for over {'up to ' if many else ''}{longest} days {side} the entry"
                f"{f' (in {len(far)} criteria)' if many else ''}, but only {sure} days of observation are required: who was "
                "observed shorter counts as without the event.",
                f"진입 {korean} {'최대 ' if many else ''}{longest}일 동안 사건이 없을 것을 요구하지만"
                f"{f'(조건 {len(far)}개)' if many else ''} 관찰 기간은 {sure}일만 요구합니다. 더 짧게 관찰된 사람은 사건이 없는 것으로 "
                "셉니다.",
            )  # fmt: skip


Far = tuple[int, Steps]


def _asks_for_absence(steps: Steps, given: CorrelatedCriteria) -> bool:
    if steps[0] not in {"InclusionRules", "AdditionalCriteria"} or "CorrelatedCriteria" in steps:
        return False
    return given.occurrence.type != 2 and given.occurrence.count >= 0 and not given.ignore_observation_period
