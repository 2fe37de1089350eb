"""The applicant's form: out of a browser's fields into what the board takes, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drb.conditions import Conditions
from drb.errors import BadInput
from drb.views import CaseView
from portal.settings import Offer
from portal.visit import Visit

TABLES_WRONG = (
    "tables: one table a line, columns after a colon, as 'measurement: person_id, value_as_number'",
    "신청 항목은 한 줄에 테이블 하나씩, 열은 쌍점 뒤에 적으십시오. 예: measurement: person_id, value_as_number",
)


# Conditions of the form: what is written as it stands, what is several names with commas between, what is ticked.
PLAIN = ("expires_on", "location", "min_k", "destruction_within_days", "report_every_days")
NAMES = ("named_people", "sensitive", "free_text")
TICKED = ("small_differences",)


def offer(visit: Visit, study: str) -> Offer | None:
    """The study of the catalogue, when there is one of this name."""
    return next((one for one in visit.portal.settings.offers if one.study == study), None)


def filled(source: CaseView | Offer | None) -> dict[str, list[str]]:
    """The fields of the form, from a case or from the catalogue."""
    if source is None:
        return {}
    if isinstance(source, Offer):
        return {
            "study_id": [source.study],
            "title": [source.title["ko"]],
            "purpose": [source.purpose["ko"]],
            "tables": [_lines(source.tables)],
        }
    wished = source.wished
    return {
        "study_id": [source.study_id],
        "site_id": [source.site_id],
        "title": [source.title],
        "purpose": [source.purpose],
        "tables": [_lines(source.tables)],
        "irb_reference": [source.irb_reference],
        **{name: [str(getattr(wished, name) or "")] for name in PLAIN},
        **{name: [", ".join(getattr(wished, name))] for name in NAMES},
        **{name: ["yes"] for name in TICKED if getattr(wished, name)},
    }


def _lines(tables: Mapping[str, tuple[str, ...]]) -> str:
    return "\n".join(f"{table}: {', '.join(columns)}" if columns else table for table, columns in tables.items())


def read(visit: Visit, before: Conditions | None = None) -> dict[str, Any]:
    """What `Cases.create` takes. before: the case's conditions; those that the form does not show stay. Raises BadInput."""
    shown = {*PLAIN, *NAMES, *TICKED}
    wished = {name: kept for name, kept in (before.to_json() if before else {}).items() if name not in shown}
    for name in PLAIN:
        if visit.one(name).strip():
            wished[name] = visit.one(name).strip()
    for name in NAMES:
        wished[name] = [one.strip() for one in visit.one(name).split(",") if one.strip()]
    for name in TICKED:
        wished[name] = bool(visit.one(name))
    if not visit.one("title").strip() or len(visit.one("title")) > 300:
        raise BadInput("title: give 1 to 300 characters", "연구 제목을 1~300자로 적으십시오")
    if len(visit.one("purpose")) > 10_000 or len(visit.one("irb_reference")) > 200:
        raise BadInput("purpose or IRB reference: too long", "이용 목적이나 IRB 번호가 너무 깁니다")
    return {
        "study_id": visit.one("study_id").strip(),
        "site_id": visit.one("site_id").strip(),
        "title": visit.one("title").strip(),
        "purpose": visit.one("purpose").strip(),
        "tables": tables_of(visit.one("tables")),
        "irb_reference": visit.one("irb_reference").strip(),
        "conditions": wished,
    }


def tables_of(text: str) -> dict[str, list[str]]:
    """Table -> columns out of the form's lines. Raises BadInput."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        table, _, columns = line.partition(":")
        if not table.strip():
            continue
        names = [one.strip() for one in columns.split(",") if one.strip()]
        if any(" " in name for name in (table.strip(), *names)):
            raise BadInput(*TABLES_WRONG)
        found[table.strip()] = names
    return found
