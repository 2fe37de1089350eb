"""What stands in a definition twice."""

from __future__ import annotations

from collections.abc import Iterator

from cohorts.expression import Expression
from cohorts.expression.groups import CriteriaGroup
from cohorts.expression.paths import walk
from cohorts.lint.findings import Finding, finding


def repeats(expression: Expression) -> Iterator[Finding]:
    """Rules that ask for the same, entry events and criteria of a group that are there twice."""
    rules = expression.inclusion_rules
    for position, rule in enumerate(rules):
        same = next((n for n in range(position) if rules[n].expression == rule.expression), None)
        if same is not None and not rule.expression.is_empty:
            yield finding(
                "rule_duplicate", "warning", ("InclusionRules", position),
                f"Rule {position + 1} asks for the same as rule {same + 1}; remove one, or correct what was copied.",
                f"규칙 {position + 1}이(가) 규칙 {same + 1}과(와) 같은 것을 요구합니다. 하나를 지우거나 복사한 내용을 고치십시오.",
            )  # fmt: skip
    primary = expression.primary_criteria.criteria_list
    for position, criterion in enumerate(primary):
        if criterion in primary[:position]:
            yield finding(
                "criterion_duplicate", "note", ("PrimaryCriteria", "CriteriaList", position),
                "This entry event is there already; it adds nobody.", "이미 있는 진입 사건이어서 더 들어오는 사람이 없습니다.",
            )  # fmt: skip
    for steps, part in walk(expression):
        if isinstance(part, CriteriaGroup):
            for position, one in enumerate(part.criteria_list):
                if one in part.criteria_list[:position]:
                    yield finding(
                        "criterion_duplicate", "warning" if part.type.startswith("AT_") else "note",
                        (*steps, "CriteriaList", position),
                        "This criterion is in the group already" + ("; it counts twice." if part.type.startswith("AT_") else "."),
                        "그룹에 이미 있는 조건입니다" + (". 두 번 셉니다." if part.type.startswith("AT_") else "."),
                    )  # fmt: skip
