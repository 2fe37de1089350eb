"""The applicant's form: out of a browser's fields into what the board takes, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drb.errors import BadInput
from drb.views import CaseView
from portal.settings import Offer
from portal.visit import Visit

TABLES_WRONG = (
    "tables: one table a line, columns after a colon, as 'measurement: person_id, value_as_number'",
    "신청 항목은 한 줄에 테이블 하나씩, 열은 쌍점 뒤에 적으십시오. 예: measurement: person_id, value_as_number",
)


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
        "expires_on": [wished.expires_on.isoformat() if wished.expires_on else ""],
        "location": [wished.location or ""],
        "named_people": [", ".join(wished.named_people)],
        "min_k": [str(wished.min_k or "")],
        "destruction_within_days": [str(wished.destruction_within_days)],
    }


def _lines(tables: Mapping[str, tuple[str, ...]]) -> str:
    return "\n".join(f"{table}: {', '.join(columns)}" if columns else table for table, columns in tables.items())


def read(visit: Visit) -> dict[str, Any]:
    """What `Cases.create` takes. Raises BadInput."""
    wished: dict[str, Any] = {}
    for name in ("expires_on", "location", "min_k", "destruction_within_days"):
        if visit.one(name).strip():
            wished[name] = visit.one(name).strip()
    named = [one.strip() for one in visit.one("named_people").split(",") if one.strip()]
    if named:
        wished["named_people"] = named
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
