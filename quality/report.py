"""The report of a gate: quality.json, and quality.html made of the same content.

The page needs nothing from outside, speaks Korean and English, and has the same bytes for the same findings.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from quality.checks import CATALOGUE
from quality.verdict import Finding, GateResult, in_unit, number

FORMAT = "naru quality report 1"
GROUPS = {
    "contract": ("Contract", "형식"),
    "reconciliation": ("Reconciliation", "대사"),
    "deidentification": ("De-identification", "비식별"),
    "draw": ("Cohort and matching", "대상자와 짝짓기"),
    "completeness": ("Completeness", "완전성"),
    "plausibility": ("Plausibility", "타당성"),
    "fidelity": ("Fidelity to the source", "원천과의 일치"),
    "study": ("What the study needs", "연구 요구 사항"),
}


def write_report(result: GateResult, out: Path) -> None:
    """Write out/quality.json and out/quality.html."""
    (out / "quality.json").write_text(as_json(result), encoding="utf-8")
    (out / "quality.html").write_text(as_html(result), encoding="utf-8")


def as_json(result: GateResult) -> str:
    """The findings and, by check, the rules that they are about."""
    content = {"format": FORMAT, **result.to_json(), "rules": _rules(result.findings)}
    return json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def as_html(result: GateResult) -> str:
    """One self-contained page."""
    found = result.findings
    return template("report.html").render(
        passed=result.passed,
        blocking=[_row(one) for one in found if one.blocks],
        warnings=[_row(one) for one in found if one.status == "failed" and not one.blocks],
        counts={
            status: sum(one.status == status for one in found) for status in ("passed", "failed", "not_applicable")
        },
        groups=[_group(name, [one for one in found if one.rule.group == name]) for name in GROUPS],
        total=len(found),
        **page_parts(),
    )


@cache
def template(name: str) -> jinja2.Template:
    """Load one of the pages of `quality/templates`; what is put into it is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_text),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


@cache
def page_parts() -> dict[str, Markup]:
    """What every page holds within itself: its looks and its few lines of script."""
    return {"style": Markup(_text("page.css")), "script": Markup(_text("page.js"))}  # noqa: S704  # files of our own


def _text(name: str) -> str:
    return files("quality").joinpath("templates", name).read_text(encoding="utf-8")


def _rules(findings: Sequence[Finding]) -> dict[str, Any]:
    used = {finding.check for finding in findings}
    return {
        name: {"en": check.en, "ko": check.ko, "why": {"en": check.why_en, "ko": check.why_ko}}
        for name, check in CATALOGUE.items()
        if name in used
    }


def _group(name: str, findings: Sequence[Finding]) -> dict[str, Any]:
    failed = [one for one in findings if one.status == "failed"]
    light = "red" if any(one.blocks for one in failed) else "amber" if failed else "green"
    applied = sum(one.status != "not_applicable" for one in findings)
    english, korean = GROUPS[name]
    return {
        "name": name,
        "en": english,
        "ko": korean,
        "light": light if applied else "grey",
        "failed": len(failed),
        "applied": applied,
        "rows": [_row(one) for one in findings],
    }


def _row(finding: Finding) -> dict[str, Any]:
    check = finding.rule
    shown = "–" if finding.status == "not_applicable" else finding.shown
    return {
        "id": check.id,
        "en": check.en,
        "ko": check.ko,
        "why_en": check.why_en,
        "why_ko": check.why_ko,
        "place": finding.place,
        "detail": finding.detail,
        "status": finding.status,
        "light": "red" if finding.blocks else {"passed": "green", "failed": "amber"}.get(finding.status, "grey"),
        "severity": finding.severity,
        "shown": shown,
        "value": -1 if finding.status == "not_applicable" or finding.hidden else number(finding.value),
        "threshold": f"{'≥' if check.bound == 'at_least' else '≤'} {in_unit(finding.threshold, check)}",
        "of": f"{number(finding.denominator):,}",
        "bar": _bar(finding),
    }


def _bar(finding: Finding) -> dict[str, float] | None:
    """Where value and threshold lie on a scale of 0..100 that shows both."""
    if finding.status == "not_applicable" or finding.hidden:
        return None
    whole = 1.25 * max(finding.value, finding.threshold)
    if whole <= 0:
        return {"value": 0.0, "threshold": 0.0}
    return {"value": round(100 * finding.value / whole, 1), "threshold": round(100 * finding.threshold / whole, 1)}
