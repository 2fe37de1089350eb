"""What a run leaves behind: baseline.json, results.json (the dashboard's layout) and baseline.html, all of the same content.

The page needs nothing from outside, speaks Korean and English and has the same bytes for the same findings. Counts of a
whole database, for inside the hospital; never a row, never a value out of one. The JSON files hold every figure exactly, for
programs; on the page, which is shown around, a count from 1 to 9 is only told to be less than ten.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cdm.schema import tables
from quality.baseline import dashboard, plots
from quality.baseline.evidence.cell import CELL
from quality.baseline.history import FORMAT
from quality.baseline.lines import as_lines
from quality.baseline.run import Baseline, Readiness
from quality.baseline.status import Result, count
from quality.report import page_parts, template
from quality.verdict import number as rounded

CATEGORIES = {
    "Conformance": ("Conformance", "규격 준수"),
    "Completeness": ("Completeness", "완전성"),
    "Plausibility": ("Plausibility", "타당성"),
}
STATUSES = {
    "failed": ("failed", "불합격"),
    "passed": ("passed", "합격"),
    "not_applicable": ("not applicable", "해당 없음"),
    "error": ("not counted", "측정 불가"),
}
CHANGES = {"new": ("new", "새로 생김"), "persisting": ("persisting", "계속됨"), "resolved": ("resolved", "해결됨")}
SEVERITIES = {
    "fatal": ("must never fail", "절대 불가"),
    "convention": ("convention", "관례"),
    "characterization": ("for knowledge", "참고"),
}
ORDER = {"fatal": 0, "convention": 1, "characterization": 2}


def write(baseline: Baseline, out: Path) -> None:
    """Write the three files into a folder that exists."""
    (out / "baseline.json").write_text(as_json(baseline), encoding="utf-8")
    (out / "results.json").write_text(dashboard.as_json(baseline), encoding="utf-8")
    (out / "baseline.html").write_text(as_html(baseline), encoding="utf-8")


def summary(baseline: Baseline) -> dict[str, Any]:
    """The counts of a run."""
    changes: Counter[str] = Counter(baseline.changes.values())
    return {
        "cdm_source_name": baseline.release.cdm_source_name,
        "cdm_version": baseline.release.cdm_version,
        "cdm_release_date": baseline.release.cdm_release_date,
        "vocabulary_version": baseline.release.vocabulary_version,
        "release_digest": baseline.release.digest,
        "today": baseline.today.isoformat(),
        "checks": len(baseline.results),
        **{str(status): number for status, number in count(baseline.results).items()},
        "waived": len(baseline.waived),
        "open": len(baseline.open_failures),
        "unchanged_tables": list(baseline.unchanged),
        "figures_taken_over": baseline.taken,
        "study": _study_summary(baseline.study) if baseline.study else None,
        "sizes": {table: list(rows) for table, rows in baseline.sizes.items()} if baseline.compared else None,
        "drift": len(baseline.drift) if baseline.compared else None,
        "changes": {name: changes[name] for name in CHANGES} if baseline.compared else None,
    }


def _study_summary(study: Readiness) -> dict[str, Any]:
    failed = study.failures
    blocking = sum(one.blocks for one in failed)
    return {"id": study.id, "ready": study.ready, "blocking": blocking, "warnings": len(failed) - blocking}


def as_json(baseline: Baseline) -> str:
    """Every result, and what became of it since the last run."""
    content = {
        "format": FORMAT,
        **summary(baseline),
        "counted_as": baseline.way,
        "fingerprints": dict(baseline.prints),
        "expired_waivers": [waiver.model_dump(mode="json", exclude_none=True) for waiver in baseline.expired],
        "readiness": [one.to_json() for one in baseline.study.findings] if baseline.study else [],
        "results": [_entry(baseline, result) for result in baseline.results],
    }
    return as_lines(content, "results", sort_keys=True)


def _entry(baseline: Baseline, result: Result) -> dict[str, Any]:
    check, figure, waiver = result.check, result.figure, baseline.waived.get(result.check.key)
    return {
        "check": check.type,
        "table": check.table,
        "field": check.field,
        "concept": check.concept,
        "status": result.status,
        "reason": result.reason,
        "violated": None if figure.error else figure.violated,
        "rows": None if figure.error else figure.rows,
        "percent": rounded(result.percent),
        "threshold": rounded(check.threshold),
        "change": baseline.changes.get(check.key),
        "before": rounded(baseline.drift[check.key]) if check.key in baseline.drift else None,
        "waiver": waiver.model_dump(mode="json", include={"name", "reason", "expiry"}) if waiver else None,
    }


def as_html(baseline: Baseline) -> str:
    """One self-contained page."""
    results = baseline.results
    ranked = sorted(baseline.open_failures, key=lambda one: (ORDER[one.type.severity], -one.percent, one.check.key))
    return template("baseline.html").render(
        summary=summary(baseline),
        statuses=STATUSES,
        failures=[_row(baseline, one) for one in ranked],
        waived=[_row(baseline, one) for one in results if one.check.key in baseline.waived],
        expired=baseline.expired,
        drifted=[
            {**_row(baseline, one), "before": f"{baseline.drift[one.check.key]:,.0f} %"}
            for one in results
            if one.check.key in baseline.drift
        ],
        resolved=[_row(baseline, one) for one in results if baseline.changes.get(one.check.key) == "resolved"],
        categories=[_category(baseline, name, [r for r in results if r.type.category == name]) for name in CATEGORIES],
        tables=_tables(results),
        compared=baseline.compared,
        sizes={table: [_number(n) for n in rows] for table, rows in baseline.sizes.items()},
        mapping=plots.mapping(results, tables(baseline.release.cdm_version)),
        calendars=[plots.calendar(one) for one in baseline.evidence.calendars] if baseline.evidence else [],
        behind=_behind(baseline, ranked),
        study=baseline.study,
        **page_parts(),
    )


def _behind(baseline: Baseline, failures: Sequence[Result]) -> list[dict[str, Any]]:
    """What was looked up of each failure, in their order."""
    found = baseline.evidence.drills if baseline.evidence else {}
    return [
        {
            "anchor": _anchor(one),
            "row": _row(baseline, one),
            "by": found[one.check.key].by,
            "cells": found[one.check.key].cells,
            "more": found[one.check.key].more,
            "years": plots.years(found[one.check.key].years),
            "spreads": plots.spreads(found[one.check.key].spreads),
        }
        for one in failures
        if one.check.key in found
    ]


def _anchor(result: Result) -> str:
    return "-".join(("behind", *(part for part in result.check.key if part))).replace(" ", "").replace(",", "-")


def _number(value: int) -> dict[str, Any]:
    """How a count is written, and sorted: what is smaller than a cell is only told to be so."""
    small = 0 < value < CELL
    return {"shown": f"<{CELL}" if small else f"{value:,}", "value": 1 if small else value}


def _percent(result: Result) -> tuple[str, float]:
    """How a share is written, and sorted: of a small count only the most that it can be."""
    figure = result.figure
    if not 0 < figure.violated < CELL:
        return f"{result.percent:,.4g} %", rounded(result.percent)
    most = min(100.0 * CELL / figure.rows, 100.0) if figure.rows >= CELL else 100.0
    return f"<{most:,.2g} %", rounded(most)


def _category(baseline: Baseline, name: str, results: Sequence[Result]) -> dict[str, Any]:
    english, korean = CATEGORIES[name]
    counts = count(results)
    return {"en": english, "ko": korean, "counts": counts, "total": len(results), "bars": _shares(counts),
            "rows": [_row(baseline, one) for one in results if one.status in ("failed", "passed", "error")]}  # fmt: skip


def _tables(results: Sequence[Result]) -> list[dict[str, Any]]:
    """How each table does: what the page draws as bars."""
    names = list(dict.fromkeys(one.check.table for one in results))
    found = []
    for name in names:
        counts = count([one for one in results if one.check.table == name])
        found.append({"name": name, "counts": counts, "bars": _shares(counts)})
    return found


def _shares(counts: dict[Any, int]) -> list[dict[str, Any]]:
    """Where each status lies on a bar of 100."""
    total, start, bars = max(sum(counts.values()), 1), 0.0, []
    for status in ("failed", "error", "passed", "not_applicable"):
        width = 100.0 * counts[status] / total
        bars.append({"status": status, "x": round(start, 2), "width": round(width, 2)})
        start += width
    return bars


def _row(baseline: Baseline, result: Result) -> dict[str, Any]:
    check, kind, figure = result.check, result.type, result.figure
    waiver = baseline.waived.get(check.key)
    change = baseline.changes.get(check.key)
    violated, rows, (percent, share) = _number(figure.violated), _number(figure.rows), _percent(result)
    told = baseline.evidence is not None and check.key in baseline.evidence.drills and check.key not in baseline.waived
    return {
        "drill": _anchor(result) if told and result.failed else "",
        "type": check.type,
        "en": kind.en,
        "ko": kind.ko,
        "place": ".".join(part for part in (check.table, check.field) if part),
        "concept": check.concept,
        "status": result.status,
        "status_words": STATUSES[result.status],
        "severity": SEVERITIES[kind.severity],
        "violated": "–" if figure.error else violated["shown"],
        "rows": "–" if figure.error else rows["shown"],
        "violated_value": violated["value"],
        "rows_value": rows["value"],
        "percent": percent,
        "percent_value": share,
        "threshold": f"≤ {rounded(check.threshold)} %",
        "bar": round(min(share, 100.0), 1),
        "limit": round(min(check.threshold, 98.0), 1),
        "reason": result.reason,
        "change": CHANGES[change] if change else None,
        "waiver": waiver,
    }
