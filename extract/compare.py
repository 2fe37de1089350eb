"""What is different between two versions of a release: exact counts, which stay inside until disclosure control passed them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from cdm import schema
from cdm.engine import Limits, connect
from cdm.errors import BadInput
from cdm.source import CdmVersion
from extract.delta import read
from extract.relations import main_concept
from extract.sql import figures, quote, without_values
from extract.tables import COHORT

PERSON = "person_id"


@dataclass(frozen=True)
class TableChange:
    """One table. rows: before and after. added, removed: whole rows, as multisets. people: whose rows those are.

    columns_added, columns_removed, columns_retyped: names. nulls: column -> share before and after, where they differ.
    """

    rows: tuple[int, int]
    added: int
    removed: int
    people: int
    columns_added: tuple[str, ...] = ()
    columns_removed: tuple[str, ...] = ()
    columns_retyped: tuple[str, ...] = ()
    nulls: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class CodeChange:
    """A concept of a table's main column. people: who carry it before and after. mean, sd: of values before and after."""

    table: str
    concept_id: int
    people: tuple[int, int]
    mean: tuple[float | None, float | None] = (None, None)
    sd: float | None = None


@dataclass(frozen=True)
class Difference:
    """before, after: people by role. came, left: who is in the later or the earlier version alone, by role.

    tables: of both versions. codes: those whose people or values moved.
    """

    before: Mapping[str, int]
    after: Mapping[str, int]
    came: Mapping[str, frozenset[int]]
    left: Mapping[str, frozenset[int]]
    tables: Mapping[str, TableChange]
    tables_added: tuple[str, ...]
    tables_removed: tuple[str, ...]
    codes: tuple[CodeChange, ...]


def compare(before: Path, after: Path, version: CdmVersion, limits: Limits | None = None) -> Difference:
    """Compare two folders of one grant's releases (its pseudonyms are the same in both), laid out whole or as base and delta.

    Raises BadInput where one of them has no cohort.
    """
    old, new = _tables(before), _tables(after)
    for folder, found in ((before, old), (after, new)):
        if COHORT not in found:
            raise BadInput(f"{folder}: has no tables/cohort.parquet; name the folder of a release")
    with connect(limits) as con, without_values("comparing the versions"):
        for side, folder, names in (("old", before, old), ("new", after, new)):
            for name in names:
                con.execute(f"CREATE TEMP VIEW {quote(f'{side} {name}')} AS {read(folder, name)}")
        both = sorted((old & new) - {COHORT})
        return Difference(
            before=_roles(con, "old"),
            after=_roles(con, "new"),
            came=_people(con, "new", "old"),
            left=_people(con, "old", "new"),
            tables={name: _table(con, name) for name in both},
            tables_added=tuple(sorted(new - old)),
            tables_removed=tuple(sorted(old - new)),
            codes=tuple(code for name in both for code in _codes(con, name, version)),
        )


def _tables(folder: Path) -> set[str]:
    return {path.stem for part in ("tables", "base") for path in (folder / part).glob("*.parquet")}


def _roles(con: duckdb.DuckDBPyConnection, side: str) -> dict[str, int]:
    query = f"SELECT role, count(DISTINCT subject_id) FROM {quote(f'{side} cohort')} GROUP BY role ORDER BY role"
    return {str(role): int(count) for role, count in con.execute(query).fetchall()}


def _people(con: duckdb.DuckDBPyConnection, side: str, other: str) -> dict[str, frozenset[int]]:
    """Give the people of one side who are not on the other in any role, by role."""
    gone = f"WHERE subject_id NOT IN (SELECT subject_id FROM {quote(f'{other} cohort')})"
    query = f"SELECT role, list(DISTINCT subject_id) FROM {quote(f'{side} cohort')} {gone} GROUP BY role ORDER BY role"
    return {str(role): frozenset(map(int, people)) for role, people in con.execute(query).fetchall()}


