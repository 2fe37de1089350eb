"""Looking up what is behind the failures of a run, table by table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from cdm.engine import Limits, connect
from cdm.source import Source
from quality.baseline.declared import Check
from quality.baseline.declared.own import MONTHLY
from quality.baseline.evidence import fields, rows, units
from quality.baseline.evidence.cell import CELL, Calendar, Cell, Drill, Evidence
from quality.baseline.measure import Database, concepts, lives, sexes, visits
from quality.baseline.measure.own import calendar, month_of
from quality.baseline.run import Baseline
from quality.baseline.status import Result


def gather(source: Source, baseline: Baseline, limits: Limits | None = None) -> Evidence:
    """Look at the database again, for what failed. Raises BadInput, SourceUnavailable."""
    failed: dict[str, list[Result]] = defaultdict(list)
    for result in baseline.results:
        if result.failed and result.figure.violated >= CELL:
            failed[result.check.table].append(result)
    with connect(limits) as con:
        db = Database(con, source, baseline.today)
        _prepare(db, [result.check for results in failed.values() for result in results])
        drills: dict[Check, Drill] = {}
        calendars = []
        for table in (name for name in db.present if name in failed or name in MONTHLY):
            if db.open(table):
                known = [one for one in failed[table] if not one.check.field or one.check.field in db.fields]
                drills |= rows.measure(db, [one for one in known if not concepts.is_asked(one.check)])
                drills |= fields.measure(db, known) | units.measure(db, known)
                calendars += _calendar(db)
            db.drop(table)
        named = _named(db, drills)
    return Evidence({check.key: one for check, one in named.items() if not one.empty}, tuple(calendars))


def _prepare(db: Database, checks: list[Check]) -> None:
    types = {check.type for check in checks}
    lives.prepare(db, types)
    visits.prepare(db, types)
    concepts.prepare(db)
    sexes.prepare(db, [check for check in checks if check.type == "plausibleGenderUseDescendants"])
    for table in ("person", "death", "visit_occurrence", "concept", "concept_ancestor"):
        db.drop(table)


def _calendar(db: Database) -> list[Calendar]:
    """The people of each month, counted, not estimated: only that way a small number is known to be one."""
    start = db.schema(db.table).start_date
    if db.table not in MONTHLY or start not in db.fields or "person_id" not in db.fields:
        return []
    found = db.rows_of(
        f"{calendar(db, start or '')}, seen AS (SELECT DISTINCT {month_of(start or '')} AS month, person_id FROM {db.name}), "
        "people AS (SELECT month, count(person_id) AS n FROM seen GROUP BY month) "
        "SELECT format('{:04d}-{:02d}', month // 12, month % 12 + 1), coalesce(n, 0), hole "
        "FROM calendar LEFT JOIN people USING (month) ORDER BY month"
    )
    months = {month: n if n >= CELL or n == 0 else None for month, n, _ in found}
    return [Calendar(db.table, months, frozenset(month for month, _, hole in found if hole))] if months else []


def _named(db: Database, drills: Mapping[Check, Drill]) -> dict[Check, Drill]:
    """Give every concept its name."""
    wanted = {cell.id for drill in drills.values() for cell in drill.cells}
    names: dict[int, str] = {}
    if wanted and set(db.attach("concept", ("concept_id", "concept_name"))) == {"concept_id", "concept_name"}:
        ids = ", ".join(map(str, sorted(wanted)))
        names = dict(
            db.rows_of(f"SELECT concept_id, min(concept_name) FROM cdm.concept WHERE concept_id IN ({ids}) GROUP BY 1")
        )
    return {
        check: replace(
            drill,
            cells=_with_names(drill.cells, names),
            spreads=tuple(replace(one, name=names.get(one.unit) or "") for one in drill.spreads),
        )
        for check, drill in drills.items()
    }


def _with_names(cells: Iterable[Cell], names: Mapping[int, str]) -> tuple[Cell, ...]:
    return tuple(replace(one, name=names.get(one.id) or "") for one in cells)
