"""Extreme values: what lies beyond the bounds that a policy declares for a concept and unit leaves as the bound."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

import duckdb
import pyarrow as pa

from cdm.schema import Column
from deid.inputs import RawTable
from deid.policy import Policy

_TYPES = {"concept": pa.int64(), "unit": pa.int64(), "low": pa.float64(), "high": pa.float64()}


@dataclass(frozen=True)
class Clipped:
    """One column of numbers with bounds. values: how many of the people who stay were beyond them."""

    table: str
    column: str
    values: int

    def to_json(self) -> dict[str, object]:
        """Give it as plain JSON. An exact count, for inside the hospital."""
        return asdict(self)


def make_bounds(con: duckdb.DuckDBPyConnection, raw: Mapping[str, RawTable], policy: Policy) -> list[Clipped]:
    """Make `bounds_<table>_<column>` (concept, unit, low, high) of every column with bounds; count what they clip.

    Table `people` stands already.
    """
    found = []
    for part, column in _columns(raw, policy):
        given = policy.bounded(part.name, column.name)
        rows = {name: pa.array([getattr(one, name) for one in given], kind) for name, kind in _TYPES.items()}
        con.register("given_bounds", pa.table(rows))
        con.execute(f"CREATE TABLE bounds_{part.name}_{column.name} AS SELECT * FROM given_bounds")
        con.unregister("given_bounds")
        source = f't."{column.name}"'
        ((values,),) = con.execute(
            f"SELECT count(*) FILTER (WHERE {clipped(part, column)} <> {source}) FROM {part.view} AS t "
            f'JOIN people AS p ON p.person_id = t."{part.table.person_key}" AND p.kept'
        ).fetchall()
        found.append(Clipped(part.name, column.name, int(values)))
    return found


def clipped(part: RawTable, column: Column) -> str:
    """Give the SQL of a number within the bounds of its row's concept and unit, in the type of the file."""
    source = f't."{column.name}"'
    unit = 't."unit_concept_id"' if "unit_concept_id" in part.types else "CAST(NULL AS BIGINT)"
    mine = (
        f'FROM bounds_{part.name}_{column.name} AS b WHERE b.concept = t."{part.table.main_concept}" '
        f"AND (b.unit IS NULL OR b.unit = {unit})"
    )
    low, high = f"(SELECT max(b.low) {mine})", f"(SELECT min(b.high) {mine})"
    # least and greatest pass over NULL, which here is a missing value or bound.
    return (
        f"CASE WHEN {source} IS NOT NULL THEN CAST(least(greatest({source}, {low}), {high}) "
        f"AS {part.types[column.name]}) END"
    )


def _columns(raw: Mapping[str, RawTable], policy: Policy) -> Iterator[tuple[RawTable, Column]]:
    for part in raw.values():
        for column in part.columns:
            if policy.released(part.name) and policy.bounded(part.name, column.name):
                yield part, column
