"""The reference page of a policy: every table and column of the CDM, what becomes of it, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from cdm.schema import VERSIONS, tables
from deid.policy.model import Policy, Rule

Language = Literal["en", "ko"]

_WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "title": "De-identification policy",
        "column": "column",
        "action": "action",
        "why": "why",
        "all": "all columns",
    },
    "ko": {"title": "비식별 처리 정책", "column": "열", "action": "처리", "why": "이유", "all": "모든 열"},
}


def page(policy: Policy, language: Language = "en") -> str:
    """The policy as one Markdown page: settings, then a table for each CDM table, over all CDM versions."""
    words = _WORDS[language]
    names = ", ".join(f"{name} {version}" for name, version in policy.layers)
    lines = [f"# {words['title']}", "", f"{names}; tier `{policy.tier}`; digest `{policy.digest}`", ""]
    lines += [f"- `{name}`: {value}" for name, value in policy.settings.model_dump(mode="json").items()]
    for table, columns in _columns().items():
        lines += ["", f"## {table}", "", f"| {words['column']} | {words['action']} | {words['why']} |", "|---|---|---|"]
        if policy.released(table):
            lines += [_row(f"`{column}`", policy.rule(table, column), policy, language) for column in columns]
        else:
            lines.append(_row(words["all"], policy.rule(table, columns[0]), policy, language))
    return "\n".join(lines) + "\n"


def _columns() -> dict[str, list[str]]:
    """The columns of every table of every version, in CDM order, the newest version first."""
    found: dict[str, list[str]] = {}
    for version in reversed(VERSIONS):
        for table in tables(version).values():
            known = found.setdefault(table.name, [])
            known += [name for name in table.names if name not in known]
    return found


def _row(what: str, rule: Rule, policy: Policy, language: Language) -> str:
    return f"| {what} | {' '.join(_action(rule))} | {policy.sentence(rule, language)} |"


def _action(rule: Rule) -> Iterator[str]:
    yield rule.action
    if rule.by is not None:
        yield f"({rule.by})"
    if rule.value is not None:
        yield f"({rule.value})"
