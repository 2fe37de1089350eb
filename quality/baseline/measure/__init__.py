"""Measuring a baseline database: table by table, a few scans each; what checks share is read once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import closing

from quality.baseline.declared import Check
from quality.baseline.measure import concepts, keys, lives, own, people, scan, sexes, sources, units, visits
from quality.baseline.measure.beside import beside, small
from quality.baseline.measure.database import Database
from quality.baseline.measure.figure import Figure
from quality.baseline.measure.fused import together

__all__ = ["Database", "Figure", "measure"]

Told = Callable[[str, float], None]


def measure(
    db: Database, checks: Sequence[Check], *, refuse_negative: bool = False, tell: Told | None = None
) -> dict[Check, Figure]:
    """Count for every check. tell: hears the table that is measured and the share of tables done.

    Raises BadInput when a table cannot be read, SourceUnavailable when the database is away.
    """
    by_table: dict[str, list[Check]] = defaultdict(list)
    for check in checks:
        by_table[check.table].append(check)
    shared = _Shared(db, checks)
    found: dict[Check, Figure] = {}

    def of(db: Database, table: str) -> dict[Check, Figure]:
        return _table(db, table, by_table[table], shared, refuse_negative=refuse_negative)

    few_rows = small(db, list(by_table))
    with closing(beside(db, few_rows, of)) as coming:
        for number, table in enumerate(sorted(by_table, key=few_rows.__contains__)):
            if tell:
                tell(table, number / len(by_table))
            if table in few_rows:
                found |= next(coming)
            else:
                found |= of(db, table)
                db.drop(table)
    return found


class _Shared:
    """What the checks of several tables need."""

    def __init__(self, db: Database, checks: Sequence[Check]) -> None:
        types = {check.type for check in checks}
        lives.prepare(db, types)
        visits.prepare(db, types)
        if "measureConditionEraCompleteness" in types:
            people.prepare(db)
        if any(map(concepts.is_asked, checks)):
            concepts.prepare(db)
        sexes.prepare(db, [check for check in checks if check.type == "plausibleGenderUseDescendants"])
        self.vocabulary = concepts.CONCEPTS in db.made
        pointed_at = {_target(check) for check in checks if _is_reference(check)}
        primary = {(check.table, check.field) for check in checks if check.type == "isPrimaryKey"}
        for table in ("person", "death", "visit_occurrence", "condition_occurrence", "concept", "concept_ancestor"):
            db.drop(table)
        within: dict[str, list[Check]] = defaultdict(list)
        for check in checks:
            if check.type in visits.TYPES:
                within[check.table].append(check)
        self.in_visits = visits.at_once(db, within)
        self.keys: dict[tuple[str, str], keys.Keys | None] = {}
        for key in sorted(pointed_at | primary):
            self.keys[key] = keys.collect(db, *key, referenced=key in pointed_at)
            db.drop(key[0])


def _is_reference(check: Check) -> bool:
    return check.type == "isForeignKey" and not concepts.is_asked(check)


def _target(check: Check) -> tuple[str, str]:
    return (str(check.asks[0]), str(check.asks[1]))


def _table(
    db: Database, table: str, checks: Sequence[Check], shared: _Shared, *, refuse_negative: bool
) -> dict[Check, Figure]:
    there = db.open(table)
    found = {check: Figure(int(table not in db.present), 1) for check in checks if check.type == "cdmTable"}
    for check in checks:
        if check.type == "cdmField":
            found[check] = Figure(int(check.field not in db.present.get(table, ())), 1)
        elif check.type == "cdmDatatype" and (table, check.field) in db.unfit:
            found[check] = Figure(db.unfit[table, check.field], db.rows)
    rest = [check for check in checks if check not in found]
    lost = [check for check in rest if not there or (check.field and check.field not in db.fields)]
    found |= {check: Figure(0, 0, _why(db, check)) for check in lost}
    rest = [check for check in rest if check not in found]

    def of(*types: str) -> list[Check]:
        return [check for check in rest if check.type in types]

    found |= scan.filled(db, of(*scan.EMPTY))
    found |= scan.whole_numbers(db, of("cdmDatatype"), refuse_negative=refuse_negative)
    within = of(*visits.TYPES)
    in_visits = {check: shared.in_visits[check] for check in within if check in shared.in_visits}
    if alone := [check for check in within if check not in in_visits]:
        in_visits |= visits.measure(db, alone)
    found |= in_visits
    matched = next((figure.rows for figure in in_visits.values() if not figure.error), None)
    found |= together(
        db,
        scan.limits(db, of(*scan.LIMITS)),
        scan.order(db, [check for check in rest if scan.is_order(check)]),
        keys.foreign(db, [check for check in rest if _is_reference(check)], shared.keys, matched),
        concepts.measure(db, [check for check in rest if concepts.is_asked(check)], vocabulary=shared.vocabulary),
        own.midnight(db, of("timeOfDay")),
        own.dates_beside_times(db, of("dateOfTime")),
    )
    for check in of("isPrimaryKey"):
        found |= keys.primary(db, [check], shared.keys[table, check.field])
    found |= sources.measure(db, of("sourceValueCompleteness"))
    found |= _people(db, rest, shared.keys.get(("person", "person_id")))
    return found


def _people(db: Database, rest: Sequence[Check], ids: keys.Keys | None) -> dict[Check, Figure]:
    def of(*types: str) -> list[Check]:
        return [check for check in rest if check.type in types]

    births = of("plausibleAfterBirth") + [c for c in of("plausibleTemporalAfter") if not scan.is_order(c)]
    late = of("plausibleBeforeDeath", "plausibleDuringLife")
    lacking = of("measurePersonCompleteness")
    found = people.without_eras(db, eras) if (eras := of("measureConditionEraCompleteness")) else {}
    found |= people.overlapping(db, periods) if (periods := of("measureObservationPeriodOverlap")) else {}
    found |= lives.measure(db, births, late)
    found |= people.without_rows(db, lacking, ids) if lacking else {}
    found |= sexes.measure(db, of("plausibleGender", "plausibleGenderUseDescendants"))
    found |= units.measure(db, of("plausibleUnitConceptIds"))
    found |= own.values(db, of(*own.VALUES))
    found |= own.months(db, of("monthsWithoutRows"))
    return found


def _why(db: Database, check: Check) -> str:
    if check.table not in db.present:
        return f"the table {check.table} is missing"
    if (check.table, check.field) in db.unfit:
        return f"{check.table}.{check.field} holds values that are not of its type"
    return f"{check.table}.{check.field} is missing"
