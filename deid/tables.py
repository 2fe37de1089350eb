"""The released tables: each extracted row of a person who stays, column by column as its rule says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from cdm.schema import Column
from cdm.source import CdmVersion
from deid.columns import bindings, expression, released
from deid.inputs import RawTable
from deid.parquet import write_query
from deid.policy import Policy
from deid.pseudonyms import own_key, references


@dataclass(frozen=True)
class ReleasedTable:
    """One written table. extracted, released: rows. unresolved: key column -> references that became NULL."""

    name: str
    extracted: int
    released: int
    unresolved: Mapping[str, int]


def write_tables(
    con: duckdb.DuckDBPyConnection,
    raw: Mapping[str, RawTable],
    policy: Policy,
    site_id: str,
    version: CdmVersion,
    out: Path,
) -> list[ReleasedTable]:
    """Write out/<table>.parquet for every extracted table that the policy lets out, in CDM order.

    Rows are sorted by the person's pseudonym, the row's date, its key, then every other column. Tables
    `people` and `key_<table>` stand already.
    """
    written = []
    for part in raw.values():
        columns = released(part, policy)
        if columns and policy.released(part.name):
            query = _query(part, columns, policy)
            bound = bindings(part, columns, policy, site_id, version)
            rows = write_query(con, query, out / f"{part.name}.parquet", bound)
            written.append(ReleasedTable(part.name, _count(con, part), rows, _unresolved(con, part, policy)))
    return written


def _query(part: RawTable, columns: tuple[Column, ...], policy: Policy) -> str:
    shown = ", ".join(f'{expression(part, column, policy)} AS "{column.name}"' for column in columns)
    distinct = "DISTINCT " if policy.rule(part.name, own_key(part) or "").by == "rows" else ""
    order = ", ".join(f'"{name}"' for name in _order(part, columns))
    return f"SELECT * FROM (SELECT {distinct}{shown} FROM {_joined(part, policy)}) ORDER BY {order}"


def _order(part: RawTable, columns: tuple[Column, ...]) -> list[str]:
    """Name what to sort by: person, date, key, and then the rest, so that no two different rows tie."""
    first = (part.table.person_key, part.table.start_date, own_key(part))
    names = [column.name for column in columns]
    return list(dict.fromkeys([*(name for name in first if name in names), *names]))


def _joined(part: RawTable, policy: Policy) -> str:
    """Give the SQL of the rows that leave, with their person and the maps of their keys."""
    joins = [f"{part.view} AS t"]
    if part.table.person_key is not None:
        joins.append(f'JOIN people AS p ON p.person_id = t."{part.table.person_key}" AND p.kept')
    through = part.table.person_through
    for column, points_at in references(part, policy).items():
        if column == part.table.person_key:
            continue
        # A row about nobody leaves only when something points at it, a row of another's row only with that
        # row.
        own = part.table.person_key is None and column in (own_key(part), through[0] if through else None)
        kind = "JOIN" if own else "LEFT JOIN"
        joins.append(f'{kind} key_{points_at} AS "k_{column}" ON "k_{column}".id = t."{column}"')
    return " ".join(joins)


def _count(con: duckdb.DuckDBPyConnection, part: RawTable) -> int:
    # Fetched to the end: the engine refuses new work while a result is unfinished.
    ((rows,),) = con.execute(f"SELECT count(*) FROM {part.view}").fetchall()
    return int(rows)


def _unresolved(con: duckdb.DuckDBPyConnection, part: RawTable, policy: Policy) -> dict[str, int]:
    """Count, for each key column that is not the table's own, the references whose row stays behind."""
    others = [c for c in references(part, policy) if c not in (part.table.person_key, own_key(part))]
    if not others:
        return {}
    counts = ", ".join(f'count(t."{c}") - count("k_{c}".pseudonym)' for c in others)
    (found,) = con.execute(f"SELECT {counts} FROM {_joined(part, policy)}").fetchall()
    return dict(zip(others, (int(count) for count in found), strict=True))
