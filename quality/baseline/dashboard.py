"""results.json as OHDSI's DataQualityDashboard writes it, so that its viewer opens ours."""

from __future__ import annotations

from typing import Any

from quality.baseline.declared import TYPES, Check
from quality.baseline.lines import as_lines
from quality.baseline.run import Baseline
from quality.baseline.status import Result

MODELLED_ON = "2.8"
CATEGORIES = ("Plausibility", "Conformance", "Completeness")


def as_json(baseline: Baseline) -> str:
    """The whole file. Times are the day of the run at midnight: the same inputs give the same bytes."""
    asked = tuple(result for result in baseline.results if not result.type.own)
    stamp = f"{baseline.today.isoformat()} 00:00:00"
    content = {
        "startTimestamp": stamp,
        "endTimestamp": stamp,
        "executionTime": "0 secs",
        "executionTimeSeconds": 0,
        "CheckResults": [_row(result) for result in asked],
        "Metadata": [_metadata(baseline)],
        "Overview": overview(asked),
    }
    return as_lines(content, "CheckResults")


def overview(results: tuple[Result, ...]) -> dict[str, int | float]:
    """The counts that the viewer's first page shows, as the dashboard counts them."""
    failed = [result for result in results if result.failed]
    errors = [result for result in results if result.status == "error"]
    passed = [result for result in results if result.status == "passed"]
    judged = len(failed) + len(passed)
    found: dict[str, int | float] = {
        "countTotal": len(results),
        "countThresholdFailed": len(failed),
        "countErrorFailed": len(errors),
        "countOverallFailed": len(failed) + len(errors),
        "countPassed": len(passed),
        "percentPassed": round(100 * len(passed) / judged) if judged else 0,
        "percentFailed": round(100 * len(failed) / judged) if judged else 0,
    }
    for category in CATEGORIES:
        of = [result for result in results if result.type.category == category]
        found[f"countTotal{category}"] = len(of)
        found[f"countFailed{category}"] = sum(result.failed or result.status == "error" for result in of)
        found[f"countPassed{category}"] = sum(result.status == "passed" for result in of)
    return found


def _metadata(baseline: Baseline) -> dict[str, Any]:
    release = baseline.release
    return {
        "cdmSourceName": release.cdm_source_name,
        "cdmSourceAbbreviation": release.cdm_source_name,
        "cdmReleaseDate": release.cdm_release_date,
        "cdmVersion": release.cdm_version,
        "vocabularyVersion": release.vocabulary_version,
        "dqdVersion": MODELLED_ON,
    }


def _row(result: Result) -> dict[str, Any]:
    check, kind, figure = result.check, result.type, result.figure
    row = {
        "numViolatedRows": None if figure.error else figure.violated,
        "pctViolatedRows": None if figure.error else round(result.percent / 100, 8),
        "numDenominatorRows": None if figure.error else figure.rows,
        "executionTime": "0 secs",
        "executionTimeSeconds": 0,
        "queryText": "",
        "checkName": check.type,
        "checkLevel": kind.level,
        "checkDescription": kind.en,
        "cdmTableName": check.table.upper(),
        "cdmFieldName": check.field.upper() or None,
        "conceptId": check.concept or None,
        "unitConceptId": None,
        "sqlFile": "",
        "category": kind.category,
        "subcategory": kind.subcategory or None,
        "context": kind.context,
        "severity": kind.severity,
        "error": result.reason if result.status == "error" else None,
        "checkId": check_id(check),
        "failed": int(result.failed),
        "passed": int(result.status == "passed"),
        "isError": int(result.status == "error"),
        "notApplicable": int(result.status == "not_applicable"),
        "notApplicableReason": result.reason if result.status == "not_applicable" else None,
        "thresholdValue": int(check.threshold) if check.threshold == int(check.threshold) else check.threshold,
    }
    # The dashboard leaves a key out where there is nothing.
    return {name: value for name, value in row.items() if value is not None}


def check_id(check: Check) -> str:
    """The name that the dashboard gives a check: level, type, table, field, concept."""
    parts = (TYPES[check.type].level, check.type, check.table, check.field, check.concept.replace(" ", ""))
    return "_".join(part for part in parts if part).lower()
