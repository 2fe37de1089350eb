"""Keys and references. A set of whole numbers is a string of bits, so that a look-up is one step, not a join."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cdm.arrays import values
from quality.baseline.declared import Check
from quality.baseline.measure.database import Database
from quality.baseline.measure.figure import Figure
from quality.baseline.measure.fused import Asking, answers
from quality.measure.engine import quote

# Numbers spread wider than this per key, or wider than DuckDB's bit strings, are kept as a table.
SPREAD, WIDEST = 64, 900_000_000


@dataclass(frozen=True)
class Keys:
    """The values of a key. name: a temporary table, quoted, with columns lo, hi, bits, or with column k.

    filled, distinct: how many rows have a key, and how many differ. dense: every number from lo to hi is a key.
    """

    name: str
    filled: int
    distinct: int
    lo: int = 0
    hi: int = -1
    bits: bool = False

    @property
    def dense(self) -> bool:
        """Whether being a key is lying between lo and hi."""
        return self.bits and self.distinct == self.hi - self.lo + 1


def collect(db: Database, table: str, field: str, *, referenced: bool) -> Keys | None:
    """Read a key once. None when the database lacks it. referenced: whether other tables point at it."""
    if not db.attach(table, (field,)):
        return None
    name, key, rows = quote(f"key {table}.{field}"), quote(field), f"cdm.{quote(table)}"
    whole = db.schema(table).column(field).family == "integer"
    filled, lo, hi = db.one(f"SELECT count({key}), min({key}), max({key}) FROM {rows}")
    unique = whole and filled > 0 and _increasing(db, f"SELECT {key} FROM {rows}")
    if not referenced:
        return Keys(name, filled, filled if unique else db.one(f"SELECT count(DISTINCT {key}) FROM {rows}")[0])
    if whole and filled and hi - lo < min(max(SPREAD * filled, 1 << 16), WIDEST):
        db.run(
            f"CREATE OR REPLACE TABLE {name} AS SELECT {lo}::BIGINT AS lo, {hi}::BIGINT AS hi, "
            f"bitstring_agg({key}::BIGINT, {lo}::BIGINT, {hi}::BIGINT) AS bits FROM {rows}"
        )
        (distinct,) = db.one(f"SELECT bit_count(bits) FROM {name}")
        return Keys(name, filled, distinct, lo, hi, bits=True)
    distinct_keys = f"SELECT {'' if unique else 'DISTINCT'} {key} AS k FROM {rows} WHERE {key} IS NOT NULL"
    db.run(f"CREATE OR REPLACE TABLE {name} AS {distinct_keys}")
    (distinct,) = db.one(f"SELECT count(*) FROM {name}")
    return Keys(name, filled, distinct)


def _increasing(db: Database, sql: str) -> bool:
    """Whether each key is greater than the one before, as rows come: the cheapest proof that none is there twice."""
    last: int | None = None
    for batch in db.batches(sql):
        column = batch.column(0)
        if column.null_count:
            return False
        keys = values(column)
        if not len(keys):
            continue
        if (last is not None and keys[0] <= last) or not bool(np.all(keys[1:] > keys[:-1])):
            return False
        last = int(keys[-1])
    return True


def primary(db: Database, checks: Sequence[Check], known: Keys | None) -> dict[Check, Figure]:
    """Count the rows that share their key with another row; a missing key shares nothing."""
    found = {}
    for check in checks:
        shared = 0
        if known is None or known.distinct != known.filled:
            key = quote(check.field)
            (shared,) = db.one(
                f"SELECT coalesce(sum(n), 0)::BIGINT FROM (SELECT count(*) AS n FROM {db.name} WHERE {key} IS NOT NULL "
                f"GROUP BY {key} HAVING count(*) > 1)"
            )
        found[check] = Figure(shared, db.rows)
    return found


def foreign(
    db: Database, checks: Sequence[Check], known: dict[tuple[str, str], Keys | None], in_visits: int | None
) -> Asking:
    """Count the rows that refer to nothing. in_visits: the rows that a join with the visits found, where one was made."""
    found: dict[Check, Figure] = {}
    ranges: dict[Check, str] = {}
    for check in checks:
        target = (str(check.asks[0]), str(check.asks[1]))
        keys = known[target]
        if keys is None:
            found[check] = Figure(0, 0, f"{target[0]}.{target[1]} is missing")
        elif not db.filled(check.field):
            found[check] = Figure(0, db.rows)
        elif in_visits is not None and check.field == "visit_occurrence_id" and keys.distinct == keys.filled:
            found[check] = Figure(db.filled(check.field) - in_visits, db.rows)
        elif keys.dense:
            field = f"t.{quote(check.field)}"
            ranges[check] = f"count_if({field} < {keys.lo} OR {field} > {keys.hi})"
        else:
            found[check] = Figure(_astray(db, check.field, keys), db.rows)
    counted = yield ranges.values()
    return found | {check: Figure(counted[sql], db.rows) for check, sql in ranges.items()}


def _astray(db: Database, field: str, keys: Keys) -> int:
    name = f"t.{quote(field)}"
    if keys.bits:
        inside = f"CASE WHEN {name} BETWEEN k.lo AND k.hi THEN get_bit(k.bits, ({name} - k.lo)::INTEGER) ELSE 0 END"
        return answers(
            db, [f"count_if({name} IS NOT NULL AND {inside} = 0)"], f"CROSS JOIN {keys.name} AS k"
        ).popitem()[1]
    return answers(db, ["count(*)"], f"ANTI JOIN {keys.name} AS k ON {name} = k.k WHERE {name} IS NOT NULL").popitem()[
        1
    ]
