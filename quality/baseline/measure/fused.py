"""Many aggregates in one statement: each is asked once, whoever wants it."""

from __future__ import annotations

from collections.abc import Iterable

from quality.baseline.measure.database import Database


def answers(db: Database, expressions: Iterable[str], join: str = "") -> dict[str, int]:
    """Work out aggregates over the open table `t`, joined as told, in one scan. Maps expression to number (NULL is 0)."""
    asked = list(dict.fromkeys(expressions))
    if not asked:
        return {}
    found = db.one(f"SELECT {', '.join(asked)} FROM {db.name} AS t {join}")
    return {sql: value or 0 for sql, value in zip(asked, found, strict=True)}
