"""What comes of the rules at this hospital, as far as can be told without running them: never, always, or it depends."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from cohorts.expression import Expression
from cohorts.expression.groups import CorrelatedCriteria, CriteriaGroup, Criterion, DemographicCriteria, Window
from cohorts.lint.findings import Finding, finding

Truth = bool | None  # None: it depends on the person


def outcomes(expression: Expression, absent: Collection[int]) -> Iterator[Finding]:
    """Entry events, additional criteria and rules that never or always hold here.

    absent: criteria (by identity) of which the hospital has no record.
    """
    primary = expression.primary_criteria.criteria_list
    if all(_matches(criterion, absent) is False for criterion in primary):
        yield finding(
            "nobody_enters", "error", ("PrimaryCriteria", "CriteriaList"),
            "This hospital has no record that could be an entry event, so nobody enters.",
            "이 병원에는 진입 사건이 될 수 있는 기록이 없어 아무도 들어오지 않습니다.",
        )  # fmt: skip
    additional = expression.additional_criteria
    if additional is not None and _group(additional, absent) is False:
        yield finding(
            "nobody_enters", "error", ("AdditionalCriteria",),
            "No entry event can meet the additional criteria here, so nobody enters.",
            "여기서는 어떤 진입 사건도 추가 조건을 충족할 수 없어 아무도 들어오지 않습니다.",
        )  # fmt: skip
    for position, rule in enumerate(expression.inclusion_rules):
        here, held = ("InclusionRules", position), _group(rule.expression, absent)
        if held is False:
            yield finding(
                "rule_never", "error", here,
                f"No entry can keep rule {position + 1} here, so nobody enters.",
                f"여기서는 어떤 진입도 규칙 {position + 1}을(를) 지킬 수 없어 아무도 들어오지 않습니다.",
            )  # fmt: skip
        elif held and not rule.expression.is_empty:
            yield finding(
                "rule_always", "warning", here,
                f"Every entry keeps rule {position + 1} here: it leaves nobody out.",
                f"여기서는 모든 진입이 규칙 {position + 1}을(를) 지키므로 아무도 걸러지지 않습니다.",
            )  # fmt: skip


def _matches(given: Criterion, absent: Collection[int]) -> Truth:
    """False: no record can match it."""
    group = given.event.correlated_criteria
    applied = group is not None and given.kind != "CustomEra"
    return False if id(given) in absent or (applied and group and _group(group, absent, nested=True) is False) else None


def _counted(given: CorrelatedCriteria, absent: Collection[int]) -> Truth:
    """Whether as many events are found as are asked for."""
    op, count = given.occurrence.type, given.occurrence.count
    if op == 2 and count == 0:
        return True
    if op != 2 and count < 0:
        return False
    none = _matches(given.criteria, absent) is False or _never(given.start_window)
    if not none:
        return None
    return op == 1 or (op == 0 and count == 0)


def _never(given: Window) -> bool:
    if given.start.days is None or given.end.days is None:
        return False
    return given.start.coeff * given.start.days > given.end.coeff * given.end.days


def _person(given: DemographicCriteria) -> Truth:
    asks = any(getattr(given, name) not in (None, ()) for name in type(given).model_fields)
    return None if asks else True


def _group(given: CriteriaGroup, absent: Collection[int], *, nested: bool = False) -> Truth:
    """The bounds on how many members hold, against how many have to.

    nested: inside another criterion circe-be counts a member once for each observation period that holds the event, so
    that of one that holds there may be any number.
    """
    members = [_counted(one, absent) for one in given.criteria_list]
    members += [_person(one) for one in given.demographic_criteria_list]
    members += [_group(one, absent, nested=nested) for one in given.groups]
    if not members:
        return True
    least, most = sum(one is True for one in members), sum(one is not False for one in members)
    low, high = _range(given, len(members))
    if nested:
        return False if (most == 0 < low) or least > high else None
    if low <= least and most <= high:
        return True
    return False if most < low or least > high else None


def _range(given: CriteriaGroup, size: int) -> tuple[int, int]:
    count = given.count or 0
    if given.type == "ALL":
        return size, size
    if given.type == "ANY":
        return 1, size
    if given.type == "AT_LEAST":
        return (0 if count == 0 else max(count, 1)), size
    return 0, count
