"""Everything that the release gate measures, as one small metrics table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cdm.engine import Limits
from quality.inputs import GateInputs
from quality.measure import (
    completeness,
    contract,
    deidentification,
    draw,
    fidelity,
    plausibility,
    reconciliation,
    risk,
    study,
)
from quality.measure.known import Filled
from quality.measure.opened import Opened, TableView, open_run
from quality.measure.people import per_person
from quality.measure.probe import take
from quality.measure.whole_rows import whole_rows
from quality.verdict import Metric


def measure_release(inputs: GateInputs, limits: Limits | None = None) -> list[Metric]:
    """Measure a release against its source, its draw and its policy, one row for each check, table and column.

    Raises BadInput when a file of the run is missing or unreadable.
    """
    opened = open_run(inputs, limits)
    try:
        found = [
            *contract.files(opened),
            *reconciliation.people(opened),
            *deidentification.people(opened),
            *risk.metrics(opened),
            *draw.metrics(opened),
            *study.metrics(opened),
        ]
        removed = reconciliation.removed_rows(opened)
        for view in opened.released:
            found += _table(opened, view, removed)
        return found
    finally:
        opened.con.close()


def _table(opened: Opened, view: TableView, removed: Mapping[str, int]) -> list[Metric]:
    found = [*contract.columns(view), *deidentification.policy(view)]
    same = False
    if view.person:
        dates = deidentification.precisions(opened, view)
        whole = whole_rows(opened, view, dates)
        same = whole.same
        if whole.extracted != view.raw_filled.rows:  # the file tells of people as well who did not stay
            view = replace(view, raw_filled=Filled())
        found += [*whole.metrics(view), contract.person_resolves(opened, view)]
        people = per_person(opened, view, dates)
    taken = take(
        opened,
        view,
        [
            *contract.probes(opened, view, removed),
            *deidentification.probes(opened, view),
            *completeness.probes(view, removed.get(view.name, 0)),
            *plausibility.probes(opened, view),
            *(plausibility.life(opened, view) if view.person else ()),
            *study.probes(opened, view),
        ],
        same=same,
    )
    found += [one.metric(view.name) for one in taken]
    found += fidelity.metrics(opened, view, same=same)
    if view.person:
        found += reconciliation.rows(opened, view, people, dates)
        found += deidentification.table(opened, view, people, dates)
    return found
