"""Figures of the contract: tables, columns, types, keys, references."""

from __future__ import annotations

import re
from collections.abc import Mapping

from quality.measure.engine import quote, row
from quality.measure.known import empty, filled
from quality.measure.opened import RECORDS, Opened, TableView
from quality.measure.people import row_key
from quality.measure.policy_record import DROPPED
from quality.measure.probe import Probe, alias, references
from quality.verdict import Metric

# Types whose every value is a BIGINT.
WHOLE = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"})
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


def files(opened: Opened) -> list[Metric]:
    """Measure which files are there, and which ought to be."""
    expected = {name for name, view in opened.views.items() if view.raw and opened.policy.releases(name)}
    expected |= {"person"} if opened.policy.releases("person") else set()
    found = {name for name, view in opened.views.items() if view.deid}
    there = (opened.inputs.deid / "cohort.parquet").is_file()
    metrics = [
        Metric("contract.tables_present", name, "", float(name not in found), 1) for name in sorted(expected | found)
    ]
    metrics.append(Metric("contract.tables_present", "cohort", "", float(not there), 1))
    allowed = {f"{name}.parquet" for name in expected} | RECORDS
    present = [
        path.relative_to(opened.inputs.deid).as_posix()
        for path in sorted(opened.inputs.deid.rglob("*"))
        if path.is_file()
    ]
    return [*metrics, Metric("contract.nothing_else", "", "", len(set(present) - allowed), len(present))]


def columns(view: TableView) -> list[Metric]:
    """Measure whether columns and their types are the CDM's."""
    known = {column.name: column for column in view.table.columns}
    unknown = [name if _NAME.fullmatch(name) else "" for name in view.deid if name not in known]
    wrong = [name for name, kind in view.deid.items() if name in known and kind != known[name].duckdb_type]
    missing = [
        name for name in view.table.required if name not in view.deid and view.actions.get(name, "drop") not in DROPPED
    ]
    return [
        *by_column("contract.columns", view, unknown),
        *by_column("contract.types", view, wrong),
        *(
            Metric("contract.required_filled", view.name, name, 1, 1, detail="the column is missing")
            for name in missing
        ),
    ]


def by_column(check: str, view: TableView, wrong: list[str]) -> list[Metric]:
    """Name each wrong column of a table, or say once that there is none."""
    if not wrong:
        return [Metric(check, view.name, "", 0, len(view.deid))]
    return [Metric(check, view.name, name, 1, 1) for name in wrong]


def probes(opened: Opened, view: TableView, removed: Mapping[str, int]) -> list[Probe]:
    """Ask for keys, required values and references of one table. removed: rows that recorded rules took out."""
    return [*_required(view), *_key(view), *_references(opened, view, removed)]


def _required(view: TableView) -> list[Probe]:
    kept = [n for n in view.table.required if n in view.sound and view.actions.get(n, "drop") not in DROPPED]
    keys = {*view.table.primary_key}
    return [_empty("contract.required_filled", name) for name in kept if name not in keys]


def _key(view: TableView) -> list[Probe]:
    found = [name for name in view.table.primary_key if name in view.sound]
    asked = [_empty("contract.key_filled", name) for name in found]
    return asked + [_unique(view, name) for name in found if not counted_whole(view, name)]


def counted_whole(view: TableView, name: str) -> bool:
    """Whether the look at every whole row (`whole_rows`) tells how often a key is repeated."""
    return view.person is not None and name == row_key(view) and view.deid[name] in WHOLE


def _unique(view: TableView, name: str) -> Probe:
    if view.deid[name] in WHOLE:
        return Probe("contract.key_unique", name, repeats=f"t.{quote(name)}::BIGINT")
    return Probe("contract.key_unique", name, f"count(t.{quote(name)}) - count(DISTINCT t.{quote(name)})")


def person_resolves(opened: Opened, view: TableView) -> Metric:
    """Measure whether every row is of somebody in the release; needs what `whole_rows` leaves."""
    strangers, all_rows = row(
        opened.con,
        "SELECT coalesce(sum(rows) FILTER (WHERE p.person_id IS NULL), 0)::BIGINT, coalesce(sum(rows), 0)::BIGINT "
        "FROM deid_rows LEFT JOIN deid_people p USING (person_id)",
        f"the table {view.name}",
    )
    return Metric("contract.person_resolves", view.name, view.person or "", strangers, all_rows)


def _references(opened: Opened, view: TableView, removed: Mapping[str, int]) -> list[Probe]:
    asked = []
    for name, target in references(view).items():
        there, resolved = filled(name), f"count(*) FILTER (WHERE {alias(name)}.key IS NOT NULL)"
        lost = f"{there} - {resolved}"
        if (
            view.filled.columns.get(name) == view.raw_filled.columns.get(name) == 0
        ):  # what is never filled points at nothing
            there = resolved = lost = "0"
        asked.append(Probe("contract.references_resolve", name, lost, of=there, joins=name))
        if name in view.acted("pseudonymise", "keep") and view.person and _lasts(opened, target, removed):
            slack = removed.get(view.name, 0)
            asked.append(
                Probe("contract.references_kept", name, resolved, of=there, combine="loss", slack=slack, joins=name)
            )
    return asked


def _lasts(opened: Opened, target: str, removed: Mapping[str, int]) -> bool:
    """Whether every row of a table that is pointed at stays, as long as its person does.

    Rows about nobody (locations) may be merged or held back; and where a recorded rule took visits out, their events'
    references end legitimately, and nobody can say how many.
    """
    view = opened.views.get(target)
    return bool(view and view.person and not removed.get(target))


def _empty(check: str, name: str) -> Probe:
    return Probe(check, name, empty(name))
