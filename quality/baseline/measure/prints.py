"""A table's fingerprint: the same for the same rows, whatever their order; another one when a single value differs.

DuckDB hashes every row; the sum of the 64-bit hashes (kept in 128 bits, so that a row that comes twice counts twice) and the
number of rows stand for the table. By chance two different tables agree once in 2**64 times. A file's time of change would
cost nothing and proves nothing: copying a file back or unpacking an archive keeps it. A fingerprint counts only with the
engine's version that made it, whose hash function it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from quality.baseline.measure.beside import beside
from quality.baseline.measure.database import Database
from quality.measure.engine import quote

# What is read of the vocabulary; its own tables are not checked.
VOCABULARY: Mapping[str, tuple[str, ...]] = {
    "concept": ("concept_id", "domain_id", "concept_class_id", "standard_concept", "invalid_reason"),
    "concept_ancestor": ("ancestor_concept_id", "descendant_concept_id"),
}


def take(db: Database) -> dict[str, str]:
    """Map every table that checks read to its fingerprint. Where showing a table means copying it there are none."""
    if not db.shows_views:
        return {}
    read = [table for table in db.present if table in VOCABULARY or db.checks(table)]
    for table in read:  # two connections that show tables at a time are in each other's way
        db.attach(table, db.present[table])
    return dict(zip(read, beside(db, read, _of_table), strict=True))


def _of_table(db: Database, table: str) -> str:
    if table in VOCABULARY:
        return _of_vocabulary(db, table, VOCABULARY[table])
    return _of_rows(db, table)


def _of_rows(db: Database, table: str) -> str:
    """Open a table, which counts and hashes it in one scan."""
    db.open(table)
    # Of a field whose values are not of its type no more is known, nor asked, than how many they are.
    unfit = tuple(sorted((field, count) for (name, field), count in db.unfit.items() if name == table))
    return _text((*db.fields, *unfit), db.rows, db.hashed)


def _of_vocabulary(db: Database, table: str, wanted: tuple[str, ...]) -> str:
    fields = db.attach(table, wanted)
    if not fields:
        return _text((), 0, 0)
    names = ", ".join(map(quote, fields))
    rows, hashed = db.one(f"SELECT count(*), coalesce(sum(hash({names})::HUGEINT), 0) FROM cdm.{quote(table)}")
    return _text(fields, rows, hashed)


def _text(fields: tuple[object, ...], rows: int, hashed: int) -> str:
    return sha256(repr((fields, rows, int(hashed))).encode()).hexdigest()
