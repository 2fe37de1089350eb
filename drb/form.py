"""The sections of a case's form: what an applicant fills in, what a secretary may send back."""

from __future__ import annotations

from collections.abc import Mapping

SECTIONS: Mapping[str, tuple[str, str]] = {
    "title": ("연구 제목", "title"),
    "purpose": ("이용 목적", "purpose"),
    "tables": ("신청 항목", "tables and columns"),
    "conditions": ("이용 조건", "conditions"),
    "irb": ("IRB 승인·면제", "IRB approval or exemption"),
    "people": ("이용자", "people"),
}
