"""A startup's application, filled in from the study file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows.study import Study


def form(study: Study, site_id: str, irb_reference: str, conditions: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a case's form: what the study asks of one hospital. Columns are the board's condition, not the study's."""
    return {
        "study_id": study.id,
        "site_id": site_id,
        "title": f"{study.spec.title.ko} / {study.spec.title.en}",
        "purpose": f"{study.spec.purpose.ko}\n\n{study.spec.purpose.en}",
        "tables": {name: table.columns or () for name, table in sorted(study.spec.extract.tables.items())},
        "conditions": dict(conditions),
        "irb_reference": irb_reference,
    }