def _table(con: duckdb.DuckDBPyConnection, name: str) -> TableChange:
    old, new = _columns(con, f"old {name}"), _columns(con, f"new {name}")
    both = [column for column in new if old.get(column) == new[column]]
    listed = ", ".join(quote(column) for column in both)
    rows = figures(
        con, f"SELECT (SELECT count(*) FROM {quote(f'old {name}')}), (SELECT count(*) FROM {quote(f'new {name}')})"
    )
    sides = {
        "added": f"SELECT {listed} FROM {quote(f'new {name}')} EXCEPT ALL SELECT {listed} FROM {quote(f'old {name}')}",
        "removed": f"SELECT {listed} FROM {quote(f'old {name}')} EXCEPT ALL SELECT {listed} FROM {quote(f'new {name}')}",
    }
    for side, query in sides.items():
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE {side} AS {query}"
            if both
            else f"CREATE OR REPLACE TEMP TABLE {side} (n INT)"
        )
    added, removed = figures(con, "SELECT (SELECT count(*) FROM added), (SELECT count(*) FROM removed)")
    people = 0
    if PERSON in both:
        (people,) = figures(
            con,
            f"SELECT count(*) FROM (SELECT {PERSON} FROM added UNION SELECT {PERSON} FROM removed) WHERE {PERSON} IS NOT NULL",
        )
    return TableChange(
        rows=(int(rows[0]), int(rows[1])),
        added=added,
        removed=removed,
        people=people,
        columns_added=tuple(sorted(set(new) - set(old))),
        columns_removed=tuple(sorted(set(old) - set(new))),
        columns_retyped=tuple(sorted(c for c in set(old) & set(new) if old[c] != new[c])),
        nulls=_nulls(con, name, both),
    )


def _columns(con: duckdb.DuckDBPyConnection, view: str) -> dict[str, str]:
    found = con.sql(f"SELECT * FROM {quote(view)} LIMIT 0")
    return dict(zip(found.columns, map(str, found.types), strict=True))


def _nulls(con: duckdb.DuckDBPyConnection, name: str, columns: list[str]) -> dict[str, tuple[float, float]]:
    if not columns:
        return {}
    shares = ", ".join(f"coalesce(round(avg(({quote(c)} IS NULL)::INT), 3), 0)" for c in columns)
    old, new = (figures(con, f"SELECT {shares} FROM {quote(f'{side} {name}')}") for side in ("old", "new"))
    return {c: (float(a), float(b)) for c, a, b in zip(columns, old, new, strict=True) if a != b}


def _codes(con: duckdb.DuckDBPyConnection, name: str, version: CdmVersion) -> list[CodeChange]:
    """Give the concepts whose people or whose mean value differ between the versions, by concept."""
    table = schema.tables(version).get(name)
    main = main_concept(table) if table else None
    columns = _columns(con, f"new {name}").keys() & _columns(con, f"old {name}").keys()
    if main is None or not {main, PERSON} <= columns:
        return []
    value = "CAST(value_as_number AS DOUBLE)" if "value_as_number" in columns else "CAST(NULL AS DOUBLE)"
    told = f"CAST({quote(main)} AS BIGINT) AS c, count(DISTINCT {PERSON}) AS n, avg({value}) AS m, stddev_samp({value}) AS s"
    query = (
        f"SELECT c, coalesce(o.n, 0), coalesce(w.n, 0), o.m, w.m, o.s "
        f"FROM (SELECT {told} FROM {quote(f'old {name}')} GROUP BY c) AS o "
        f"FULL JOIN (SELECT {told} FROM {quote(f'new {name}')} GROUP BY c) AS w USING (c) "
        "WHERE c IS NOT NULL AND (o.n IS DISTINCT FROM w.n OR o.m IS DISTINCT FROM w.m) ORDER BY c"
    )
    return [
        CodeChange(name, int(c), (int(a), int(b)), (old, new), sd)
        for c, a, b, old, new, sd in con.execute(query).fetchall()
    ]
