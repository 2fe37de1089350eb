"""How a found column is shown: as it is when its family is right, else cast to the CDM's type.

A value that cannot be cast is counted before anything is shown, and refused: a failing cast inside a view would raise
an error that quotes the cell, and TRY_CAST alone would lose it silently.
"""

from __future__ import annotations

import re

import duckdb

from cdm.errors import UnfitValues
from cdm.schema import Column, Family
from cdm.sources.found import FoundColumn, Wanted, quoted

_FAMILIES: tuple[tuple[str, Family], ...] = (
    (r"U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER", "integer"),
    (r"FLOAT|DOUBLE|DECIMAL\(.*\)", "number"),
    (r"DATE", "date"),
    (r"TIMESTAMP(_S|_MS|_NS)?", "datetime"),
    (r"VARCHAR", "text"),
)
# What a cast between families cannot get wrong; every other pair goes through text and is checked.
_SAFE: frozenset[tuple[str, Family]] = frozenset(
    {
        ("integer", "number"),
        ("date", "datetime"),
        ("datetime", "date"),
        ("boolean", "integer"),
        ("boolean", "number"),
    }
)
_WORDS = {"integer": "a whole number", "number": "a number", "date": "a date", "datetime": "a date with time"}


def family_of(duckdb_type: str) -> str:
    """Tell the family of a DuckDB type: one of the CDM's, 'boolean', 'instant' (with time zone), or 'other'."""
    for pattern, family in _FAMILIES:
        if re.fullmatch(pattern, duckdb_type):
            return family
    return {"BOOLEAN": "boolean", "TIMESTAMP WITH TIME ZONE": "instant"}.get(duckdb_type, "other")


def shown_type(column: Column, found: FoundColumn | None) -> str:
    """Tell the DuckDB type that a column is shown in."""
    keeps = found is not None and family_of(found.type) == column.family
    return found.type if found is not None and keeps else column.duckdb_type


def shown(column: Column, found: FoundColumn | None) -> str:
    """Build the SELECT item that shows a column under its CDM name; NULL when the database lacks it."""
    return f"{value(column, found)} AS {quoted(column.name)}"


def value(column: Column, found: FoundColumn | None) -> str:
    """Build the expression of a column's value in the family that the CDM wants."""
    if found is None:
        return f"CAST(NULL AS {column.duckdb_type})"
    given, family = _zoneless(found)
    return given if family == column.family else _cast(given, family, column)


def _zoneless(found: FoundColumn) -> tuple[str, str]:
    """Read an instant as UTC: a file does not say in which zone the hospital lives, nor may our own zone matter."""
    family = family_of(found.type)
    return (f"timezone('UTC', {found.sql})", "datetime") if family == "instant" else (found.sql, family)


def _cast(given: str, family: str, column: Column) -> str:
    if column.family == "text" or (family, column.family) in _SAFE:
        return f"CAST({given} AS {column.duckdb_type})"
    if (family, column.family) == ("number", "integer"):
        return f"TRY_CAST({given} AS {column.duckdb_type})"
    return f"TRY_CAST({_text(given)} AS {column.duckdb_type})"


def _text(given: str) -> str:
    """Read as text, a blank as nothing: files that were CSV once write NULL so."""
    return f"nullif(trim(CAST({given} AS VARCHAR)), '')"


def refused(column: Column, found: FoundColumn | None) -> str | None:
    """Build the predicate that is true where a value is not what its column has to hold; None when none can be."""
    if found is None:
        return None
    given, family = _zoneless(found)
    if column.family in (family, "text") or (family, column.family) in _SAFE:
        return None
    cast = _cast(given, family, column)
    there = f"{given if family == 'number' else _text(given)} IS NOT NULL"
    if column.family == "integer":
        return f"{there} AND ({cast} IS NULL OR TRY_CAST({given} AS DOUBLE) <> CAST({cast} AS DOUBLE))"
    return f"{there} AND {cast} IS NULL"


def check_values(con: duckdb.DuckDBPyConnection, asked: Wanted, rows: str, where: str) -> None:
    """Refuse when `rows` (a FROM clause) holds values that the columns asked cannot hold (UnfitValues); says how many, never which."""
    tests = {column: refused(column, asked.found.columns.get(column.name)) for column in asked.columns}
    doubtful = {column: test for column, test in tests.items() if test}
    if not doubtful:
        return
    counts = ", ".join(f"count(*) FILTER ({test})" for test in doubtful.values())
    # All rows fetched: a result left open holds what it reads from, and a registered table could not be let go.
    ((*found,),) = con.execute(f"SELECT {counts} FROM {rows}").fetchall()
    for column, count in zip(doubtful, found, strict=True):
        if count:
            raise UnfitValues(
                f"{asked.table.name}.{column.name} of {where} holds at least {count} values that are not "
                f"{_WORDS[column.family]}, which the CDM wants there; correct them in the database",
                asked.table.name,
                column.name,
                count,
            )
