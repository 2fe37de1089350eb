"""Figures of what the study declared that it needs."""

from __future__ import annotations

from quality.measure.completeness import main_concept
from quality.measure.engine import quote, row
from quality.measure.known import filled
from quality.measure.opened import Opened, TableView
from quality.measure.probe import Probe
from quality.spec import RequiredConcepts, ValueRange
from quality.verdict import Metric


def metrics(opened: Opened) -> list[Metric]:
    """Measure people, required codes, and columns that are not there at all."""
    spec = opened.inputs.expectations
    cases, controls = row(
        opened.con,
        "SELECT count(DISTINCT subject_id) FILTER (WHERE role = 'case'), "
        "count(DISTINCT subject_id) FILTER (WHERE role = 'control') FROM cohort",
        "the cohort",
    )
    return [
        Metric("study.min_cases", "cohort", "role", cases, opened.people, spec.min_cases),
        Metric("study.min_controls", "cohort", "role", controls, opened.people, spec.min_controls),
        *(_required(opened, required) for required in spec.required_concepts),
        *_absent(opened),
    ]


def probes(opened: Opened, view: TableView) -> list[Probe]:
    """Ask for the declared columns and ranges of one table."""
    spec = opened.inputs.expectations
    declared_filled = [
        # No row at all is not full either.
        Probe("study.filled", column, filled(column), of="greatest(count(*), 1)", threshold=least)
        for (table, column), least in _declared(opened).items()
        if table == view.name and column in view.sound
    ]
    ranges = [
        _range(view, declared)
        for declared in spec.ranges
        if declared.table == view.name and declared.column in view.sound
    ]
    return [*declared_filled, *ranges]


def _declared(opened: Opened) -> dict[tuple[str, str], float]:
    spec = opened.inputs.expectations
    return {(path.partition(".")[0], path.partition(".")[2]): least for path, least in spec.completeness.items()}


def _absent(opened: Opened) -> list[Metric]:
    """A column that was asked for and is not released is filled in no row."""
    return [
        Metric("study.filled", table, column, 0, 1, least)
        for (table, column), least in _declared(opened).items()
        if table not in opened.views or column not in opened.views[table].sound
    ]


def _required(opened: Opened, required: RequiredConcepts) -> Metric:
    view = opened.views.get(required.table)
    concept = main_concept(view) if view is not None else None
    people = 0
    if view is not None and concept and view.table.person_key in view.sound:
        (people,) = row(
            opened.con,
            f"SELECT count(DISTINCT t.{quote(view.table.person_key or '')}) FROM deid.{quote(view.name)} t "
            f"WHERE list_contains(?, t.{quote(concept)})",
            f"the table {view.name}",
            [list(required.concepts)],
        )
    return Metric(
        "study.required_concept", required.table, concept or "", people, opened.people, required.min_people,
        detail=required.name,
    )  # fmt: skip


def _range(view: TableView, declared: ValueRange) -> Probe:
    value = f"t.{quote(declared.column)}"
    which, values = [f"{value} IS NOT NULL"], []
    concept = main_concept(view)
    for column, wanted in ((concept, declared.concepts), ("unit_concept_id", declared.units)):
        if wanted and column in view.sound:
            which.append(f"t.{quote(column or '')} IN ({', '.join(str(int(one)) for one in wanted)})")
    limits = []
    for sign, limit in (("<", declared.low), (">", declared.high)):
        if limit is not None:
            limits.append(f"{value} {sign} CAST(? AS DOUBLE)")
            values.append(limit)
    rows = " AND ".join(which)
    return Probe(
        "study.value_range", declared.column, f"count(*) FILTER (WHERE {rows} AND ({' OR '.join(limits)}))",
        of=f"count(*) FILTER (WHERE {rows})", values=tuple(values), detail=_words(declared),
        threshold=declared.max_percent, severity=declared.severity,
    )  # fmt: skip


def _words(declared: ValueRange) -> str:
    low = "" if declared.low is None else f"{declared.low:g}"
    high = "" if declared.high is None else f"{declared.high:g}"
    concepts = ", ".join(str(one) for one in declared.concepts)
    units = ", ".join(str(one) for one in declared.units)
    return f"{low}..{high}" + (f" concepts {concepts}" if concepts else "") + (f" units {units}" if units else "")
