"""Cohorts of any number of definitions in one pass over a hospital's CDM, on DuckDB.

The rows are those that circe-be 1.12 finds: same people, same dates. Where circe-be leaves the choice among equals to
the database, it is fixed here:
  - first or last of a person's events with equal dates: the smaller source event id, then the earlier end, observation
    period start and end, position of the criterion, visit id. So for the primary, qualified and expression limit.
  - First of a criterion: the smaller event id among equal start dates (as circe-be), also for observation and payer
    plan periods, where circe-be has no second key.
  - eras: intervals are taken in order of start, then end.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow as pa

from cdm.engine import Limits, connect
from cdm.errors import BadInput
from cdm.source import Need, Source
from cohorts import counts, needs
from cohorts.attrition import Attrition
from cohorts.execution.run import carry_out
from cohorts.execution.session import Progress, Session
from cohorts.expression import Expression
from cohorts.plan.build import build
from cohorts.plan.nodes import Plan


def need(definitions: Mapping[str, Expression]) -> Need:
    """The tables and columns that these definitions read. Raises `BadInput` for what no CDM can answer."""
    return needs.need(build(definitions))


def generate(
    source: Source,
    definitions: Mapping[str, Expression],
    out: Path,
    *,
    key: str = "cohort_definition_id",
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> dict[str, Attrition]:
    """Write the cohorts of all definitions to one Parquet file; return each one's attrition.

    Columns: `key` (BIGINT if every name is an integer, else VARCHAR: the definition's name), subject_id BIGINT,
    cohort_start_date DATE, cohort_end_date DATE; sorted by all four. progress: called with what is being done and
    the fraction done. Raises `BadInput` for what cannot be answered, naming definition and table.
    """
    plan = build(definitions)
    needed = needs.need(plan)
    needs.refuse_missing(plan, source.tables(), needed.columns)
    report = progress or _silent
    with connect(limits) as con:
        con.execute("SET preserve_insertion_order = false")
        source.attach(con, needed)
        try:
            attrition = generate_in(con, plan, out, key=key, progress=report)
        except duckdb.Error as error:
            raise _mendable(error, source.url, out) from None
    report("done", 1.0)
    return attrition


def generate_in(
    con: duckdb.DuckDBPyConnection,
    plan: Plan,
    out: Path,
    *,
    key: str = "cohort_definition_id",
    progress: Progress | None = None,
) -> dict[str, Attrition]:
    """`generate` in an open engine whose schema `cdm` shows what the plan needs; leaves its temporary tables there."""
    carry_out(Session(con, plan), progress or _silent)
    _write(con, [definition.name for definition in plan.definitions], out, key)
    return counts.attrition(con, plan)


def _mendable(error: duckdb.Error, url: str, out: Path) -> BadInput:
    """Say what a person can do; DuckDB's own text may quote a value of a patient's row."""
    if isinstance(error, duckdb.OutOfMemoryException):
        return BadInput(
            "the cohorts need more memory than allowed; allow more, or give a folder to spill to on a larger disk"
        )
    if isinstance(error, duckdb.IOException):
        return BadInput(f"{url} cannot be read to its end, or {out} not be written; check both disks, then run again")
    return BadInput(f"the cohorts cannot be computed on {url} ({type(error).__name__}); check the types of its tables")


def _silent(what: str, fraction: float) -> None:
    del what, fraction


def _whole(name: str) -> bool:
    return name.isascii() and name.removeprefix("-").isdigit() and str(int(name)) == name


def _write(con: duckdb.DuckDBPyConnection, names: list[str], out: Path, key: str) -> None:
    whole = all(_whole(name) for name in names)
    labels = pa.array([int(name) for name in names], pa.int64()) if whole else pa.array(names, pa.string())
    con.register("label", pa.table({"owner": pa.array(range(len(names)), pa.int32()), "label": labels}))
    quoted = '"' + key.replace('"', '""') + '"'
    con.execute(
        f"""COPY (SELECT l.label AS {quoted}, CAST(c.person_id AS BIGINT) AS subject_id,
            CAST(c.start_date AS DATE) AS cohort_start_date, CAST(c.end_date AS DATE) AS cohort_end_date
        FROM cohort_row c JOIN label l ON l.owner = c.owner ORDER BY ALL) TO $out (FORMAT parquet)""",
        {"out": str(out)},
    )
    con.unregister("label")
