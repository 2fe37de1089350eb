"""A startup's application, filled in from the study file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cdm.errors import BadInput
from drb.rights import KOREA
from flows.study import Study


def form(study: Study, site_id: str, irb_reference: str, conditions: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a case's form: what the study asks of one hospital. Columns are the board's condition, not the study's."""
    ends = str(conditions.get("expires_on", ""))
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", ends) and ends < datetime.now(KOREA).date().isoformat():
        raise BadInput(
            f"--condition expires_on={ends}: this day is over; give the last day of the use that is asked for"
        )
    return {
        "study_id": study.id,
        "site_id": site_id,
        "title": f"{study.spec.title.ko} / {study.spec.title.en}",
        "purpose": f"{study.spec.purpose.ko}\n\n{study.spec.purpose.en}",
        "tables": {name: table.columns or () for name, table in sorted(study.spec.extract.tables.items())},
        "conditions": {name: _typed(name, value) for name, value in conditions.items()},
        "irb_reference": irb_reference,
    }


def _typed(name: str, given: Any) -> Any:
    """A condition as the command line gives it: several people or, per table, columns are written with commas.

    named_people=kim,lee; columns=person:year_of_birth,gender_concept_id;death: (a table without columns: all of it).
    """
    if not isinstance(given, str):
        return given
    if name in ("named_people", "sensitive", "free_text"):
        return [part.strip() for part in given.split(",") if part.strip()]
    if name == "columns":
        tables = (part.partition(":") for part in given.split(";") if part.strip())
        return {table.strip(): [c.strip() for c in columns.split(",") if c.strip()] for table, _, columns in tables}
    return given
