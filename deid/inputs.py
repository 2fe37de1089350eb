"""What de-identification is given: the extracted rows and the draw, opened and checked first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from cdm.errors import BadInput
from cdm.schema import Column, Family, Table, tables
from cdm.source import CdmVersion

DRAW = {"person_id": "integer", "role": "text", "index_date": "date", "set_id": "integer", "weight": "number"}

_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")
_TYPES: Mapping[Family, tuple[str, ...]] = {
    "integer": _INTEGERS,
    "number": ("FLOAT", "DOUBLE", "DECIMAL", *_INTEGERS),
    "date": ("DATE",),
    "datetime": ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"),
    "text": ("VARCHAR",),
}


@dataclass(frozen=True)
class RawTable:
    """One extracted table, view `raw_<name>` of the engine. types: column -> DuckDB type, as in the file."""

    table: Table
    types: Mapping[str, str]

    @property
    def name(self) -> str:
        """Give the CDM table's name."""
        return self.table.name

    @property
    def view(self) -> str:
        """Give the view's name in the engine."""
        return f"raw_{self.table.name}"

    @property
    def columns(self) -> tuple[Column, ...]:
        """List the columns that the file has, in CDM order."""
        return tuple(column for column in self.table.columns if column.name in self.types)


def open_raw(con: duckdb.DuckDBPyConnection, raw: Path, version: CdmVersion) -> dict[str, RawTable]:
    """Open raw/<table>.parquet as views `raw_<table>`, in CDM order.

    Raises BadInput for a file that is no CDM table, a column that the CDM has not, a type of another
    family, and a clinical table without its person key.
    """
    known = tables(version)
    files = {path.stem: path for path in sorted(raw.glob("*.parquet"))}
    if not files:
        raise BadInput(f"{raw}: no extracted table; extract the drawn people's rows first")
    for name in files:
        if name not in known:
            raise BadInput(f"{name}.parquet is no table of CDM {version}, so no rule covers it; remove the file")
    found = {}
    for name, table in known.items():
        if name in files:
            types = _open(con, files[name], f"raw_{name}")
            _check(table, types, version)
            found[name] = RawTable(table, types)
    return found


def _open(con: duckdb.DuckDBPyConnection, path: Path, view: str) -> dict[str, str]:
    """Show a Parquet file as a view; give its columns' DuckDB types."""
    try:
        rows = con.read_parquet(str(path))
    except duckdb.Error:  # its text may quote the file
        raise BadInput(f"{path.name} cannot be read as Parquet; make it again by the stage before") from None
    rows.create_view(view)
    return {column: str(found) for column, found in zip(rows.columns, rows.types, strict=True)}


def _check(table: Table, types: Mapping[str, str], version: CdmVersion) -> None:
    for column, found in types.items():
        if column not in table.names:
            raise BadInput(f"{table.name}.{column} is no column of CDM {version}, so no rule covers it; leave it out")
        family = table.column(column).family
        if not is_of(found, family):
            raise BadInput(f"{table.name}.{column} has type {found}; CDM {version} wants {family}; cast it")
    if table.person_key is not None and table.person_key not in types:
        raise BadInput(f"{table.name} lacks {table.person_key}, without which nothing tells whose rows they are")


def is_of(duckdb_type: str, family: Family) -> bool:
    """Tell whether a DuckDB type belongs to a family of CDM types."""
    return duckdb_type.split("(", 1)[0] in _TYPES[family]


def open_draw(con: duckdb.DuckDBPyConnection, draw: Path) -> None:
    """Make table `draw` (person_id, role, index_date, set_id, weight). Raises BadInput for anything else."""
    if not draw.is_file():
        raise BadInput(f"{draw}: no such draw; draw cases and controls first")
    types = _open(con, draw, "given_draw")
    for column, family in DRAW.items():
        if column not in types or not is_of(types[column], family):  # type: ignore[arg-type]  # families by construction
            raise BadInput(f"draw {draw.name}: column {column} ({family}) is missing; expected {', '.join(DRAW)}")
    con.execute(
        "CREATE TABLE draw AS SELECT CAST(person_id AS BIGINT) AS person_id, role, index_date, "
        "CAST(set_id AS BIGINT) AS set_id, CAST(weight AS DOUBLE) AS weight FROM given_draw"
    )
    columns = "count(*), count(person_id), count(index_date), count(role)"
    (counted,) = con.execute(f"SELECT {columns} FROM draw").fetchall()
    if counted[0] == 0:
        raise BadInput(f"draw {draw.name}: nobody was drawn; loosen the cohorts or the matching")
    if len(set(counted)) > 1:
        raise BadInput(f"draw {draw.name}: a row lacks person_id, role or index_date; every drawn person needs them")
