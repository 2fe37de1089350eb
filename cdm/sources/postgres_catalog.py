"""Which CDM tables a PostgreSQL schema holds, and how each column is read as one of a few Arrow types."""

from __future__ import annotations

from typing import Any

import psycopg

from cdm.errors import BadInput, SourceUnavailable
from cdm.schema import VERSIONS, tables
from cdm.sources.found import Catalog, FoundColumn, FoundTable, by_lower_name, cdm_tables, quoted

_SCHEMAS = """
SELECT nspname, has_schema_privilege(oid, 'USAGE') FROM pg_catalog.pg_namespace
WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema' ORDER BY nspname
"""
# A domain is read as its base type. Tables, partitioned and foreign ones, views and materialised views.
_COLUMNS = """
SELECT c.relname, a.attname, coalesce(b.typname, t.typname), has_column_privilege(c.oid, a.attnum, 'SELECT')
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype AND t.typtype = 'd'
WHERE n.nspname = %s AND lower(c.relname) = ANY(%s) AND c.relkind IN ('r', 'p', 'f', 'v', 'm')
ORDER BY c.relname, a.attnum
"""
_ARRIVES = {
    "int2": "SMALLINT",
    "int4": "INTEGER",
    "int8": "BIGINT",
    "float4": "FLOAT",
    "float8": "DOUBLE",
    "bool": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}
# Names of CDM columns that hold whole numbers, in any version.
_WHOLE = frozenset(
    (table.name, column.name)
    for version in VERSIONS
    for table in tables(version).values()
    for column in table.columns
    if column.family == "integer"
)


def read_catalog(con: psycopg.Connection[Any], asked: str, url: str) -> Catalog:
    """Find the CDM tables of a schema; its name is taken as it stands, else in any case.

    A column that this user may not read counts as lacking; a table of which no column may be read is refused.
    """
    usable = dict(con.execute(_SCHEMAS).fetchall())
    schema = asked if asked in usable else by_lower_name(usable).get(asked.lower())
    if schema is None:
        raise BadInput(f"{url}: the database has no schema {asked}; it has {', '.join(usable)}")
    if not usable[schema]:
        raise SourceUnavailable(f"{url}: this user may not use schema {schema}; GRANT USAGE ON SCHEMA to it")
    return _tables(con, schema, url)


def _tables(con: psycopg.Connection[Any], schema: str, url: str) -> dict[str, FoundTable]:
    columns: dict[str, dict[str, str]] = {}
    for table, column, kind, readable in con.execute(_COLUMNS, (schema, sorted(cdm_tables()))).fetchall():
        columns.setdefault(table, {}).update({column: kind} if readable else {})
    names = by_lower_name(columns)
    if hidden := sorted(name for name in names.values() if not columns[name]):
        raise SourceUnavailable(
            f"{url}: this user may not read {', '.join(hidden)} in schema {schema}; GRANT SELECT on it, or hide the "
            "table from the schema"
        )
    return {
        lower: FoundTable(
            quoted(schema, name),
            {
                low: _column(lower, low, column, columns[name][column])
                for low, column in by_lower_name(columns[name]).items()
            },
        )
        for lower, name in names.items()
    }


def _column(table: str, lower: str, name: str, kind: str) -> FoundColumn:
    """Say how a column of a PostgreSQL type is read.

    numeric has no Arrow width: a whole number comes as text, exactly, another one as float8. An instant is shown in
    the zone of the database, the one that its own clients see. Everything else comes as text.
    """
    sql = quoted(name)
    if kind in _ARRIVES:
        return FoundColumn(sql, _ARRIVES[kind])
    if kind == "numeric" and (table, lower) not in _WHOLE:
        return FoundColumn(f"{sql}::float8", "DOUBLE")
    if kind == "timestamptz":
        return FoundColumn(f"{sql}::timestamp", "TIMESTAMP")
    return FoundColumn(f"{sql}::text", "VARCHAR")
