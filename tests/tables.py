"""Small tables in, small tables out: text tables as DuckDB relations, and tiny CDMs made of them.

    people = '''
    person_id | gender_concept_id | year_of_birth
            1 |              8507 |          1950
            2 |              8532 |          -
    '''
A `-` is NULL. A column's type comes from its CDM name: dates, datetimes, numbers and texts as the CDM has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa

TEXT_ENDINGS = (
    "_source_value",
    "_name",
    "_code",
    "_text",
    "_title",
    "_reason",
    "_as_string",
    "_version",
    "vocabulary_id",
    "domain_id",
    "concept_class_id",
    "standard_concept",
    "relationship_id",
    "role",
    "sig",
    "county",
    "state",
    "city",
    "zip",
    "_abbreviation",
    "_holder",
    "_description",
    "_reference",
    "_etl_reference",
    "lot_number",
)
NUMBER_ENDINGS = ("_as_number", "quantity", "range_low", "range_high", "weight", "amount_value", "dose_value")


def column_type(name: str) -> str:
    """DuckDB type of a column by the CDM's naming rules."""
    if name.endswith("_datetime"):
        return "TIMESTAMP"
    if name.endswith("_date"):
        return "DATE"
    if name.endswith(NUMBER_ENDINGS):
        return "DOUBLE"
    if name.endswith(TEXT_ENDINGS):
        return "VARCHAR"
    return "BIGINT"


@cache
def engine() -> duckdb.DuckDBPyConnection:
    """One engine for all small tables, for cursors of it: opening one takes longer than making a hundred of them."""
    return duckdb.connect(config={"threads": 1})


@cache
def table(text: str) -> pa.Table:
    """An Arrow table from a small text table; the same text gives the same table, made once."""
    head, *rows = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines() if line.strip()]
    columns = {name: [None if row[i] == "-" else row[i] for row in rows] for i, name in enumerate(head)}
    with engine().cursor() as con:
        con.register("given", pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()}))
        casts = ", ".join(f'CAST("{name}" AS {column_type(name)}) AS "{name}"' for name in head)
        return con.sql(f"SELECT {casts} FROM given").to_arrow_table()


def rows(relation: duckdb.DuckDBPyRelation | pa.Table) -> list[tuple[object, ...]]:
    """The rows as tuples, for comparison."""
    if isinstance(relation, pa.Table):
        return [tuple(row.values()) for row in relation.to_pylist()]
    return relation.fetchall()


def write_duckdb(path: Path, tables: Mapping[str, str | pa.Table], schema: str = "cdm") -> Path:
    """A DuckDB file holding the given tables in one schema."""
    with engine().cursor() as con:
        con.execute(f"ATTACH '{path}' AS file")
        try:
            con.execute(f'BEGIN; CREATE SCHEMA IF NOT EXISTS file."{schema}"')
            for name, content in tables.items():
                con.register("given", table(content) if isinstance(content, str) else content)
                con.execute(f'CREATE TABLE file."{schema}"."{name}" AS SELECT * FROM given')
                con.unregister("given")
            con.execute("COMMIT")
        except duckdb.Error:
            con.execute("ROLLBACK")
            raise
        finally:
            con.execute("DETACH file")
    return path


def write_parquet(folder: Path, tables: Mapping[str, str | pa.Table]) -> Path:
    """A folder of one Parquet file per table."""
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    for name, content in tables.items():
        pq.write_table(table(content) if isinstance(content, str) else content, folder / f"{name}.parquet")
    return folder
