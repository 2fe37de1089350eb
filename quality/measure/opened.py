"""The files of a run as views of one DuckDB engine: `raw.<table>`, `deid.<table>`, and who is who."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from cdm.engine import Limits, connect
from cdm.errors import BadInput
from cdm.schema import Family, Table, tables
from quality.inputs import GateInputs
from quality.measure.engine import literal, quote, row, rows, run
from quality.measure.known import Filled, read_filled
from quality.measure.policy_record import PolicyRecord, read_policy_record

RECORDS = frozenset({"cohort.parquet", "columns.json", "risk.json"})

_INTEGERS = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
)
_FAMILIES: Mapping[Family, tuple[str, ...]] = {
    "integer": _INTEGERS,
    "number": ("FLOAT", "DOUBLE", "DECIMAL", *_INTEGERS),
    "date": ("DATE",),
    "datetime": ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"),
    "text": ("VARCHAR",),
}
_COHORT = {
    "subject_id": "BIGINT",
    "site_id": "VARCHAR",
    "set_id": "BIGINT",
    "role": "VARCHAR",
    "index_date": "DATE",
    "weight": "DOUBLE",
}
_DRAW = {
    "person_id": "BIGINT",
    "role": "VARCHAR",
    "index_date": "DATE",
    "set_id": "BIGINT",
    "weight": "DOUBLE",
}
_CROSSWALK = {"person_id": "BIGINT", "subject_id": "BIGINT", "offset_days": "INTEGER", "kept": "BOOLEAN"}


@dataclass(frozen=True)
class TableView:
    """One CDM table on both sides. raw, deid: column -> DuckDB type as found; empty when there is no file.

    raw_filled, filled: what the files tell of how far the columns are of the extracted rows of those who stayed, and of the
        released rows; nothing where they do not tell just that.
    """

    table: Table
    raw: Mapping[str, str]
    deid: Mapping[str, str]
    actions: Mapping[str, str]
    raw_filled: Filled
    filled: Filled

    @property
    def name(self) -> str:
        """The table's name."""
        return self.table.name

    @property
    def sound(self) -> tuple[str, ...]:
        """The released CDM columns that have their CDM type, in CDM order: what further checks may look at."""
        return tuple(c.name for c in self.table.columns if c.name in self.deid and fits(self.deid[c.name], c.family))

    @property
    def shared(self) -> tuple[str, ...]:
        """The sound columns that the extracted table has as well, in its CDM type."""
        return tuple(
            name for name in self.sound if name in self.raw and fits(self.raw[name], self.table.column(name).family)
        )

    @property
    def person(self) -> str | None:
        """The person key, where both sides have it."""
        key = self.table.person_key
        return key if key in self.shared else None

    @property
    def stayed(self) -> str:
        """SQL that leaves of the extracted rows `t` those of people who stayed; nothing where all did, as `raw_filled` tells."""
        return (
            ""
            if self.raw_filled.rows is not None
            else f"SEMI JOIN raw_people ON raw_people.person_id = t.{self.person}"
        )

    def acted(self, *actions: str) -> tuple[str, ...]:
        """Name the shared columns to which the policy did one of these."""
        return tuple(name for name in self.shared if self.actions.get(name) in actions)


@dataclass(frozen=True)
class Opened:
    """The engine with the views, and what the checks share.

    In the engine: draw, crosswalk, cohort; raw_people (person_id, subject_id, offset_days, year_of_birth, death_date) of
    everybody who stayed; deid_people (person_id, first_index, last_index, year_of_birth, death_date) of the release.
    """

    con: duckdb.DuckDBPyConnection
    inputs: GateInputs
    policy: PolicyRecord
    views: Mapping[str, TableView]
    people: int

    @property
    def released(self) -> tuple[TableView, ...]:
        """The CDM tables of the release, in CDM order."""
        return tuple(view for view in self.views.values() if view.deid)


def fits(found: str, family: Family) -> bool:
    """Whether a DuckDB type is of the CDM column's family."""
    return found.split("(", 1)[0] in _FAMILIES[family]


def open_run(inputs: GateInputs, limits: Limits | None = None) -> Opened:
    """Open the files of a run. Raises BadInput when one of them is missing or not what the earlier stages write."""
    for folder, what in ((inputs.raw, "extracted tables"), (inputs.deid, "released tables")):
        if not folder.is_dir():
            raise BadInput(f"{folder}: no folder of {what}; run the earlier stages first.")
    con = connect(limits)
    try:
        run(
            con,
            "CREATE SCHEMA raw; CREATE SCHEMA deid; CREATE SCHEMA raw_apart; CREATE SCHEMA deid_apart",
            "the engine",
        )
        _record(con, "draw", inputs.draw, _DRAW)
        _record(con, "crosswalk", inputs.crosswalk, _CROSSWALK)
        cohort = inputs.deid / "cohort.parquet"
        _record(con, "cohort", cohort if cohort.is_file() else None, _COHORT)
        policy = read_policy_record(inputs.deid / "columns.json")
        views = _views(con, inputs, policy)
        _people(con, views)
        people = row(con, "SELECT count(*) FROM deid_people", "the cohort")[0]
    except BaseException:
        con.close()
        raise
    return Opened(con, inputs, policy, views, people)


