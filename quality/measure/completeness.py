"""Figures of completeness: empty tables, filled columns, mapped concepts, repeated rows."""

from __future__ import annotations

from quality.measure.engine import quote
from quality.measure.known import filled
from quality.measure.opened import TableView
from quality.measure.probe import Probe


def main_concept(view: TableView) -> str | None:
    """Name the concept that says what a row is about; None where the CDM has only a type, or rows are no events."""
    if view.table.start_date is None:
        return None
    found = (name for name in view.table.concept_columns if not name.endswith("type_concept_id"))
    name = next(found, None)
    return name if name in view.sound else None


def probes(view: TableView, removed: int) -> list[Probe]:
    """Ask for one table. removed: rows that recorded rules took out, which may change shares without a fault."""
    asked = [Probe("completeness.table_not_empty", "", "count(*)")]
    concept = main_concept(view)
    if concept:
        asked.append(Probe("completeness.mapped", concept, where=f"coalesce(t.{quote(concept)}, 0) = 0"))
    if view.person:
        settled = view.acted("keep", "shift")
        asked += [
            Probe(
                "completeness.filled_as_source", name, filled(name), combine="share",
                slack=removed, settled=name in settled,
            )
            for name in view.acted("keep", "clip", "shift")
        ]  # fmt: skip
    return asked
