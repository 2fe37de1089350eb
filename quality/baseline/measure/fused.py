"""Many aggregates in one statement: each is asked once, whoever wants it."""

from __future__ import annotations

from collections.abc import Generator, Iterable

from quality.baseline.declared import Check
from quality.baseline.measure.database import Database
from quality.baseline.measure.figure import Figure

# What asks for aggregates, is given them (expression -> number), perhaps asks for more, and ends with its figures.
Asking = Generator[Iterable[str], dict[str, int], dict[Check, Figure]]


def answers(db: Database, expressions: Iterable[str], join: str = "") -> dict[str, int]:
    """Work out aggregates over the open table `t`, joined as told, in one scan. Maps expression to number (NULL is 0)."""
    asked = list(dict.fromkeys(expressions))
    if not asked:
        return {}
    found = db.one(f"SELECT {', '.join(asked)} FROM {db.name} AS t {join}")
    return {sql: value or 0 for sql, value in zip(asked, found, strict=True)}


def together(db: Database, *askings: Asking, join: str = "") -> dict[Check, Figure]:
    """Let several ask at once: what they want of the open table is worked out in one scan, and so is what they want next."""
    found: dict[Check, Figure] = {}
    counted: dict[str, int] | None = None
    going = list(askings)
    while going:
        wanted: list[str] = []
        still = []
        for asking in going:
            try:
                wanted += next(asking) if counted is None else asking.send(counted)
                still.append(asking)
            except StopIteration as ended:
                found |= ended.value
        going, counted = still, answers(db, wanted, join)
    return found


def beside(db: Database, queries: list[str]) -> list[tuple[int, ...]]:
    """Fetch the one row of each of several queries in one statement, for short ones cost more to plan than to answer."""
    if not queries:
        return []
    names = [f"q{number}" for number in range(len(queries))]
    rows = ", ".join(f"row_{name}" for name in names)
    sides = ", ".join(
        f"(SELECT {name} AS row_{name} FROM ({sql}) AS {name}) AS {name}"
        for name, sql in zip(names, queries, strict=True)
    )
    return [tuple(row.values()) for row in db.one(f"SELECT {rows} FROM {sides}")]