def _record(con: duckdb.DuckDBPyConnection, name: str, path: Path | None, columns: Mapping[str, str]) -> None:
    """Load a small file; an absent one is an empty table, where absence is itself a finding."""
    if path is None:
        run(con, f"CREATE TABLE {name} ({', '.join(f'{c} {t}' for c, t in columns.items())})", name)
        return
    if not path.is_file():
        raise BadInput(f"{path}: no such file; the quality gate needs it: run the earlier stages first.")
    found = _columns(con, path)
    missing = [column for column in columns if column not in found]
    if missing:
        raise BadInput(f"{path}: has no column {', '.join(missing)}; expected {', '.join(columns)}.")
    cast = ", ".join(f"CAST({column} AS {kind}) AS {column}" for column, kind in columns.items())
    run(con, f"CREATE TABLE {name} AS SELECT {cast} FROM read_parquet({literal(path)})", str(path))


def _columns(con: duckdb.DuckDBPyConnection, path: Path) -> dict[str, str]:
    found = rows(con, f"DESCRIBE SELECT * FROM read_parquet({literal(path)})", str(path))
    return {str(entry[0]): str(entry[1]) for entry in found}


def _views(con: duckdb.DuckDBPyConnection, inputs: GateInputs, policy: PolicyRecord) -> dict[str, TableView]:
    views = {}
    for name, table in tables(inputs.cdm_version).items():
        sides, told = {}, {"raw": Filled(), "deid": Filled()}
        for side, folder in (("raw", inputs.raw), ("deid", inputs.deid)):
            path = folder / f"{name}.parquet"
            sides[side] = _columns(con, path) if path.is_file() else {}
            if sides[side]:
                told[side] = read_filled(con, path)
                run(
                    con,
                    f"CREATE VIEW {side}.{quote(name)} AS SELECT * FROM read_parquet({literal(path)})",
                    str(path),
                )
        if sides["raw"] or sides["deid"]:
            views[name] = TableView(table, sides["raw"], sides["deid"], policy.of(name), told["raw"], told["deid"])
    return views


def _people(con: duckdb.DuckDBPyConnection, views: Mapping[str, TableView]) -> None:
    run(
        con,
        "CREATE TABLE raw_people AS SELECT c.person_id, min(c.subject_id) AS subject_id, "
        "min(c.offset_days) AS offset_days, "
        "min(b.year_of_birth) AS year_of_birth, min(x.death_date) AS death_date "
        f"FROM crosswalk c LEFT JOIN {_birth(views, 'raw')} b USING (person_id) "
        f"LEFT JOIN {_death(views, 'raw')} x USING (person_id) WHERE c.kept GROUP BY c.person_id",
        "the extracted people",
    )
    run(
        con,
        "CREATE TABLE deid_people AS SELECT c.subject_id AS person_id, min(c.index_date) AS first_index, max(c.index_date) AS last_index, "
        "min(b.year_of_birth) AS year_of_birth, min(x.death_date) AS death_date "
        f"FROM cohort c LEFT JOIN {_birth(views, 'deid')} b ON b.person_id = c.subject_id "
        f"LEFT JOIN {_death(views, 'deid')} x ON x.person_id = c.subject_id "
        "WHERE c.subject_id IS NOT NULL GROUP BY c.subject_id",
        "the released people",
    )


def _birth(views: Mapping[str, TableView], side: str) -> str:
    return _dimension(views, side, "person", "year_of_birth", "BIGINT")


def _death(views: Mapping[str, TableView], side: str) -> str:
    return _dimension(views, side, "death", "death_date", "DATE")


def _dimension(views: Mapping[str, TableView], side: str, table: str, column: str, kind: str) -> str:
    view = views.get(table)
    found = {} if view is None else (view.raw if side == "raw" else view.deid)
    if {"person_id", column} - set(found) or not fits(found[column], "date" if kind == "DATE" else "integer"):
        return f"(SELECT NULL::BIGINT AS person_id, NULL::{kind} AS {column})"
    return f"(SELECT person_id, min({column}) AS {column} FROM {side}.{table} GROUP BY person_id)"
